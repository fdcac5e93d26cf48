variable "nodes" {
  type = number
}

resource "aws_elasticache_replication_group" "good_two_nodes" {
  replication_group_id       = "main"
  description                = "A replica in another zone"
  automatic_failover_enabled = true
  multi_az_enabled           = true
  num_cache_clusters         = 2
}

resource "aws_elasticache_replication_group" "good_replicas_of_shards" {
  replication_group_id       = "main"
  description                = "Cluster mode"
  automatic_failover_enabled = "true"
  multi_az_enabled           = "true"
  num_node_groups            = 3
  replicas_per_node_group    = 1
}

# Passes CKV2_AWS_50.
resource "aws_elasticache_replication_group" "bad_one_zone" {
  replication_group_id       = "main"
  description                = "Both nodes may sit in one zone"
  automatic_failover_enabled = true
  num_cache_clusters         = 2
}

resource "aws_elasticache_replication_group" "bad_failover_off" {
  replication_group_id       = "main"
  description                = "Somebody must promote the replica"
  automatic_failover_enabled = false
  multi_az_enabled           = true
  num_cache_clusters         = 2
}

resource "aws_elasticache_replication_group" "bad_single_node" {
  replication_group_id       = "main"
  description                = "Nothing to fail over to"
  automatic_failover_enabled = true
  multi_az_enabled           = true
  num_cache_clusters         = 1
}

resource "aws_elasticache_replication_group" "bad_shards_without_replicas" {
  replication_group_id       = "main"
  description                = "Three shards, each alone"
  automatic_failover_enabled = true
  multi_az_enabled           = true
  num_node_groups            = 3
  replicas_per_node_group    = 0
}

resource "aws_elasticache_replication_group" "bad_nothing_said" {
  replication_group_id = "main"
  description          = "One node"
}

resource "aws_elasticache_replication_group" "unknown_nodes" {
  replication_group_id       = "main"
  description                = "Nobody knows"
  automatic_failover_enabled = true
  multi_az_enabled           = true
  num_cache_clusters         = var.nodes
}

resource "aws_elasticache_replication_group" "unknown_whether_in_two_zones" {
  replication_group_id       = "main"
  description                = "Nobody knows"
  automatic_failover_enabled = true
  multi_az_enabled           = var.nodes > 1
  num_cache_clusters         = 2
}

# One fault is enough, whatever else is unknown.
resource "aws_elasticache_replication_group" "bad_whatever_the_nodes" {
  replication_group_id       = "main"
  description                = "No failover"
  automatic_failover_enabled = false
  multi_az_enabled           = true
  num_cache_clusters         = var.nodes
}
