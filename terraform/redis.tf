resource "aws_elasticache_replication_group" "main" {
  replication_group_id = local.name_prefix
  description          = "Redis cluster for MantisNXT"

  engine             = "redis"
  engine_version     = "7.0"
  node_type          = var.redis_node_type
  num_cache_clusters = local.redis_nodes

  parameter_group_name = aws_elasticache_parameter_group.main.name

  port               = 6379
  subnet_group_name  = aws_elasticache_subnet_group.main.name
  security_group_ids = [aws_security_group.redis.id]

  automatic_failover_enabled = true
  multi_az_enabled           = true
  auto_minor_version_upgrade = true

  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.main.arn
  transit_encryption_enabled = true
  auth_token                 = var.redis_auth_token

  snapshot_retention_limit = 5
  snapshot_window          = "03:00-05:00"

  maintenance_window = "sun:05:00-sun:07:00"

  notification_topic_arn = aws_sns_topic.cache_alerts.arn

  log_delivery_configuration {
    destination      = aws_cloudwatch_log_group.redis_slow_log.name
    destination_type = "cloudwatch-logs"
    log_format       = "json"
    log_type         = "slow-log"
  }

  tags = {
    Name = "${local.name_prefix}-redis"
  }

  # A topic that refuses the first event is marked inactive and never told again.
  depends_on = [aws_sns_topic_policy.cache_alerts]

  lifecycle {
    # Rotation owns the token once the group exists. AWS raises the minor version in the
    # maintenance window; the provider would replace the group to get the older one back.
    ignore_changes = [auth_token, auth_token_update_strategy, engine_version]
  }
}

locals {
  redis_nodes = 2

  # ElastiCache names a group's members itself. Their ids are what its metrics carry.
  redis_members = [for n in range(1, local.redis_nodes + 1) : format("%03d", n)]
}

resource "aws_elasticache_parameter_group" "main" {
  name        = local.name_prefix
  family      = "redis7"
  description = "MantisNXT ${var.environment}: a cache that evicts"

  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }

  parameter {
    name  = "timeout"
    value = "300"
  }
}

resource "aws_elasticache_subnet_group" "main" {
  name        = local.name_prefix
  description = "MantisNXT ${var.environment}: private subnets"
  subnet_ids  = module.vpc.private_subnets
}

resource "aws_cloudwatch_log_group" "redis_slow_log" {
  name              = "/aws/elasticache/${local.name_prefix}/slow-log"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn
}
