variable "topic_count" {
  type = number
}

resource "aws_sns_topic" "alerts" {
  name = "alerts"
}

resource "aws_sns_topic" "several" {
  count = var.topic_count

  name = "alerts-${count.index}"
}

resource "aws_cloudwatch_metric_alarm" "good_topic" {
  alarm_name    = "cpu"
  alarm_actions = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_composite_alarm" "good_topic" {
  alarm_name    = "both"
  alarm_rule    = "ALARM(cpu) AND ALARM(memory)"
  alarm_actions = [aws_sns_topic.alerts.arn]
}

# Passes CKV_AWS_319.
resource "aws_cloudwatch_metric_alarm" "bad_without_action" {
  alarm_name = "cpu"
}

resource "aws_cloudwatch_metric_alarm" "bad_empty_list" {
  alarm_name    = "cpu"
  alarm_actions = []
}

resource "aws_cloudwatch_metric_alarm" "bad_only_when_it_is_over" {
  alarm_name = "cpu"
  ok_actions = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "bad_actions_disabled" {
  alarm_name      = "cpu"
  actions_enabled = false
  alarm_actions   = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_composite_alarm" "bad_without_action" {
  alarm_name = "both"
  alarm_rule = "ALARM(cpu) AND ALARM(memory)"
}

resource "aws_cloudwatch_metric_alarm" "unknown_how_many" {
  alarm_name    = "cpu"
  alarm_actions = aws_sns_topic.several[*].arn
}
