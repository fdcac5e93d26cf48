variable "health_path" {
  type = string
}

resource "aws_lb_target_group" "good_endpoint" {
  protocol = "HTTP"

  health_check {
    path    = "/api/health"
    matcher = "200"
  }
}

resource "aws_alb_target_group" "good_any_success" {
  protocol = "HTTPS"

  health_check {
    path    = "/healthz"
    matcher = "200-299"
  }
}

resource "aws_lb_target_group" "good_two_codes" {
  protocol = "HTTP"

  health_check {
    path    = "/healthz"
    matcher = "200, 204"
  }
}

resource "aws_lb_target_group" "good_tcp" {
  protocol = "TCP"
}

resource "aws_lb_target_group" "good_grpc" {
  protocol         = "HTTP"
  protocol_version = "GRPC"
}

resource "aws_lb_target_group" "good_function" {
  target_type = "lambda"
}

# The first two pass CKV_AWS_261.
resource "aws_lb_target_group" "bad_front_page" {
  protocol = "HTTP"

  health_check {
    path = "/"
  }
}

resource "aws_lb_target_group" "bad_errors_are_healthy" {
  protocol = "HTTP"

  health_check {
    path    = "/api/health"
    matcher = "200-499"
  }
}

resource "aws_lb_target_group" "bad_redirects_are_healthy" {
  protocol = "HTTP"

  health_check {
    path    = "/api/health"
    matcher = "200,302"
  }
}

resource "aws_lb_target_group" "bad_without_path" {
  protocol = "HTTP"

  health_check {
    interval = 30
  }
}

resource "aws_lb_target_group" "bad_without_check" {
  protocol = "HTTP"
}

resource "aws_lb_target_group" "bad_disabled" {
  protocol = "HTTP"

  health_check {
    enabled = false
    path    = "/api/health"
  }
}

resource "aws_lb_target_group" "unknown_path" {
  protocol = "HTTP"

  health_check {
    path = var.health_path
  }
}
