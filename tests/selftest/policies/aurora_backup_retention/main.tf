variable "days" {
  type = number
}

variable "known_days" {
  type    = number
  default = 14
}

resource "aws_rds_cluster" "good_seven_days" {
  engine                  = "aurora-postgresql"
  backup_retention_period = 7
}

resource "aws_rds_cluster" "good_longest" {
  engine                  = "aurora-postgresql"
  backup_retention_period = 35
}

resource "aws_rds_cluster" "good_known_variable" {
  engine                  = "aurora-postgresql"
  backup_retention_period = var.known_days
}

# Both pass CKV_AWS_133: nothing said is one day.
resource "aws_rds_cluster" "bad_without_retention" {
  engine = "aurora-postgresql"
}

resource "aws_rds_cluster" "bad_one_day" {
  engine                  = "aurora-postgresql"
  backup_retention_period = 1
}

resource "aws_rds_cluster" "bad_six_days" {
  engine                  = "aurora-postgresql"
  backup_retention_period = "6"
}

resource "aws_rds_cluster" "unknown_variable" {
  engine                  = "aurora-postgresql"
  backup_retention_period = var.days
}

resource "aws_rds_cluster" "unknown_conditional" {
  engine                  = "aurora-postgresql"
  backup_retention_period = var.days > 1 ? var.days : null
}

# As text it would be more than 7.
resource "aws_rds_cluster" "unknown_function" {
  engine                  = "aurora-postgresql"
  backup_retention_period = max(var.days, 1)
}

resource "aws_rds_cluster" "bad_null" {
  engine                  = "aurora-postgresql"
  backup_retention_period = null
}
