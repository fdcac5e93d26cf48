variable "retention_days" {
  type = number
}

resource "aws_cloudwatch_log_group" "good_thirty_days" {
  name              = "app"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "good_one_year" {
  name              = "app"
  retention_in_days = 365
}

resource "aws_cloudwatch_log_group" "bad_for_ever_by_default" {
  name = "app"
}

# Passes CKV_AWS_66 and CKV_AWS_338.
resource "aws_cloudwatch_log_group" "bad_for_ever" {
  name              = "app"
  retention_in_days = 0
}

resource "aws_cloudwatch_log_group" "bad_too_short" {
  name              = "app"
  retention_in_days = 14
}

resource "aws_cloudwatch_log_group" "unknown_variable" {
  name              = "app"
  retention_in_days = var.retention_days
}

resource "aws_cloudwatch_log_group" "unknown_on_condition" {
  name              = "app"
  retention_in_days = var.retention_days > 0 ? var.retention_days : null
}
