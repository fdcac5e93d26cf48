resource "aws_rds_cluster" "main" {
  cluster_identifier      = "mantisnxt-${var.environment}"
  engine                  = "aurora-postgresql"
  engine_version          = "15.4"
  database_name           = "mantisnxt"
  master_username         = var.db_master_username
  master_password         = var.db_master_password

  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.database.id]

  backup_retention_period = 7
  preferred_backup_window = "03:00-04:00"

  preferred_maintenance_window = "sun:04:00-sun:05:00"

  enabled_cloudwatch_logs_exports = ["postgresql"]

  deletion_protection = var.environment == "production" ? true : false

  skip_final_snapshot       = var.environment != "production"
  final_snapshot_identifier = var.environment == "production" ? "mantisnxt-final-snapshot" : null

  # Performance Insights
  performance_insights_enabled = true
  performance_insights_retention_period = 7

  tags = {
    Name = "mantisnxt-${var.environment}-cluster"
  }
}

# Primary Instance
resource "aws_rds_cluster_instance" "primary" {
  identifier           = "mantisnxt-${var.environment}-primary"
  cluster_identifier   = aws_rds_cluster.main.id
  instance_class       = var.db_instance_class
  engine               = aws_rds_cluster.main.engine
  engine_version       = aws_rds_cluster.main.engine_version

  publicly_accessible  = false

  performance_insights_enabled = true
  monitoring_interval = 60
  monitoring_role_arn = aws_iam_role.rds_monitoring.arn

  tags = {
    Name = "mantisnxt-${var.environment}-primary"
  }
}

# Read Replica 1
resource "aws_rds_cluster_instance" "replica_1" {
  identifier           = "mantisnxt-${var.environment}-replica-1"
  cluster_identifier   = aws_rds_cluster.main.id
  instance_class       = var.db_replica_instance_class
  engine               = aws_rds_cluster.main.engine
  engine_version       = aws_rds_cluster.main.engine_version

  publicly_accessible  = false

  performance_insights_enabled = true
  monitoring_interval = 60
  monitoring_role_arn = aws_iam_role.rds_monitoring.arn

  tags = {
    Name = "mantisnxt-${var.environment}-replica-1"
  }
}

# Read Replica 2
resource "aws_rds_cluster_instance" "replica_2" {
  identifier           = "mantisnxt-${var.environment}-replica-2"
  cluster_identifier   = aws_rds_cluster.main.id
  instance_class       = var.db_replica_instance_class
  engine               = aws_rds_cluster.main.engine
  engine_version       = aws_rds_cluster.main.engine_version

  publicly_accessible  = false

  performance_insights_enabled = true
  monitoring_interval = 60
  monitoring_role_arn = aws_iam_role.rds_monitoring.arn

  tags = {
    Name = "mantisnxt-${var.environment}-replica-2"
  }
}

# Subnet Group
resource "aws_db_subnet_group" "main" {
  name       = "mantisnxt-${var.environment}"
  subnet_ids = module.vpc.database_subnets

  tags = {
    Name = "mantisnxt-${var.environment}-subnet-group"
  }
}
