resource "aws_elasticache_replication_group" "main" {
  replication_group_id       = "mantisnxt-${var.environment}"
  replication_group_description = "Redis cluster for MantisNXT"

  engine               = "redis"
  engine_version       = "7.0"
  node_type            = var.redis_node_type
  number_cache_clusters = 2

  parameter_group_name = aws_elasticache_parameter_group.main.name

  port                 = 6379
  subnet_group_name    = aws_elasticache_subnet_group.main.name
  security_group_ids   = [aws_security_group.redis.id]

  automatic_failover_enabled = true
  multi_az_enabled          = true

  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  auth_token_enabled        = true
  auth_token               = var.redis_auth_token

  snapshot_retention_limit = 5
  snapshot_window         = "03:00-05:00"

  maintenance_window = "sun:05:00-sun:07:00"

  notification_topic_arn = aws_sns_topic.cache_alerts.arn

  log_delivery_configuration {
    destination      = aws_cloudwatch_log_group.redis_slow_log.name
    destination_type = "cloudwatch-logs"
    log_format       = "json"
    log_type         = "slow-log"
  }

  tags = {
    Name = "mantisnxt-${var.environment}-redis"
  }
}

resource "aws_elasticache_parameter_group" "main" {
  name   = "mantisnxt-${var.environment}"
  family = "redis7"

  # Optimize for caching
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
  name       = "mantisnxt-${var.environment}"
  subnet_ids = module.vpc.private_subnets
}
