resource "aws_ecs_service" "good_rolls_back" {
  name = "app"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}

resource "aws_ecs_service" "good_rolls_back_with_all_tasks" {
  name                               = "app"
  deployment_minimum_healthy_percent = 100

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}

resource "aws_ecs_service" "good_code_deploy" {
  name = "app"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

# The guide's service.
resource "aws_ecs_service" "bad_without_circuit_breaker" {
  name = "app"
}

resource "aws_ecs_service" "bad_without_rollback" {
  name = "app"

  deployment_circuit_breaker {
    enable   = true
    rollback = false
  }
}

resource "aws_ecs_service" "bad_disabled" {
  name = "app"

  deployment_circuit_breaker {
    enable   = false
    rollback = true
  }
}

resource "aws_ecs_service" "bad_with_fewer_tasks" {
  name                               = "app"
  deployment_minimum_healthy_percent = 50

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}

resource "aws_ecs_service" "bad_own_controller" {
  name = "app"

  deployment_controller {
    type = "ECS"
  }
}

variable "percent" {
  type = number
}

variable "rollback" {
  type = bool
}

resource "aws_ecs_service" "unknown_percent" {
  name                               = "app"
  deployment_minimum_healthy_percent = max(var.percent, 50)

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}

resource "aws_ecs_service" "unknown_rollback" {
  name = "app"

  deployment_circuit_breaker {
    enable   = true
    rollback = var.rollback
  }
}
