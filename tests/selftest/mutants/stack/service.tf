resource "aws_ecs_task_definition" "app" {
  family       = "app"
  cpu          = "2048"
  skip_destroy = true
}

resource "aws_ecs_service" "app" {
  name          = "app"
  desired_count = var.app_min_count

  deployment_minimum_healthy_percent = 100
}

resource "aws_appautoscaling_target" "app" {
  min_capacity = var.app_min_count
  max_capacity = var.app_max_count
}

resource "aws_appautoscaling_policy" "cpu" {
  name = "cpu"

  target_tracking_scaling_policy_configuration {
    target_value = 70
  }
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "slow"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "TargetResponseTime"
  statistic           = "Average"
  threshold           = 0.5 # Seconds.
  alarm_actions       = [aws_sns_topic.alerts.arn]
  treat_missing_data  = "notBreaching"

  dimensions = {
    LoadBalancer = aws_lb.main.arn_suffix
    TargetGroup  = aws_lb_target_group.app.arn_suffix
  }
}

resource "aws_sns_topic" "alerts" {
  name = "alerts"
}

resource "aws_sns_topic_subscription" "alerts" {
  topic_arn = aws_sns_topic.alerts.arn
  endpoint  = var.alert_email
}

data "aws_iam_policy_document" "task" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::logs/*"]

    principals {
      identifiers = ["ecs.amazonaws.com"]
    }

    condition {
      values = ["here"]
    }
  }

  statement {
    effect = "Deny"
  }
}

resource "aws_iam_role_policy_attachment" "task" {
  policy_arn = "arn:aws:iam::aws:policy/SecurityAudit"
}

variable "app_min_count" {
}
variable "app_max_count" {
}
variable "alert_email" {
}
variable "aws_account_id" {
}
