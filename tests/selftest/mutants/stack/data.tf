resource "aws_rds_cluster" "main" {
  cluster_identifier           = "main"
  engine_version               = "15.12"
  storage_encrypted            = true
  kms_key_id                   = aws_kms_key.main.arn
  deletion_protection          = var.environment == "production"
  backup_retention_period      = 7
  preferred_backup_window      = "03:00-04:00"
  preferred_maintenance_window = "sun:04:00-sun:05:00"
  final_snapshot_identifier    = "main-${terraform_data.generation.id}"
  master_password_wo           = var.password
  master_password_wo_version   = 1

  iam_database_authentication_enabled = true
  enabled_cloudwatch_logs_exports     = ["postgresql"]

  lifecycle {
    ignore_changes = [engine_version]
  }

  depends_on = [aws_cloudwatch_log_group.database]
}

resource "terraform_data" "generation" {
  triggers_replace = [var.environment, aws_kms_key.main.arn]
}

resource "aws_rds_cluster_instance" "primary" {
  cluster_identifier = aws_rds_cluster.main.id
  promotion_tier     = 0
}

resource "aws_rds_cluster_parameter_group" "main" {
  family = "aurora-postgresql15"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }
}

resource "aws_cloudwatch_log_group" "database" {
  name              = "database"
  retention_in_days = 30
}

resource "aws_kms_key" "main" {
  enable_key_rotation = true
}

resource "aws_kms_key" "copy" {
  enable_key_rotation = true
}

resource "aws_secretsmanager_secret" "database" {
  kms_key_id = aws_kms_key.main.arn
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = "logs"

  rule {
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }
}

resource "aws_ecr_repository" "app" {
  encryption_configuration {
    encryption_type = "KMS"
  }
}

variable "environment" {
}

variable "password" {
  sensitive = true
}
