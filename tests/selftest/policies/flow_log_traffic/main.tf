variable "traffic_type" {
  type = string
}

resource "aws_flow_log" "good_all" {
  vpc_id          = "vpc-0123456789abcdef0"
  traffic_type    = "ALL"
  log_destination = "arn:aws:logs:us-east-1:111122223333:log-group:flow"
}

# Has no such choice.
resource "aws_flow_log" "good_transit_gateway" {
  transit_gateway_id       = "tgw-0123456789abcdef0"
  max_aggregation_interval = 60
  log_destination          = "arn:aws:logs:us-east-1:111122223333:log-group:flow"
}

# Passes CKV2_AWS_11.
resource "aws_flow_log" "bad_refusals_only" {
  vpc_id          = "vpc-0123456789abcdef0"
  traffic_type    = "REJECT"
  log_destination = "arn:aws:logs:us-east-1:111122223333:log-group:flow"
}

resource "aws_flow_log" "bad_admissions_only" {
  subnet_id       = "subnet-0123456789abcdef0"
  traffic_type    = "ACCEPT"
  log_destination = "arn:aws:logs:us-east-1:111122223333:log-group:flow"
}

resource "aws_flow_log" "bad_without_type" {
  vpc_id          = "vpc-0123456789abcdef0"
  log_destination = "arn:aws:logs:us-east-1:111122223333:log-group:flow"
}

resource "aws_flow_log" "unknown_variable" {
  vpc_id          = "vpc-0123456789abcdef0"
  traffic_type    = var.traffic_type
  log_destination = "arn:aws:logs:us-east-1:111122223333:log-group:flow"
}
