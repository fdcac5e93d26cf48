variable "memory" {
  type = string
}

resource "aws_ecs_task_definition" "good_offered" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "2048"
  memory                   = "4096"
}

resource "aws_ecs_task_definition" "good_numbers" {
  family                   = "app"
  requires_compatibilities = ["EC2", "FARGATE"]
  cpu                      = 16384
  memory                   = 122880
}

resource "aws_ecs_task_definition" "good_words" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = ".5 vCPU"
  memory                   = "1GB"
}

# On one's own hosts any size will do.
resource "aws_ecs_task_definition" "good_on_hosts" {
  family                   = "app"
  requires_compatibilities = ["EC2"]
  cpu                      = "2048"
  memory                   = "1000"
}

resource "aws_ecs_task_definition" "good_without_launch_type" {
  family = "app"
}

resource "aws_ecs_task_definition" "bad_too_little_memory" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "2048"
  memory                   = "2048"
}

resource "aws_ecs_task_definition" "bad_between_steps" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "8192"
  memory                   = "18432"
}

resource "aws_ecs_task_definition" "bad_cpu" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "1500"
  memory                   = "4096"
}

resource "aws_ecs_task_definition" "bad_without_memory" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "1024"
}

resource "aws_ecs_task_definition" "bad_no_size" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "1024"
  memory                   = "plenty"
}

resource "aws_ecs_task_definition" "unknown_memory" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "1024"
  memory                   = var.memory
}

resource "aws_ecs_task_definition" "unknown_larger_than_all" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "32768"
  memory                   = "65536"
}

resource "aws_ecs_task_definition" "unknown_on_condition" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "1024"
  memory                   = var.memory == "" ? "2048" : null
}
