module "vpc" {
  source = "./network"

  cidr             = "10.0.0.0/16"
  public_subnets   = ["10.0.101.0/24"]
  private_subnets  = ["10.0.1.0/24"]
  database_subnets = ["10.0.201.0/24"]
}

resource "aws_security_group" "alb" {
  name_prefix = "alb-"
}

resource "aws_security_group" "app" {
  name_prefix = "app-"
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.alb.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "app" {
  security_group_id            = aws_security_group.app.id
  referenced_security_group_id = aws_security_group.alb.id
  ip_protocol                  = "tcp"
  from_port                    = local.app_port
  to_port                      = local.app_port
}

resource "aws_lb" "main" {
  name    = "main"
  subnets = module.vpc.public_subnets

  access_logs {
    bucket  = "logs"
    enabled = true
  }
}

resource "aws_lb_target_group" "app" {
  port                 = local.app_port
  deregistration_delay = 30

  health_check {
    path    = "/health"
    matcher = "200"
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn

  default_action {
    type = "redirect"

    redirect {
      protocol = "HTTPS"
    }
  }
}

resource "aws_flow_log" "main" {
  traffic_type = "ALL"
}

resource "aws_cloudfront_distribution" "main" {
  web_acl_id = "acl"

  default_cache_behavior {
    cache_policy_id = local.disabled
  }

  ordered_cache_behavior {
    cache_policy_id = local.optimized
  }
}
