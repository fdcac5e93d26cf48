# What the guide's code uses and declares nowhere, in the least form that makes it plan. Everything else in
# this directory is the guide's own code, to the letter.

variable "environment" {
  type = string
}

variable "aws_region" {
  type    = string
  default = "us-east-1"
}

variable "db_master_username" {
  type    = string
  default = "mantisnxt"
}

variable "db_master_password" {
  type      = string
  sensitive = true
}

variable "db_instance_class" {
  type    = string
  default = "db.r6g.large"
}

variable "db_replica_instance_class" {
  type    = string
  default = "db.t4g.large"
}

variable "redis_node_type" {
  type    = string
  default = "cache.m6g.large"
}

variable "redis_auth_token" {
  type      = string
  sensitive = true
}

variable "ecr_repository_url" {
  type    = string
  default = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mantisnxt"
}

variable "image_tag" {
  type    = string
  default = "latest"
}

variable "app_desired_count" {
  type    = number
  default = 3
}

variable "app_min_count" {
  type    = number
  default = 3
}

variable "app_max_count" {
  type    = number
  default = 10
}

variable "log_retention_days" {
  type    = number
  default = 30
}

variable "alert_email" {
  type    = string
  default = "ops@mantisnxt.com"
}

locals {
  assume_role_policies = {
    for service in ["ecs-tasks.amazonaws.com", "monitoring.rds.amazonaws.com"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = service }
      }]
    })
  }
}

resource "aws_iam_role" "rds_monitoring" {
  assume_role_policy = local.assume_role_policies["monitoring.rds.amazonaws.com"]
}

resource "aws_iam_role" "ecs_execution" {
  assume_role_policy = local.assume_role_policies["ecs-tasks.amazonaws.com"]
}

resource "aws_iam_role" "ecs_task" {
  assume_role_policy = local.assume_role_policies["ecs-tasks.amazonaws.com"]
}

resource "aws_sns_topic" "cache_alerts" {
  name = "mantisnxt-${var.environment}-cache-alerts"
}

resource "aws_cloudwatch_log_group" "redis_slow_log" {
  name              = "/aws/elasticache/mantisnxt-${var.environment}/slow-log"
  retention_in_days = var.log_retention_days
}

resource "aws_secretsmanager_secret" "redis_auth_token" {
  name = "mantisnxt-${var.environment}/redis-auth-token"
}

resource "aws_secretsmanager_secret" "stack_auth_secret" {
  name = "mantisnxt-${var.environment}/stack-auth-secret"
}

resource "aws_acm_certificate" "main" {
  domain_name       = "admin.mantisnxt.com"
  validation_method = "DNS"
}

resource "aws_s3_bucket" "alb_logs" {
  bucket = "mantisnxt-${var.environment}-alb-logs"
}
