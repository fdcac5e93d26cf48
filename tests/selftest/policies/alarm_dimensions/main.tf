resource "aws_cloudwatch_metric_alarm" "good_by_target_group" {
  alarm_name  = "response-time"
  namespace   = "AWS/ApplicationELB"
  metric_name = "TargetResponseTime"
  dimensions = {
    LoadBalancer = "app/main/0123456789abcdef"
    TargetGroup  = "targetgroup/app/0123456789abcdef"
  }
}

resource "aws_cloudwatch_metric_alarm" "good_by_member" {
  alarm_name  = "cache-hit-rate"
  namespace   = "AWS/ElastiCache"
  metric_name = "CacheHitRate"
  dimensions = {
    CacheClusterId = "mantisnxt-staging-001"
  }
}

resource "aws_cloudwatch_metric_alarm" "good_own_metric" {
  alarm_name  = "orders"
  namespace   = "MantisNXT/Orders"
  metric_name = "Orders"
}

resource "aws_cloudwatch_metric_alarm" "good_query" {
  alarm_name = "error-rate"

  metric_query {
    id          = "rate"
    expression  = "errors / requests"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      period      = 60
      stat        = "Sum"
      dimensions = {
        LoadBalancer = "app/main/0123456789abcdef"
      }
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      period      = 60
      stat        = "Sum"
      dimensions = {
        LoadBalancer = "app/main/0123456789abcdef"
      }
    }
  }
}

# The guide's alarm: ElastiCache never emits by group.
resource "aws_cloudwatch_metric_alarm" "bad_by_group" {
  alarm_name  = "cache-hit-rate"
  namespace   = "AWS/ElastiCache"
  metric_name = "CacheHitRate"
  dimensions = {
    ReplicationGroupId = "mantisnxt-staging"
  }
}

resource "aws_cloudwatch_metric_alarm" "bad_without_load_balancer" {
  alarm_name  = "unhealthy-hosts"
  namespace   = "AWS/ApplicationELB"
  metric_name = "UnHealthyHostCount"
  dimensions = {
    TargetGroup = "targetgroup/app/0123456789abcdef"
  }
}

resource "aws_cloudwatch_metric_alarm" "bad_one_too_many" {
  alarm_name  = "load-balancer-errors"
  namespace   = "AWS/ApplicationELB"
  metric_name = "HTTPCode_ELB_5XX_Count"
  dimensions = {
    LoadBalancer = "app/main/0123456789abcdef"
    TargetGroup  = "targetgroup/app/0123456789abcdef"
  }
}

resource "aws_cloudwatch_metric_alarm" "bad_without_dimensions" {
  alarm_name  = "database-cpu"
  namespace   = "AWS/RDS"
  metric_name = "CPUUtilization"
}

resource "aws_cloudwatch_metric_alarm" "bad_query" {
  alarm_name = "cache-hit-rate"

  metric_query {
    id          = "rate"
    return_data = true

    metric {
      namespace   = "AWS/ElastiCache"
      metric_name = "CacheHitRate"
      period      = 300
      stat        = "Average"
      dimensions = {
        ReplicationGroupId = "mantisnxt-staging"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unknown_metric" {
  alarm_name  = "queue"
  namespace   = "AWS/SQS"
  metric_name = "ApproximateAgeOfOldestMessage"
  dimensions = {
    QueueName = "orders"
  }
}
