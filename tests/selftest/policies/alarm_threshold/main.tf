variable "threshold" {
  type = number
}

resource "aws_cloudwatch_metric_alarm" "good_seconds" {
  alarm_name          = "response-time"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  comparison_operator = "GreaterThanThreshold"
  threshold           = "0.5"
}

resource "aws_cloudwatch_metric_alarm" "good_any_host" {
  alarm_name          = "hosts"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_cloudwatch_metric_alarm" "good_lower_bound" {
  alarm_name          = "hit-rate"
  namespace           = "AWS/ElastiCache"
  metric_name         = "CacheHitRate"
  comparison_operator = "LessThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "good_own_metric" {
  alarm_name          = "orders"
  namespace           = "MantisNXT/Orders"
  metric_name         = "Orders"
  comparison_operator = "LessThanThreshold"
  threshold           = -1
}

resource "aws_cloudwatch_metric_alarm" "good_query" {
  alarm_name          = "response-time"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.5

  metric_query {
    id          = "time"
    return_data = true

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "TargetResponseTime"
      period      = 60
      stat        = "Average"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "bad_milliseconds" {
  alarm_name          = "response-time"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 500
}

resource "aws_cloudwatch_metric_alarm" "bad_fraction_for_percent" {
  alarm_name          = "cpu"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.8
}

resource "aws_cloudwatch_metric_alarm" "bad_megabytes" {
  alarm_name          = "memory"
  namespace           = "AWS/RDS"
  metric_name         = "FreeableMemory"
  comparison_operator = "LessThanThreshold"
  threshold           = 256
}

resource "aws_cloudwatch_metric_alarm" "bad_never" {
  alarm_name          = "cpu"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 100
}

resource "aws_cloudwatch_metric_alarm" "bad_always" {
  alarm_name          = "hosts"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 0
}

resource "aws_cloudwatch_metric_alarm" "bad_less_than_none" {
  alarm_name          = "hosts"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  comparison_operator = "LessThanThreshold"
  threshold           = 0
}

resource "aws_cloudwatch_metric_alarm" "bad_query" {
  alarm_name          = "response-time"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 500

  metric_query {
    id          = "time"
    return_data = "true"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "TargetResponseTime"
      period      = 60
      stat        = "Average"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unknown_expression" {
  alarm_name          = "error-rate"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 500

  metric_query {
    id          = "rate"
    expression  = "errors / 100"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "TargetResponseTime"
      period      = 60
      stat        = "Average"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unknown_metric" {
  alarm_name          = "queue"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 500
}

resource "aws_cloudwatch_metric_alarm" "unknown_threshold" {
  alarm_name          = "cpu"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.threshold
}

resource "aws_cloudwatch_metric_alarm" "unknown_band" {
  alarm_name          = "cpu"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  comparison_operator = "GreaterThanUpperThreshold"
  threshold_metric_id = "band"
}
