# Aurora keeps its own daily backups for seven days and restores to any second of them. This plan
# puts a daily copy where a failure of the region cannot reach it.

resource "aws_backup_vault" "main" {
  name        = local.name_prefix
  kms_key_arn = aws_kms_key.main.arn

  force_destroy = local.disposable
}

resource "aws_backup_vault" "copy" {
  provider = aws.dr

  name        = "${local.name_prefix}-copy"
  kms_key_arn = aws_kms_key.backup_copy.arn

  force_destroy = local.disposable
}

# The ARN of an Aurora cluster looks like any other database cluster's: AWS Backup passes it over
# unless the account has opted in to Aurora in this region (its developer guide, "Assign resources
# with AWS CLI"). What the account has decided of other services is no business of this stack.
resource "aws_backup_region_settings" "main" {
  resource_type_opt_in_preference = {
    Aurora = true
  }

  lifecycle {
    ignore_changes = [resource_type_opt_in_preference, resource_type_management_preference]
  }
}

resource "aws_backup_plan" "database" {
  name = "${local.name_prefix}-database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 6 * * ? *)"
    start_window      = 60
    completion_window = 240

    lifecycle {
      delete_after = 7
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.copy.arn

      lifecycle {
        delete_after = 35
      }
    }
  }
}

resource "aws_backup_selection" "database" {
  name         = "${local.name_prefix}-database"
  plan_id      = aws_backup_plan.database.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [aws_rds_cluster.main.arn]

  depends_on = [aws_backup_region_settings.main]
}

resource "aws_iam_role" "backup" {
  name               = "${local.name_prefix}-backup"
  assume_role_policy = data.aws_iam_policy_document.assume["backup.amazonaws.com"].json
}

resource "aws_iam_role_policy_attachment" "backup" {
  role       = aws_iam_role.backup.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}
