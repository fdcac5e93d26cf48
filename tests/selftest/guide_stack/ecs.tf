resource "aws_ecs_cluster" "main" {
  name = "mantisnxt-${var.environment}"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  tags = {
    Name = "mantisnxt-${var.environment}-cluster"
  }
}

resource "aws_ecs_task_definition" "app" {
  family                   = "mantisnxt-${var.environment}-app"
  requires_compatibilities = ["FARGATE"]
  network_mode            = "awsvpc"
  cpu                     = "2048"
  memory                  = "4096"
  execution_role_arn      = aws_iam_role.ecs_execution.arn
  task_role_arn           = aws_iam_role.ecs_task.arn

  container_definitions = jsonencode([
    {
      name  = "app"
      image = "${var.ecr_repository_url}:${var.image_tag}"

      portMappings = [
        {
          containerPort = 3000
          protocol      = "tcp"
        }
      ]

      environment = [
        {
          name  = "NODE_ENV"
          value = var.environment
        },
        {
          name  = "DATABASE_URL"
          value = "postgresql://${var.db_master_username}:${var.db_master_password}@${aws_rds_cluster.main.endpoint}:5432/mantisnxt"
        },
        {
          name  = "READ_REPLICA_URLS"
          value = join(",", [
            "postgresql://${var.db_master_username}:${var.db_master_password}@${aws_rds_cluster_instance.replica_1.endpoint}:5432/mantisnxt",
            "postgresql://${var.db_master_username}:${var.db_master_password}@${aws_rds_cluster_instance.replica_2.endpoint}:5432/mantisnxt"
          ])
        },
        {
          name  = "REDIS_HOST"
          value = aws_elasticache_replication_group.main.primary_endpoint_address
        },
        {
          name  = "REDIS_PORT"
          value = "6379"
        }
      ]

      secrets = [
        {
          name      = "REDIS_PASSWORD"
          valueFrom = aws_secretsmanager_secret.redis_auth_token.arn
        },
        {
          name      = "STACK_AUTH_SECRET_KEY"
          valueFrom = aws_secretsmanager_secret.stack_auth_secret.arn
        }
      ]

      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.app.name
          "awslogs-region"        = var.aws_region
          "awslogs-stream-prefix" = "app"
        }
      }

      healthCheck = {
        command     = ["CMD-SHELL", "curl -f http://localhost:3000/api/health || exit 1"]
        interval    = 30
        timeout     = 5
        retries     = 3
        startPeriod = 60
      }
    }
  ])

  tags = {
    Name = "mantisnxt-${var.environment}-app"
  }
}

resource "aws_ecs_service" "app" {
  name            = "mantisnxt-${var.environment}-app"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.app.arn
  desired_count   = var.app_desired_count
  launch_type     = "FARGATE"

  network_configuration {
    subnets          = module.vpc.private_subnets
    security_groups  = [aws_security_group.app.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 3000
  }

  # Auto-scaling
  depends_on = [aws_lb_listener.https]

  tags = {
    Name = "mantisnxt-${var.environment}-app-service"
  }
}
