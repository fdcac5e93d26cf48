variable "status_code" {
  type = string
}

resource "aws_lb_listener" "good_permanent" {
  port     = 80
  protocol = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_alb_listener" "good_old_name" {
  port     = "80"
  protocol = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = 443
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "good_https" {
  port     = 443
  protocol = "HTTPS"

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/app/0123456789abcdef"
  }
}

resource "aws_lb_listener" "good_network_load_balancer" {
  port     = 5432
  protocol = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/db/0123456789abcdef"
  }
}

# Passes CKV_AWS_2 and CKV2_AWS_20.
resource "aws_lb_listener" "bad_temporary" {
  port     = 80
  protocol = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_302"
    }
  }
}

# Passes CKV_AWS_2. Without a port the redirect leads to the listener's own.
resource "aws_lb_listener" "bad_same_port" {
  port     = 80
  protocol = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "bad_in_clear" {
  port     = 80
  protocol = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/app/0123456789abcdef"
  }
}

resource "aws_lb_listener" "bad_to_http" {
  port     = 80
  protocol = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      host        = "www.mantisnxt.com"
      port        = "443"
      protocol    = "HTTP"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "unknown_status" {
  port     = 80
  protocol = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = var.status_code
    }
  }
}
