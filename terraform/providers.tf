terraform {
  # 1.11 brought write-only arguments and native S3 state locking; the stack needs both.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Partial on purpose: each environment has its own bucket key, given at init by
  # -backend-config=environments/<environment>.s3.tfbackend.
  backend "s3" {}
}

locals {
  name_prefix = "mantisnxt-${var.environment}"

  # Outside production a destroy takes everything with it, and the next apply finds no name taken.
  disposable = var.environment != "production"

  common_tags = {
    Project     = "MantisNXT"
    Environment = var.environment
    ManagedBy   = "Terraform"
  }
}

provider "aws" {
  region = var.aws_region

  # One account per environment: a plan with the wrong credentials stops here.
  allowed_account_ids = [var.aws_account_id]

  default_tags {
    tags = local.common_tags
  }
}

# Holds the copies of the backups, out of reach of a failure of the main region.
provider "aws" {
  alias  = "dr"
  region = var.dr_region

  allowed_account_ids = [var.aws_account_id]

  default_tags {
    tags = local.common_tags
  }
}
