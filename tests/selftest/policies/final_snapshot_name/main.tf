variable "environment" {
  type    = string
  default = "production"
}

variable "stage" {
  type = string
}

variable "name" {
  type = string
}

variable "keep" {
  type = bool
}

resource "terraform_data" "generation" {
  triggers_replace = ["mantisnxt"]
}

locals {
  disposable = var.stage != "production"
  fixed      = "mantisnxt-final-snapshot"
  made_anew  = "mantisnxt-${var.environment}-final-${terraform_data.generation.id}"
}

resource "aws_rds_cluster" "good_made_anew" {
  engine                    = "aurora-postgresql"
  final_snapshot_identifier = local.made_anew
}

resource "aws_rds_cluster" "good_made_anew_in_production_only" {
  engine                    = "aurora-postgresql"
  skip_final_snapshot       = var.environment != "production"
  final_snapshot_identifier = var.environment == "production" ? local.made_anew : null
}

# Without a value for the variable Checkov makes nothing of the conditional.
resource "aws_rds_cluster" "good_made_anew_in_one_stage_only" {
  engine                    = "aurora-postgresql"
  skip_final_snapshot       = var.stage != "production"
  final_snapshot_identifier = var.stage == "production" ? local.made_anew : null
}

resource "aws_rds_cluster" "good_no_snapshot" {
  engine              = "aurora-postgresql"
  skip_final_snapshot = true
}

# The guide's name.
resource "aws_rds_cluster" "bad_fixed" {
  engine                    = "aurora-postgresql"
  skip_final_snapshot       = var.environment != "production"
  final_snapshot_identifier = var.environment == "production" ? "mantisnxt-final-snapshot" : null
}

resource "aws_rds_cluster" "bad_fixed_in_a_local" {
  engine                    = "aurora-postgresql"
  skip_final_snapshot       = var.environment != "production"
  final_snapshot_identifier = var.environment == "production" ? local.fixed : null
}

resource "aws_rds_cluster" "bad_fixed_for_each_environment" {
  engine                    = "aurora-postgresql"
  final_snapshot_identifier = "mantisnxt-${var.environment}-final"
}

resource "aws_rds_cluster" "bad_without_name" {
  engine              = "aurora-postgresql"
  skip_final_snapshot = false
}

resource "aws_rds_cluster" "unknown_whether_there_is_one" {
  engine              = "aurora-postgresql"
  skip_final_snapshot = var.keep
}

resource "aws_rds_cluster" "unknown_variable" {
  engine                    = "aurora-postgresql"
  final_snapshot_identifier = var.name
}

resource "aws_rds_cluster" "bad_fixed_in_one_stage_only" {
  engine                    = "aurora-postgresql"
  skip_final_snapshot       = var.stage != "production"
  final_snapshot_identifier = var.stage == "production" ? local.fixed : null
}

resource "aws_rds_cluster" "good_made_anew_unless_disposable" {
  engine                    = "aurora-postgresql"
  skip_final_snapshot       = local.disposable
  final_snapshot_identifier = local.disposable ? null : local.made_anew
}

resource "aws_rds_cluster" "bad_fixed_unless_disposable" {
  engine                    = "aurora-postgresql"
  skip_final_snapshot       = local.disposable
  final_snapshot_identifier = local.disposable ? null : local.fixed
}
