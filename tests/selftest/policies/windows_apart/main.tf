variable "window" {
  type = string
}

resource "aws_rds_cluster" "good_one_after_the_other" {
  engine                       = "aurora-postgresql"
  preferred_backup_window      = "03:00-04:00"
  preferred_maintenance_window = "sun:04:00-sun:05:00"
}

resource "aws_elasticache_replication_group" "good_before_maintenance" {
  replication_group_id = "main"
  description          = "Snapshots first"
  snapshot_window      = "03:00-05:00"
  maintenance_window   = "sun:05:00-sun:07:00"
}

resource "aws_db_instance" "good_over_midnight" {
  engine             = "postgres"
  backup_window      = "23:30-00:30"
  maintenance_window = "mon:00:30-mon:01:30"
}

resource "aws_rds_cluster" "bad_on_one_day_of_seven" {
  engine                       = "aurora-postgresql"
  preferred_backup_window      = "04:30-05:30"
  preferred_maintenance_window = "sun:04:00-sun:05:00"
}

resource "aws_elasticache_replication_group" "bad_inside" {
  replication_group_id = "main"
  description          = "Snapshots within maintenance"
  snapshot_window      = "05:30-06:30"
  maintenance_window   = "sun:05:00-sun:07:00"
}

resource "aws_db_instance" "bad_around_midnight" {
  engine             = "postgres"
  backup_window      = "23:30-00:30"
  maintenance_window = "mon:00:00-mon:01:00"
}

# From the week's last hour into its first.
resource "aws_db_instance" "bad_around_the_week" {
  engine             = "postgres"
  backup_window      = "00:15-00:45"
  maintenance_window = "sun:23:30-mon:00:30"
}

resource "aws_elasticache_cluster" "bad_no_window" {
  cluster_id         = "main"
  snapshot_window    = "at night"
  maintenance_window = "sun:05:00-sun:07:00"
}

# AWS chooses.
resource "aws_rds_cluster" "unknown_without_backup_window" {
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = "sun:04:00-sun:05:00"
}

resource "aws_rds_cluster" "unknown_variable" {
  engine                       = "aurora-postgresql"
  preferred_backup_window      = "03:00-04:00"
  preferred_maintenance_window = var.window
}
