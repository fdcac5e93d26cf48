resource "aws_cloudwatch_log_group" "app" {
  name              = "/ecs/${local.name_prefix}-app"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn

  tags = {
    Name = "${local.name_prefix}-app-logs"
  }
}

# API Response Time Alarm
resource "aws_cloudwatch_metric_alarm" "api_response_time" {
  alarm_name          = "${local.name_prefix}-api-response-time"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "TargetResponseTime"
  namespace           = "AWS/ApplicationELB"
  period              = 60
  statistic           = "Average"
  threshold           = 0.5 # Seconds.
  alarm_description   = "API response time is too high"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  # Without requests there is no response time.
  treat_missing_data = "notBreaching"

  dimensions = {
    LoadBalancer = aws_lb.main.arn_suffix
    TargetGroup  = aws_lb_target_group.app.arn_suffix
  }
}

# Database CPU Alarm
resource "aws_cloudwatch_metric_alarm" "database_cpu" {
  alarm_name          = "${local.name_prefix}-database-cpu"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "CPUUtilization"
  namespace           = "AWS/RDS"
  period              = 300
  statistic           = "Average"
  threshold           = 80 # Percent.
  alarm_description   = "Database CPU is too high"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  dimensions = {
    DBClusterIdentifier = aws_rds_cluster.main.cluster_identifier
  }
}

# Redis Cache Hit Rate Alarm, one for each member: ElastiCache emits the metric by member only.
resource "aws_cloudwatch_metric_alarm" "cache_hit_rate" {
  for_each = toset(local.redis_members)

  alarm_name          = "${local.name_prefix}-cache-hit-rate-${each.key}"
  comparison_operator = "LessThanThreshold"
  evaluation_periods  = 2
  metric_name         = "CacheHitRate"
  namespace           = "AWS/ElastiCache"
  period              = 300
  statistic           = "Average"
  threshold           = 80 # Percent.
  alarm_description   = "Cache hit rate is too low"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  # A member that nobody reads from, such as an idle replica, has no rate.
  treat_missing_data = "notBreaching"

  dimensions = {
    CacheClusterId = "${aws_elasticache_replication_group.main.id}-${each.key}"
  }
}

# The load balancer sees the application gone before users call.
resource "aws_cloudwatch_metric_alarm" "unhealthy_hosts" {
  alarm_name          = "${local.name_prefix}-unhealthy-hosts"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 3
  metric_name         = "UnHealthyHostCount"
  namespace           = "AWS/ApplicationELB"
  period              = 60
  statistic           = "Maximum"
  threshold           = 0
  alarm_description   = "A task fails the load balancer's health check"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  dimensions = {
    LoadBalancer = aws_lb.main.arn_suffix
    TargetGroup  = aws_lb_target_group.app.arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "server_errors" {
  alarm_name          = "${local.name_prefix}-server-errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "HTTPCode_Target_5XX_Count"
  namespace           = "AWS/ApplicationELB"
  period              = 60
  statistic           = "Sum"
  threshold           = 10
  alarm_description   = "The application answers with server errors"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  # The metric exists only while there are errors.
  treat_missing_data = "notBreaching"

  dimensions = {
    LoadBalancer = aws_lb.main.arn_suffix
    TargetGroup  = aws_lb_target_group.app.arn_suffix
  }
}

# SNS Topic for Alerts
resource "aws_sns_topic" "alerts" {
  name              = "${local.name_prefix}-alerts"
  kms_master_key_id = aws_kms_key.main.arn

  tags = {
    Name = "${local.name_prefix}-alerts"
  }
}

resource "aws_sns_topic_subscription" "alerts_email" {
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

data "aws_iam_policy_document" "alerts" {
  statement {
    sid       = "ServicesPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]

    principals {
      type = "Service"
      identifiers = [
        "budgets.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "costalerts.amazonaws.com",
      ]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.aws_account_id]
    }
  }

  # A condition would stop EventBridge (its user guide, "Amazon SNS permissions").
  statement {
    sid       = "EventsPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "alerts" {
  arn    = aws_sns_topic.alerts.arn
  policy = data.aws_iam_policy_document.alerts.json
}

# SNS Topic for cache events: failovers, node replacements, snapshots. ElastiCache cannot publish to
# an encrypted topic, nor by any other condition than the topic's owner: it would mark the topic
# inactive (its user guide, "Event notifications and Amazon SNS"). Events name nodes, never data.
resource "aws_sns_topic" "cache_alerts" {
  name = "${local.name_prefix}-cache-alerts"

  tags = {
    Name = "${local.name_prefix}-cache-alerts"
  }
}

resource "aws_sns_topic_subscription" "cache_alerts_email" {
  topic_arn = aws_sns_topic.cache_alerts.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

data "aws_iam_policy_document" "cache_alerts" {
  statement {
    sid       = "CachePublishes"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.cache_alerts.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceOwner"
      values   = [var.aws_account_id]
    }
  }
}

resource "aws_sns_topic_policy" "cache_alerts" {
  arn    = aws_sns_topic.cache_alerts.arn
  policy = data.aws_iam_policy_document.cache_alerts.json
}

# Vendor-issued secrets are rotated by people; every quarter somebody is asked to.
resource "aws_cloudwatch_event_rule" "vendor_secret_rotation" {
  name                = "${local.name_prefix}-vendor-secret-rotation"
  description         = "Quarterly reminder to rotate the vendor-issued secrets"
  schedule_expression = "cron(0 9 1 1,4,7,10 ? *)"
}

resource "aws_cloudwatch_event_target" "vendor_secret_rotation" {
  rule = aws_cloudwatch_event_rule.vendor_secret_rotation.name
  arn  = aws_sns_topic.alerts.arn
  input = jsonencode(join(" ", concat(
    ["Rotate the vendor-issued secrets of ${local.name_prefix}:"],
    keys(local.vendor_secrets),
  )))
}
