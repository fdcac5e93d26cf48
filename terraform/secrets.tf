# Every value the application must not show reaches it through Secrets Manager. Values are
# written by write-only arguments: they are in no plan, no state and no output.

locals {
  # A deleted secret keeps its name until the window ends; none outside production.
  recovery_window_in_days = local.disposable ? 0 : 30
}

resource "aws_secretsmanager_secret" "database" {
  name        = "${local.name_prefix}/database"
  description = "Aurora credentials and the connection URLs made of them"
  kms_key_id  = aws_kms_key.main.arn

  recovery_window_in_days = local.recovery_window_in_days
}

resource "aws_secretsmanager_secret_version" "database" {
  secret_id = aws_secretsmanager_secret.database.id

  secret_string_wo = jsonencode({
    username     = var.db_master_username
    password     = ephemeral.aws_secretsmanager_random_password.database.random_password
    DATABASE_URL = "${local.database_login}@${aws_rds_cluster.main.endpoint}:5432/${local.database_name}?sslmode=require"
    READ_REPLICA_URLS = join(",", [
      for endpoint in local.replica_endpoints :
      "${local.database_login}@${endpoint}:5432/${local.database_name}?sslmode=require"
    ])
  })
  secret_string_wo_version = 1
}

locals {
  database_login = "postgresql://${var.db_master_username}:${ephemeral.aws_secretsmanager_random_password.database.random_password}"

  replica_endpoints = [
    aws_rds_cluster_instance.replica_1.endpoint,
    aws_rds_cluster_instance.replica_2.endpoint,
  ]
}

resource "aws_secretsmanager_secret" "redis_auth_token" {
  name        = "${local.name_prefix}/redis-auth-token"
  description = "AUTH token of the Redis replication group"
  kms_key_id  = aws_kms_key.main.arn

  recovery_window_in_days = local.recovery_window_in_days
}

resource "aws_secretsmanager_secret_version" "redis_auth_token" {
  secret_id                = aws_secretsmanager_secret.redis_auth_token.id
  secret_string_wo         = var.redis_auth_token
  secret_string_wo_version = 1
}

# Issued by the vendors, so AWS cannot rotate them: the reminder in monitoring.tf asks people to.
locals {
  vendor_secrets = {
    STACK_AUTH_SECRET_KEY = "stack-auth-secret-key"
    SENDGRID_API_KEY      = "sendgrid-api-key"
    TWILIO_ACCOUNT_SID    = "twilio-account-sid"
    TWILIO_AUTH_TOKEN     = "twilio-auth-token"
    SENTRY_DSN            = "sentry-dsn"
    DATADOG_API_KEY       = "datadog-api-key"
  }
}

resource "aws_secretsmanager_secret" "vendor" {
  for_each = local.vendor_secrets

  name        = "${local.name_prefix}/${each.value}"
  description = "${each.key} of the application, issued by its vendor"
  kms_key_id  = aws_kms_key.main.arn

  recovery_window_in_days = local.recovery_window_in_days
}

resource "aws_secretsmanager_secret_version" "vendor" {
  for_each = local.vendor_secrets

  secret_id = aws_secretsmanager_secret.vendor[each.key].id

  # A secret without a version would keep the tasks from starting at all.
  secret_string_wo         = lookup(var.vendor_secrets, each.key, "set-me-with-put-secret-value")
  secret_string_wo_version = var.vendor_secrets_version
}

# Rotation: monthly, inside the database's maintenance window.

resource "aws_secretsmanager_secret_rotation" "database" {
  secret_id           = aws_secretsmanager_secret.database.id
  rotation_lambda_arn = aws_lambda_function.rotate_secrets.arn

  rotation_rules {
    schedule_expression = "cron(0 4 ? * SUN#1 *)"
    duration            = "1h"
  }

  depends_on = [aws_lambda_permission.rotate_secrets, aws_secretsmanager_secret_version.database]
}

resource "aws_secretsmanager_secret_rotation" "redis_auth_token" {
  secret_id           = aws_secretsmanager_secret.redis_auth_token.id
  rotation_lambda_arn = aws_lambda_function.rotate_secrets.arn

  rotation_rules {
    schedule_expression = "cron(0 5 ? * SUN#1 *)"
    duration            = "1h"
  }

  depends_on = [aws_lambda_permission.rotate_secrets, aws_secretsmanager_secret_version.redis_auth_token]
}

# The archive is built from the source beside it by functions/build.py and committed, because
# Terraform alone cannot make one.
resource "aws_lambda_function" "rotate_secrets" {
  function_name    = "${local.name_prefix}-rotate-secrets"
  description      = "Rotates the Aurora password and the Redis AUTH token"
  role             = aws_iam_role.rotate_secrets.arn
  filename         = "${path.module}/functions/rotate_secrets.zip"
  source_code_hash = filebase64sha256("${path.module}/functions/rotate_secrets.zip")
  handler          = "rotate_secrets.handler"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  timeout          = 900
  memory_size      = 256

  kms_key_arn = aws_kms_key.main.arn

  environment {
    variables = {
      DATABASE_SECRET_ARN  = aws_secretsmanager_secret.database.arn
      DATABASE_CLUSTER     = aws_rds_cluster.main.cluster_identifier
      REDIS_SECRET_ARN     = aws_secretsmanager_secret.redis_auth_token.arn
      REDIS_GROUP          = aws_elasticache_replication_group.main.replication_group_id
      ECS_CLUSTER          = aws_ecs_cluster.main.name
      ECS_SERVICE          = aws_ecs_service.app.name
      WAIT_TIMEOUT_SECONDS = "600"
    }
  }

  tracing_config {
    mode = "Active"
  }

  depends_on = [aws_cloudwatch_log_group.rotate_secrets, aws_iam_role_policy.rotate_secrets]
}

resource "aws_lambda_permission" "rotate_secrets" {
  statement_id   = "SecretsManagerInvokes"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rotate_secrets.function_name
  principal      = "secretsmanager.amazonaws.com"
  source_account = var.aws_account_id
}

resource "aws_cloudwatch_log_group" "rotate_secrets" {
  name              = "/aws/lambda/${local.name_prefix}-rotate-secrets"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn
}
