variable "window" {
  type = string
}

resource "aws_elasticache_replication_group" "good_whole_window" {
  replication_group_id = "main"
  description          = "The schedule itself"
  maintenance_window   = "sun:05:00-sun:07:00"
}

resource "aws_elasticache_replication_group" "good_inside" {
  replication_group_id = "main"
  description          = "An hour of it"
  maintenance_window   = "Sun:06:00-Sun:07:00"
}

resource "aws_elasticache_replication_group" "bad_without_window" {
  replication_group_id = "main"
  description          = "A random window"
}

resource "aws_elasticache_replication_group" "bad_other_day" {
  replication_group_id = "main"
  description          = "On Monday"
  maintenance_window   = "mon:05:00-mon:07:00"
}

# While the database is away.
resource "aws_elasticache_replication_group" "bad_too_early" {
  replication_group_id = "main"
  description          = "With the database"
  maintenance_window   = "sun:04:30-sun:06:00"
}

resource "aws_elasticache_replication_group" "bad_whole_week" {
  replication_group_id = "main"
  description          = "A week less half an hour"
  maintenance_window   = "sun:06:00-sun:05:30"
}

resource "aws_elasticache_replication_group" "bad_no_window" {
  replication_group_id = "main"
  description          = "Not a window"
  maintenance_window   = "Sunday morning"
}

resource "aws_elasticache_replication_group" "unknown_variable" {
  replication_group_id = "main"
  description          = "Nobody knows"
  maintenance_window   = var.window
}

resource "aws_elasticache_replication_group" "unknown_on_condition" {
  replication_group_id = "main"
  description          = "A window only in some environments"
  maintenance_window   = var.window != "" ? "sun:05:00-sun:07:00" : null
}
