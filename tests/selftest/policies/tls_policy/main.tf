variable "tls_policy" {
  type = string
}

resource "aws_lb_listener" "good_recommended" {
  port       = 443
  protocol   = "HTTPS"
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
}

resource "aws_lb_listener" "good_tls_1_2" {
  port       = 443
  protocol   = "HTTPS"
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
}

resource "aws_lb_listener" "good_plain_http" {
  port     = 80
  protocol = "HTTP"
}

# Passes CKV_AWS_103, which matches the beginning of the name.
resource "aws_lb_listener" "bad_tls_1_0" {
  port       = 443
  protocol   = "HTTPS"
  ssl_policy = "ELBSecurityPolicy-TLS13-1-0-2021-06"
}

resource "aws_lb_listener" "bad_without_policy" {
  port     = 443
  protocol = "HTTPS"
}

resource "aws_alb_listener" "bad_old_name" {
  port       = 443
  protocol   = "HTTPS"
  ssl_policy = "ELBSecurityPolicy-2016-08"
}

resource "aws_lb_listener" "bad_network_load_balancer" {
  port       = 443
  protocol   = "TLS"
  ssl_policy = "ELBSecurityPolicy-TLS13-1-1-2021-06"
}

resource "aws_lb_listener" "unknown_variable" {
  port       = 443
  protocol   = "HTTPS"
  ssl_policy = var.tls_policy
}
