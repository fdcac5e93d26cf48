variable "version_of_nobody_knows" {
  type = string
}

resource "aws_rds_cluster" "good_ignored" {
  engine         = "aurora-postgresql"
  engine_version = "15.12"

  lifecycle {
    ignore_changes = [engine_version]
  }
}

resource "aws_rds_cluster_instance" "good_ignored" {
  cluster_identifier = aws_rds_cluster.good_ignored.id
  instance_class     = "db.t4g.medium"
  engine             = "aurora-postgresql"
  engine_version     = aws_rds_cluster.good_ignored.engine_version

  lifecycle {
    ignore_changes = [engine_version]
  }
}

resource "aws_rds_cluster" "good_major_version_only" {
  engine         = "aurora-postgresql"
  engine_version = "15"
}

resource "aws_rds_cluster" "good_without_version" {
  engine = "aurora-postgresql"
}

resource "aws_rds_cluster" "good_raised_by_hand" {
  engine         = "aurora-postgresql"
  engine_version = "15.12"
}

resource "aws_rds_cluster_instance" "good_raised_by_hand" {
  cluster_identifier         = aws_rds_cluster.good_raised_by_hand.id
  instance_class             = "db.t4g.medium"
  engine                     = "aurora-postgresql"
  engine_version             = "15.12"
  auto_minor_version_upgrade = false
}

resource "aws_elasticache_replication_group" "good_everything_ignored" {
  replication_group_id = "main"
  description          = "Made once"
  engine_version       = "7.0"

  lifecycle {
    ignore_changes = all
  }
}

resource "aws_elasticache_replication_group" "good_minor_version_left_open" {
  replication_group_id = "main"
  description          = "6.x"
  engine_version       = "6.x"
}

# The guide's cluster and its instances.
resource "aws_rds_cluster" "bad_planned_back" {
  engine         = "aurora-postgresql"
  engine_version = "15.12"
}

resource "aws_rds_cluster_instance" "bad_planned_back" {
  cluster_identifier = aws_rds_cluster.bad_planned_back.id
  instance_class     = "db.t4g.medium"
  engine             = "aurora-postgresql"
  engine_version     = aws_rds_cluster.bad_planned_back.engine_version
}

resource "aws_rds_cluster" "bad_other_argument_ignored" {
  engine         = "aurora-postgresql"
  engine_version = "15.12"

  lifecycle {
    ignore_changes = [master_password]
  }
}

resource "aws_elasticache_replication_group" "bad_replaced_to_go_back" {
  replication_group_id = "main"
  description          = "7.0"
  engine_version       = "7.0"
}

resource "aws_rds_cluster" "unknown_version" {
  engine         = "aurora-postgresql"
  engine_version = var.version_of_nobody_knows
}

resource "aws_elasticache_replication_group" "unknown_on_condition" {
  replication_group_id = "main"
  description          = "A version only in some environments"
  engine_version       = var.version_of_nobody_knows == "" ? "7.0" : null
}
