resource "aws_budgets_budget" "monthly" {
  name         = "${local.name_prefix}-monthly"
  budget_type  = "COST"
  limit_amount = format("%.1f", var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "ACTUAL"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.alerts.arn]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "FORECASTED"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.alerts.arn]
  }

  # Budgets proves that it can publish when the notification is made.
  depends_on = [aws_sns_topic_policy.alerts]
}

# An account has at most one monitor of services, and Cost Explorer makes one by itself when it is
# first opened: where there is one already, its ARN is given and no second one made.
resource "aws_ce_anomaly_monitor" "services" {
  count = var.cost_anomaly_monitor_arn == null ? 1 : 0

  name              = "${local.name_prefix}-services"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

resource "aws_ce_anomaly_subscription" "services" {
  name      = "${local.name_prefix}-services"
  frequency = "IMMEDIATE"

  monitor_arn_list = (
    var.cost_anomaly_monitor_arn == null
    ? aws_ce_anomaly_monitor.services[*].arn
    : [var.cost_anomaly_monitor_arn]
  )

  subscriber {
    type    = "SNS"
    address = aws_sns_topic.alerts.arn
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = ["50"]
    }
  }

  depends_on = [aws_sns_topic_policy.alerts]
}
