# What lies in the network. The same file in both stacks.

resource "aws_lb" "main" {
  name            = "main"
  subnets         = [for subnet in aws_subnet.public : subnet.id]
  security_groups = [aws_security_group.lb.id]
}

resource "aws_lb_target_group" "app" {
  name        = "app"
  port        = 3000
  protocol    = "HTTP"
  vpc_id      = aws_vpc.main.id
  target_type = "ip"
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

# Its group admits the address of the NAT gateway, which AWS gives.
resource "aws_lb" "vendor" {
  name            = "vendor"
  subnets         = [for subnet in aws_subnet.public : subnet.id]
  security_groups = [aws_security_group.vendor.id]
}

resource "aws_lb_listener" "vendor" {
  load_balancer_arn = aws_lb.vendor.arn
  port              = 80

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

# Its group admits on the database's port, which AWS chooses.
resource "aws_lb" "metered" {
  name            = "metered"
  subnets         = [for subnet in aws_subnet.public : subnet.id]
  security_groups = [aws_security_group.metered.id]
}

resource "aws_lb_listener" "metered" {
  load_balancer_arn = aws_lb.metered.arn
  port              = 80

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_task_definition" "app" {
  family                = "app"
  network_mode          = "awsvpc"
  container_definitions = jsonencode([{ name = "app", image = "app", memory = 512 }])
}

resource "aws_ecs_service" "app" {
  name            = "app"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.app.arn

  network_configuration {
    subnets         = [for subnet in aws_subnet.private : subnet.id]
    security_groups = [aws_security_group.app.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 3000
  }
}

# The port is the engine's own.
resource "aws_rds_cluster" "main" {
  engine                      = "aurora-postgresql"
  master_username             = "admin"
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.main.name
  vpc_security_group_ids      = [aws_security_group.database.id]
}

resource "aws_rds_cluster_instance" "main" {
  cluster_identifier = aws_rds_cluster.main.id
  engine             = aws_rds_cluster.main.engine
  instance_class     = "db.t4g.medium"
}

resource "aws_db_subnet_group" "main" {
  subnet_ids = [for subnet in aws_subnet.isolated : subnet.id]
}

# Without a group of its own it holds the VPC's default group.
resource "aws_elasticache_replication_group" "main" {
  replication_group_id = "main"
  description          = "cache"
  subnet_group_name    = aws_elasticache_subnet_group.main.name
}

resource "aws_elasticache_subnet_group" "main" {
  name       = "main"
  subnet_ids = [for subnet in aws_subnet.isolated : subnet.id]
}
