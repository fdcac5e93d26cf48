variable "password" {
  type      = string
  sensitive = true
}

variable "environment_variables" {
  type = list(map(string))
}

locals {
  environment = {
    NODE_ENV                   = "staging"
    REDIS_PORT                 = "6379"
    STACK_AUTH_PUBLISHABLE_KEY = "pck_staging"
    DATABASE_SECRET_ARN        = aws_secretsmanager_secret.database.arn
  }

  container = {
    name        = "app"
    image       = "app:1"
    environment = [for name, value in local.environment : { name = name, value = value }]
    secrets     = [{ name = "DATABASE_URL", valueFrom = aws_secretsmanager_secret.database.arn }]
  }

  leaking_environment = {
    NODE_ENV   = "staging"
    SENTRY_DSN = var.password
  }

  leaking_container = {
    name        = "app"
    image       = "app:1"
    environment = [for name, value in local.leaking_environment : { name = name, value = value }]
  }
}

resource "aws_secretsmanager_secret" "database" {
  name = "database"
}

resource "aws_ecs_task_definition" "good_secrets" {
  family = "app"
  container_definitions = jsonencode([
    {
      name        = "app"
      image       = "app:1"
      environment = [{ name = "NODE_ENV", value = "staging" }]
      secrets     = [{ name = "REDIS_PASSWORD", valueFrom = aws_secretsmanager_secret.database.arn }]
    }
  ])
}

# Checkov cuts the rendered text off at the two bars.
resource "aws_ecs_task_definition" "good_made_of_locals" {
  family = "app"
  container_definitions = jsonencode([
    merge(local.container, {
      healthCheck = { command = ["CMD-SHELL", "curl -f http://localhost:3000/api/health || exit 1"] }
    })
  ])
}

# The guide's container.
resource "aws_ecs_task_definition" "bad_url_with_password" {
  family = "app"
  container_definitions = jsonencode([
    {
      name  = "app"
      image = "app:1"
      environment = [
        { name = "NODE_ENV", value = "staging" },
        { name = "PRIMARY", value = "postgresql://mantisnxt:${var.password}@db.example.com:5432/mantisnxt" }
      ]
      healthCheck = { command = ["CMD-SHELL", "curl -f http://localhost:3000/api/health || exit 1"] }
    }
  ])
}

resource "aws_ecs_task_definition" "bad_secret_name" {
  family = "app"
  container_definitions = jsonencode([
    {
      name        = "app"
      image       = "app:1"
      environment = [{ name = "SENDGRID_API_KEY", value = var.password }]
    }
  ])
}

resource "aws_ecs_task_definition" "bad_secret_name_in_a_local" {
  family                = "app"
  container_definitions = jsonencode([local.leaking_container])
}

resource "aws_ecs_task_definition" "bad_secret_name_in_a_local_cut_off" {
  family = "app"
  container_definitions = jsonencode([
    merge(local.leaking_container, {
      healthCheck = { command = ["CMD-SHELL", "curl -f http://localhost:3000/api/health || exit 1"] }
    })
  ])
}

resource "aws_ecs_task_definition" "bad_secret_name_after_the_cut" {
  family = "app"
  container_definitions = jsonencode([
    {
      name        = "app"
      image       = "app:1"
      command     = ["sh", "-c", "migrate || exit 1"]
      environment = [{ name = "TWILIO_AUTH_TOKEN", value = var.password }]
    }
  ])
}

resource "aws_ecs_task_definition" "bad_secret_name_in_json" {
  family                = "app"
  container_definitions = <<-JSON
    [{"name": "app", "image": "app:1", "environment": [{"name": "REDIS_PASSWORD", "value": "x"}]}]
  JSON
}

resource "aws_ecs_task_definition" "unknown_variable" {
  family = "app"
  container_definitions = jsonencode([
    { name = "app", image = "app:1", environment = var.environment_variables }
  ])
}
