variable "snapshots" {
  type = number
}

resource "aws_elasticache_replication_group" "good_five" {
  replication_group_id     = "main"
  description              = "Five days"
  snapshot_retention_limit = 5
}

resource "aws_elasticache_replication_group" "good_more" {
  replication_group_id     = "main"
  description              = "Written as text"
  snapshot_retention_limit = "35"
}

# CKV_AWS_134 looks at no replication group.
resource "aws_elasticache_replication_group" "bad_without_snapshots" {
  replication_group_id = "main"
  description          = "None is kept unless told"
}

resource "aws_elasticache_replication_group" "bad_none" {
  replication_group_id     = "main"
  description              = "None is kept"
  snapshot_retention_limit = 0
}

resource "aws_elasticache_replication_group" "bad_one" {
  replication_group_id     = "main"
  description              = "One day"
  snapshot_retention_limit = 1
}

resource "aws_elasticache_replication_group" "unknown_variable" {
  replication_group_id     = "main"
  description              = "Nobody knows"
  snapshot_retention_limit = var.snapshots
}

resource "aws_elasticache_replication_group" "unknown_conditional" {
  replication_group_id     = "main"
  description              = "Perhaps none"
  snapshot_retention_limit = var.snapshots > 1 ? var.snapshots : null
}

resource "aws_elasticache_replication_group" "unknown_function" {
  replication_group_id     = "main"
  description              = "Perhaps one"
  snapshot_retention_limit = max(var.snapshots, 1)
}
