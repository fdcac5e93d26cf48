variable "environment" {
  description = "Environment this state describes; part of every name."
  type        = string

  validation {
    condition     = contains(["develop", "staging", "production"], var.environment)
    error_message = "environment must be develop, staging or production."
  }
}

variable "aws_account_id" {
  description = "AWS account of the environment; the provider refuses any other."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.aws_account_id))
    error_message = "aws_account_id must be the twelve digits of an AWS account."
  }
}

variable "aws_region" {
  description = "Region of the stack. CloudFront reads its certificate and web ACL from us-east-1 only."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = var.aws_region == "us-east-1"
    error_message = "aws_region must be us-east-1: CloudFront's certificate and web ACL live there."
  }
}

variable "dr_region" {
  description = "Region that receives the copies of the backups."
  type        = string
  default     = "us-west-2"

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[0-9]$", var.dr_region)) && var.dr_region != "us-east-1"
    error_message = "dr_region must be an AWS region other than us-east-1."
  }
}

variable "availability_zones" {
  description = "Three availability zones; one public, private and database subnet in each."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b", "us-east-1c"]

  validation {
    condition     = length(distinct(var.availability_zones)) == 3
    error_message = "availability_zones must name three different zones."
  }
}

variable "single_nat_gateway" {
  description = "Share one NAT gateway between the zones (cheaper; one zone's failure cuts all egress)."
  type        = bool
}

variable "domain_name" {
  description = "Domain of the environment's hosted zone; the admin panel answers at its apex."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name must be a fully qualified domain name in lower case."
  }
}

variable "alert_email" {
  description = "Address that receives alarms, budget notices and cache events."
  type        = string

  validation {
    condition     = can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

# --- Database -----------------------------------------------------------------------------

variable "db_engine_version" {
  description = "Aurora PostgreSQL version. 15.4 can no longer be created."
  type        = string
  default     = "15.12"
}

variable "db_master_username" {
  description = "Master user of the Aurora cluster. Its password is generated and never passes through a variable."
  type        = string
  default     = "mantisnxt_admin"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.db_master_username)) && var.db_master_username != "admin"
    error_message = "db_master_username must be a PostgreSQL identifier and not the reserved name admin."
  }
}

variable "db_instance_class" {
  description = "Instance class of the Aurora writer."
  type        = string
}

variable "db_replica_instance_class" {
  description = "Instance class of the two Aurora readers; they are also the failover targets."
  type        = string
}

# --- Cache --------------------------------------------------------------------------------

variable "redis_node_type" {
  description = "Node type of the Redis replication group."
  type        = string
}

variable "redis_auth_token" {
  description = "First AUTH token of Redis, replaced by rotation as soon as the group exists. Give it as TF_VAR_redis_auth_token."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9!&#$^<>-]{16,128}$", var.redis_auth_token))
    error_message = "redis_auth_token must be 16 to 128 characters out of letters, digits and !&#$^<>-."
  }
}

# --- Application --------------------------------------------------------------------------

variable "image_tag" {
  description = "Image of the first deployment; afterwards the pipeline registers task definition revisions."
  type        = string
  default     = "bootstrap"
}

variable "app_desired_count" {
  description = "Tasks at creation; autoscaling owns the count afterwards."
  type        = number

  validation {
    condition     = var.app_desired_count >= var.app_min_count && var.app_desired_count <= var.app_max_count
    error_message = "app_desired_count must lie between app_min_count and app_max_count."
  }
}

variable "app_min_count" {
  description = "Smallest number of tasks in working hours."
  type        = number

  validation {
    condition     = var.app_min_count >= 1
    error_message = "app_min_count must be at least 1."
  }
}

variable "app_max_count" {
  description = "Largest number of tasks."
  type        = number

  validation {
    condition     = var.app_max_count >= var.app_min_count
    error_message = "app_max_count must not be below app_min_count."
  }
}

variable "app_off_peak_min_count" {
  description = "Smallest number of tasks off peak."
  type        = number

  validation {
    condition     = var.app_off_peak_min_count >= 1 && var.app_off_peak_min_count <= var.app_min_count
    error_message = "app_off_peak_min_count must lie between 1 and app_min_count."
  }
}

variable "use_spot" {
  description = "Run the application on Fargate Spot (interruptible; never in production)."
  type        = bool

  validation {
    condition     = !(var.use_spot && var.environment == "production")
    error_message = "use_spot must be false in production: Spot tasks can be reclaimed at two minutes' notice."
  }
}

variable "stack_auth_project_id" {
  description = "Stack Auth project of the environment."
  type        = string
}

variable "stack_auth_publishable_key" {
  description = "Stack Auth publishable client key; public by design."
  type        = string
}

variable "email_from" {
  description = "Sender address of outgoing mail."
  type        = string
  default     = "noreply@mantisnxt.com"
}

variable "twilio_phone_number" {
  description = "Sender number of outgoing text messages, in E.164 form."
  type        = string

  validation {
    condition     = can(regex("^\\+[1-9][0-9]{6,14}$", var.twilio_phone_number))
    error_message = "twilio_phone_number must be in E.164 form, such as +15005550006."
  }
}

variable "vendor_secrets" {
  description = "First values of the vendor-issued secrets, by environment variable name. Missing ones start as a placeholder and are set with put-secret-value. Give it as TF_VAR_vendor_secrets."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
  default     = {}
}

variable "vendor_secrets_version" {
  description = "Raise by one to write vendor_secrets again."
  type        = number
  default     = 1
}

# --- Operations ---------------------------------------------------------------------------

variable "log_retention_days" {
  description = "Retention of every CloudWatch log group, in days."
  type        = number

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be a retention CloudWatch Logs offers, at least 30 days."
  }
}

variable "monthly_budget_usd" {
  description = "Monthly budget of the environment in US dollars."
  type        = number

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "monthly_budget_usd must be positive."
  }
}

variable "cost_anomaly_monitor_arn" {
  description = "ARN of the account's monitor of services in Cost Anomaly Detection, where there is one already; null makes one. An account has at most one."
  type        = string
  default     = null

  validation {
    condition = var.cost_anomaly_monitor_arn == null || can(regex(
      "^arn:aws:ce::[0-9]{12}:anomalymonitor/[0-9a-f-]+$", var.cost_anomaly_monitor_arn
    ))
    error_message = "cost_anomaly_monitor_arn must be null or the ARN of an anomaly monitor."
  }
}

variable "github_repository" {
  description = "GitHub repository whose pipeline deploys, as it stands in the subject of its tokens: owner/name, or owner@id/name@id where GitHub adds the ids (every repository created or renamed since 15 July 2026)."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+(@[0-9]+)?/[A-Za-z0-9._-]+(@[0-9]+)?$", var.github_repository))
    error_message = "github_repository must be of the form owner/name, or owner@id/name@id."
  }
}

variable "github_branch" {
  description = "The one branch that deploys to this environment."
  type        = string

  validation {
    condition = var.github_branch == lookup(
      { develop = "develop", staging = "staging", production = "main" }, var.environment, ""
    )
    error_message = "github_branch must be develop for develop, staging for staging and main for production."
  }
}
