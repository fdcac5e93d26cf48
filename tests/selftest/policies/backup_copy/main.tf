variable "vault_arn" {
  type = string
}

variable "unknown_region" {
  type = string
}

provider "aws" {
  region = "us-east-1"
}

provider "aws" {
  alias  = "dr"
  region = "us-west-2"
}

provider "aws" {
  alias  = "audit"
  region = "us-east-1"
}

provider "aws" {
  alias  = "somewhere"
  region = var.unknown_region
}

resource "aws_backup_vault" "main" {
  name = "main"
}

resource "aws_backup_vault" "second" {
  name = "second"
}

resource "aws_backup_vault" "dr" {
  provider = aws.dr
  name     = "dr"
}

resource "aws_backup_vault" "audit" {
  provider = aws.audit
  name     = "audit"
}

resource "aws_backup_vault" "somewhere" {
  provider = aws.somewhere
  name     = "somewhere"
}

resource "aws_backup_plan" "good_other_region" {
  name = "database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name

    copy_action {
      destination_vault_arn = aws_backup_vault.dr.arn
    }
  }
}

resource "aws_backup_plan" "good_one_rule_of_two" {
  name = "database"

  rule {
    rule_name         = "hourly"
    target_vault_name = aws_backup_vault.main.name
  }

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name

    copy_action {
      destination_vault_arn = aws_backup_vault.second.arn
    }

    copy_action {
      destination_vault_arn = "arn:aws:backup:eu-west-1:111122223333:backup-vault:dr"
    }
  }
}

resource "aws_backup_plan" "bad_without_copy" {
  name = "database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
  }
}

resource "aws_backup_plan" "bad_same_region" {
  name = "database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name

    copy_action {
      destination_vault_arn = aws_backup_vault.second.arn
    }
  }
}

# Another provider and the same region.
resource "aws_backup_plan" "bad_other_account_same_region" {
  name = "database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name

    copy_action {
      destination_vault_arn = aws_backup_vault.audit.arn
    }
  }
}

resource "aws_backup_plan" "bad_same_region_by_arn" {
  name = "database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name

    copy_action {
      destination_vault_arn = "arn:aws:backup:us-east-1:111122223333:backup-vault:second"
    }
  }
}

resource "aws_backup_plan" "unknown_vault" {
  name = "database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name

    copy_action {
      destination_vault_arn = var.vault_arn
    }
  }
}

resource "aws_backup_plan" "unknown_region_of_the_vault" {
  name = "database"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name

    copy_action {
      destination_vault_arn = aws_backup_vault.somewhere.arn
    }
  }
}
