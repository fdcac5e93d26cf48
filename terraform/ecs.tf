locals {
  app_port = 3000

  # The guide's environment contract. What it marks as coming from Secrets Manager, and both
  # database URLs, which contain a password, are in container_secrets and nowhere else.
  container_environment = {
    NODE_ENV                   = var.environment
    REDIS_HOST                 = aws_elasticache_replication_group.main.primary_endpoint_address
    REDIS_PORT                 = "6379"
    REDIS_TLS                  = "true" # The group refuses plain-text connections.
    STACK_AUTH_PROJECT_ID      = var.stack_auth_project_id
    STACK_AUTH_PUBLISHABLE_KEY = var.stack_auth_publishable_key
    EMAIL_PROVIDER             = "sendgrid"
    EMAIL_FROM                 = var.email_from
    SMS_PROVIDER               = "twilio"
    TWILIO_PHONE_NUMBER        = var.twilio_phone_number
  }

  container_secrets = merge(
    {
      DATABASE_URL      = "${aws_secretsmanager_secret.database.arn}:DATABASE_URL::"
      READ_REPLICA_URLS = "${aws_secretsmanager_secret.database.arn}:READ_REPLICA_URLS::"
      REDIS_PASSWORD    = aws_secretsmanager_secret.redis_auth_token.arn
    },
    { for name, secret in aws_secretsmanager_secret.vendor : name => secret.arn },
  )

  task_secret_arns = concat(
    [
      aws_secretsmanager_secret.database.arn,
      aws_secretsmanager_secret.redis_auth_token.arn,
    ],
    [for secret in aws_secretsmanager_secret.vendor : secret.arn],
  )

  # What the application and the migrations have in common. The user is the image's unprivileged
  # one and the file system read-only but for /tmp, which is memory: an empty volume of Fargate
  # belongs to root, and nobody else could write to it.
  container = {
    name                   = "app"
    image                  = "${aws_ecr_repository.app.repository_url}:${var.image_tag}"
    essential              = true
    user                   = "1000"
    readonlyRootFilesystem = true

    environment = [for name, value in local.container_environment : { name = name, value = value }]
    secrets     = [for name, arn in local.container_secrets : { name = name, valueFrom = arn }]

    linuxParameters = {
      tmpfs = [{ containerPath = "/tmp", size = 512, mountOptions = ["mode=1777", "nosuid", "nodev"] }]
    }
  }

  log_configuration = {
    for prefix in ["app", "migrations"] : prefix => {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.app.name
        "awslogs-region"        = var.aws_region
        "awslogs-stream-prefix" = prefix
      }
    }
  }
}

resource "aws_ecs_cluster" "main" {
  name = local.name_prefix

  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  tags = {
    Name = "${local.name_prefix}-cluster"
  }

  # Container Insights creates its log group by itself, without retention, if it comes first.
  depends_on = [aws_cloudwatch_log_group.container_insights]
}

resource "aws_ecs_cluster_capacity_providers" "main" {
  cluster_name       = aws_ecs_cluster.main.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }
}

resource "aws_ecs_task_definition" "app" {
  family                   = "${local.name_prefix}-app"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "2048"
  memory                   = "4096"
  execution_role_arn       = aws_iam_role.ecs_execution.arn
  task_role_arn            = aws_iam_role.ecs_task.arn

  container_definitions = jsonencode([
    merge(local.container, {
      portMappings = [
        {
          containerPort = local.app_port
          hostPort      = local.app_port
          protocol      = "tcp"
        }
      ]

      logConfiguration = local.log_configuration["app"]

      # Needs curl in the image (docs/deviations.md, "The image").
      healthCheck = {
        command     = ["CMD-SHELL", "curl -f http://localhost:${local.app_port}/api/health || exit 1"]
        interval    = 30
        timeout     = 5
        retries     = 3
        startPeriod = 60
      }
    })
  ])

  # Earlier revisions are what a rollback goes back to.
  skip_destroy = true

  tags = {
    Name = "${local.name_prefix}-app"
  }
}

# Run by the pipeline before the service is given the new image.
resource "aws_ecs_task_definition" "migrations" {
  family                   = "${local.name_prefix}-migrations"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "1024"
  memory                   = "2048"
  execution_role_arn       = aws_iam_role.ecs_execution.arn
  task_role_arn            = aws_iam_role.ecs_task.arn

  container_definitions = jsonencode([
    merge(local.container, {
      command          = ["npm", "run", "migrate"]
      logConfiguration = local.log_configuration["migrations"]
    })
  ])

  skip_destroy = true

  tags = {
    Name = "${local.name_prefix}-migrations"
  }
}

resource "aws_ecs_service" "app" {
  name            = "${local.name_prefix}-app"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.app.arn
  desired_count   = var.app_desired_count
  launch_type     = var.use_spot ? null : "FARGATE"

  dynamic "capacity_provider_strategy" {
    for_each = var.use_spot ? ["FARGATE_SPOT"] : []

    content {
      capacity_provider = capacity_provider_strategy.value
      weight            = 1
    }
  }

  # A rolling update never has fewer tasks than before, and one that fails goes back by itself.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = module.vpc.private_subnets
    security_groups  = [aws_security_group.app.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = local.app_port
  }

  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"

  tags = {
    Name = "${local.name_prefix}-app-service"
  }

  lifecycle {
    # The pipeline owns which revision runs, autoscaling how many tasks.
    ignore_changes = [task_definition, desired_count]
  }

  depends_on = [
    aws_lb_listener.https,
    aws_ecs_cluster_capacity_providers.main,
    aws_iam_role_policy.ecs_execution,
    aws_secretsmanager_secret_version.database,
    aws_secretsmanager_secret_version.redis_auth_token,
    aws_secretsmanager_secret_version.vendor,
  ]
}

resource "aws_cloudwatch_log_group" "container_insights" {
  name              = "/aws/ecs/containerinsights/${local.name_prefix}/performance"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn
}

# --- Images -------------------------------------------------------------------------------

# One repository per account, and one account per environment.
resource "aws_ecr_repository" "app" {
  name                 = "mantisnxt"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = local.disposable

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.main.arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "app" {
  repository = aws_ecr_repository.app.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Keep enough images to roll back to"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = 50
        }
        action = { type = "expire" }
      }
    ]
  })
}
