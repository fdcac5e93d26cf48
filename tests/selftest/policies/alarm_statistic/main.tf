variable "statistic" {
  type = string
}

resource "aws_cloudwatch_metric_alarm" "good_average" {
  alarm_name  = "response-time"
  namespace   = "AWS/ApplicationELB"
  metric_name = "TargetResponseTime"
  statistic   = "Average"
}

resource "aws_cloudwatch_metric_alarm" "good_percentile" {
  alarm_name         = "response-time"
  namespace          = "AWS/ApplicationELB"
  metric_name        = "TargetResponseTime"
  extended_statistic = "p99.9"
}

resource "aws_cloudwatch_metric_alarm" "good_trimmed_mean" {
  alarm_name         = "response-time"
  namespace          = "AWS/ApplicationELB"
  metric_name        = "TargetResponseTime"
  extended_statistic = "TM(10%:90%)"
}

resource "aws_cloudwatch_metric_alarm" "good_sum" {
  alarm_name  = "errors"
  namespace   = "AWS/ApplicationELB"
  metric_name = "HTTPCode_Target_5XX_Count"
  statistic   = "Sum"
}

resource "aws_cloudwatch_metric_alarm" "good_own_metric" {
  alarm_name  = "orders"
  namespace   = "MantisNXT/Orders"
  metric_name = "Orders"
  statistic   = "Average"
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
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "bad_average_of_a_count" {
  alarm_name  = "errors"
  namespace   = "AWS/ApplicationELB"
  metric_name = "HTTPCode_Target_5XX_Count"
  statistic   = "Average"
}

resource "aws_cloudwatch_metric_alarm" "bad_sum_of_a_percentage" {
  alarm_name  = "cpu"
  namespace   = "AWS/RDS"
  metric_name = "CPUUtilization"
  statistic   = "Sum"
}

resource "aws_cloudwatch_metric_alarm" "bad_percentile_of_hosts" {
  alarm_name         = "hosts"
  namespace          = "AWS/ApplicationELB"
  metric_name        = "UnHealthyHostCount"
  extended_statistic = "p90"
}

resource "aws_cloudwatch_metric_alarm" "bad_query" {
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
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      period      = 60
      stat        = "Maximum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unknown_metric" {
  alarm_name  = "queue"
  namespace   = "AWS/SQS"
  metric_name = "ApproximateAgeOfOldestMessage"
  statistic   = "Sum"
}

resource "aws_cloudwatch_metric_alarm" "unknown_statistic" {
  alarm_name  = "cpu"
  namespace   = "AWS/RDS"
  metric_name = "CPUUtilization"
  statistic   = var.statistic
}
