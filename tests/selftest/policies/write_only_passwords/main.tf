variable "password" {
  type      = string
  sensitive = true
}

ephemeral "aws_secretsmanager_random_password" "database" {
  password_length = 40
}

resource "aws_rds_cluster" "good_write_only" {
  engine                     = "aurora-postgresql"
  master_password_wo         = ephemeral.aws_secretsmanager_random_password.database.random_password
  master_password_wo_version = 1
}

resource "aws_rds_cluster" "good_managed" {
  engine                      = "aurora-postgresql"
  manage_master_user_password = true
}

resource "aws_secretsmanager_secret_version" "good_write_only" {
  secret_id                = "database"
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.database.random_password
  secret_string_wo_version = 1
}

# The guide's cluster.
resource "aws_rds_cluster" "bad_variable" {
  engine          = "aurora-postgresql"
  master_password = var.password
}

resource "aws_db_instance" "bad_variable" {
  engine   = "postgres"
  password = var.password
}

resource "aws_secretsmanager_secret_version" "bad_variable" {
  secret_id     = "redis"
  secret_string = var.password
}
