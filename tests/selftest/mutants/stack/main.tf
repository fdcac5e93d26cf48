# Small, and never planned: every operator fits somewhere in it.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  backend "s3" {}
}

provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = [var.aws_account_id]

  default_tags {
    tags = local.common_tags
  }
}

locals {
  app_port = 3000

  common_tags = {
    Project = "Example"
    Owner   = "Nobody" # A comment stays with its line.
  }

  container_environment = {
    NODE_ENV  = var.environment
    REDIS_TLS = "true"
  }

  container_secrets = {
    DATABASE_URL = "${aws_secretsmanager_secret.database.arn}:url::"
  }

  container = {
    name                   = "app"
    user                   = "1000"
    readonlyRootFilesystem = true
  }

  events = {
    root = "{ $.userIdentity.type = \"Root\" }"
  }

  url = "postgresql://db:5432/app?sslmode=require"
}
