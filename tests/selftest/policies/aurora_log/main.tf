variable "logs" {
  type = list(string)
}

resource "aws_rds_cluster" "good_postgresql" {
  engine                          = "aurora-postgresql"
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "aws_rds_cluster" "good_among_others" {
  engine                          = "aurora-postgresql"
  enabled_cloudwatch_logs_exports = ["iam-db-auth-error", "instance", "postgresql"]
}

resource "aws_rds_cluster" "good_another_engine" {
  engine                          = "aurora-mysql"
  enabled_cloudwatch_logs_exports = ["audit"]
}

# Passes CKV_AWS_324.
resource "aws_rds_cluster" "bad_another_log" {
  engine                          = "aurora-postgresql"
  enabled_cloudwatch_logs_exports = ["iam-db-auth-error"]
}

resource "aws_rds_cluster" "bad_empty_list" {
  engine                          = "aurora-postgresql"
  enabled_cloudwatch_logs_exports = []
}

resource "aws_rds_cluster" "bad_nothing_said" {
  engine = "aurora-postgresql"
}

resource "aws_rds_cluster" "unknown_variable" {
  engine                          = "aurora-postgresql"
  enabled_cloudwatch_logs_exports = var.logs
}
