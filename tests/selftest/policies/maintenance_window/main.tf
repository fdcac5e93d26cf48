variable "window" {
  type = string
}

resource "aws_rds_cluster" "good_inside" {
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = "sun:04:00-sun:05:00"
}

resource "aws_rds_cluster_instance" "good_of_its_cluster" {
  cluster_identifier           = aws_rds_cluster.good_inside.id
  instance_class               = "db.t4g.medium"
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = aws_rds_cluster.good_inside.preferred_maintenance_window
}

# The guide's instances have no window.
resource "aws_rds_cluster_instance" "bad_without_window" {
  cluster_identifier = aws_rds_cluster.good_inside.id
  instance_class     = "db.t4g.medium"
  engine             = "aurora-postgresql"
}

resource "aws_rds_cluster" "bad_other_day" {
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = "mon:04:00-mon:05:00"
}

resource "aws_rds_cluster" "bad_too_early" {
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = "sun:02:30-sun:03:30"
}

resource "aws_rds_cluster" "bad_too_late" {
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = "sun:04:30-sun:05:30"
}

# From Sunday to the next: a week less half an hour.
resource "aws_rds_cluster" "bad_whole_week" {
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = "sun:04:30-sun:04:00"
}

resource "aws_rds_cluster" "unknown_variable" {
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = var.window
}

resource "aws_rds_cluster" "unknown_on_condition" {
  engine                       = "aurora-postgresql"
  preferred_maintenance_window = var.window != "" ? "sun:04:00-sun:05:00" : null
}
