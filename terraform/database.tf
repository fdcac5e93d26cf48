# The password exists only while Terraform runs: it goes to the cluster and to the secret through
# write-only arguments and is never part of plan or state.
ephemeral "aws_secretsmanager_random_password" "database" {
  password_length     = 40
  exclude_punctuation = true
}

locals {
  database_name = "mantisnxt"

  # Snapshots outlive the cluster and their names are unique: each generation of the cluster,
  # that is each change of an argument that replaces it, has a name of its own.
  final_snapshot_identifier = "${local.name_prefix}-final-${terraform_data.database_generation.id}"
}

resource "terraform_data" "database_generation" {
  triggers_replace = [local.name_prefix, local.database_name, var.db_master_username, aws_kms_key.main.arn]
}

resource "aws_rds_cluster" "main" {
  cluster_identifier = local.name_prefix
  engine             = "aurora-postgresql"
  engine_version     = var.db_engine_version
  database_name      = local.database_name

  master_username            = var.db_master_username
  master_password_wo         = ephemeral.aws_secretsmanager_random_password.database.random_password
  master_password_wo_version = 1

  db_subnet_group_name            = aws_db_subnet_group.main.name
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.main.name
  vpc_security_group_ids          = [aws_security_group.database.id]

  storage_encrypted = true
  kms_key_id        = aws_kms_key.main.arn

  # For people who look into the database: a token of their own role's instead of the password.
  iam_database_authentication_enabled = true

  backup_retention_period      = 7
  preferred_backup_window      = "03:00-04:00"
  preferred_maintenance_window = "sun:04:00-sun:05:00"
  copy_tags_to_snapshot        = true

  enabled_cloudwatch_logs_exports = ["postgresql"]

  deletion_protection = var.environment == "production"

  skip_final_snapshot       = local.disposable
  final_snapshot_identifier = local.disposable ? null : local.final_snapshot_identifier

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.main.arn
  performance_insights_retention_period = 7

  tags = {
    Name = "${local.name_prefix}-cluster"
  }

  lifecycle {
    # AWS raises the minor version in the maintenance window; to plan the older one again would
    # be a downgrade, which is refused.
    ignore_changes = [engine_version]
  }

  # The export creates the group by itself, without retention or key, if it comes first.
  depends_on = [aws_cloudwatch_log_group.database]
}

resource "aws_rds_cluster_instance" "primary" {
  identifier         = "${local.name_prefix}-primary"
  cluster_identifier = aws_rds_cluster.main.id
  instance_class     = var.db_instance_class
  engine             = aws_rds_cluster.main.engine
  engine_version     = aws_rds_cluster.main.engine_version

  publicly_accessible        = false
  promotion_tier             = 0
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true

  preferred_maintenance_window = aws_rds_cluster.main.preferred_maintenance_window

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.main.arn
  performance_insights_retention_period = 7

  monitoring_interval = 60
  monitoring_role_arn = aws_iam_role.rds_monitoring.arn

  tags = {
    Name = "${local.name_prefix}-primary"
  }

  lifecycle {
    ignore_changes = [engine_version]
  }
}

resource "aws_rds_cluster_instance" "replica_1" {
  identifier         = "${local.name_prefix}-replica-1"
  cluster_identifier = aws_rds_cluster.main.id
  instance_class     = var.db_replica_instance_class
  engine             = aws_rds_cluster.main.engine
  engine_version     = aws_rds_cluster.main.engine_version

  publicly_accessible        = false
  promotion_tier             = 1
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true

  preferred_maintenance_window = aws_rds_cluster.main.preferred_maintenance_window

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.main.arn
  performance_insights_retention_period = 7

  monitoring_interval = 60
  monitoring_role_arn = aws_iam_role.rds_monitoring.arn

  tags = {
    Name = "${local.name_prefix}-replica-1"
  }

  lifecycle {
    ignore_changes = [engine_version]
  }

  # The first instance of a cluster becomes its writer.
  depends_on = [aws_rds_cluster_instance.primary]
}

resource "aws_rds_cluster_instance" "replica_2" {
  identifier         = "${local.name_prefix}-replica-2"
  cluster_identifier = aws_rds_cluster.main.id
  instance_class     = var.db_replica_instance_class
  engine             = aws_rds_cluster.main.engine
  engine_version     = aws_rds_cluster.main.engine_version

  publicly_accessible        = false
  promotion_tier             = 1
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true

  preferred_maintenance_window = aws_rds_cluster.main.preferred_maintenance_window

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.main.arn
  performance_insights_retention_period = 7

  monitoring_interval = 60
  monitoring_role_arn = aws_iam_role.rds_monitoring.arn

  tags = {
    Name = "${local.name_prefix}-replica-2"
  }

  lifecycle {
    ignore_changes = [engine_version]
  }

  depends_on = [aws_rds_cluster_instance.primary]
}

resource "aws_rds_cluster_parameter_group" "main" {
  name        = local.name_prefix
  family      = "aurora-postgresql15"
  description = "MantisNXT ${var.environment}: TLS only, statements logged"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_db_subnet_group" "main" {
  name       = local.name_prefix
  subnet_ids = module.vpc.database_subnets

  tags = {
    Name = "${local.name_prefix}-subnet-group"
  }
}

resource "aws_cloudwatch_log_group" "database" {
  name              = "/aws/rds/cluster/${local.name_prefix}/postgresql"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn
}
