variable "token" {
  type      = string
  sensitive = true
}

variable "no_token" {
  type    = string
  default = null
}

variable "encrypted" {
  type = bool
}

resource "aws_elasticache_replication_group" "good_token" {
  replication_group_id       = "main"
  description                = "A token"
  transit_encryption_enabled = true
  auth_token                 = var.token
}

resource "aws_elasticache_replication_group" "good_users" {
  replication_group_id       = "main"
  description                = "Users of their own"
  transit_encryption_enabled = "true"
  transit_encryption_mode    = "required"
  user_group_ids             = ["main"]
}

# Each passes CKV_AWS_31.
resource "aws_elasticache_replication_group" "bad_still_in_clear" {
  replication_group_id       = "main"
  description                = "Clear connections are still taken"
  transit_encryption_enabled = true
  transit_encryption_mode    = "preferred"
  auth_token                 = var.token
}

resource "aws_elasticache_replication_group" "bad_token_of_null" {
  replication_group_id       = "main"
  description                = "Nobody is asked"
  transit_encryption_enabled = true
  auth_token                 = null
}

resource "aws_elasticache_replication_group" "bad_encryption_written_off" {
  replication_group_id       = "main"
  description                = "False, written as text"
  transit_encryption_enabled = "false"
  auth_token                 = var.token
}

resource "aws_elasticache_replication_group" "bad_without_token" {
  replication_group_id       = "main"
  description                = "Encrypted for anybody"
  transit_encryption_enabled = true
}

resource "aws_elasticache_replication_group" "bad_nothing_said" {
  replication_group_id = "main"
  description          = "In clear for anybody"
}

resource "aws_elasticache_replication_group" "unknown_encryption" {
  replication_group_id       = "main"
  description                = "Nobody knows"
  transit_encryption_enabled = var.encrypted
  auth_token                 = var.token
}

resource "aws_elasticache_replication_group" "unknown_token_that_may_be_null" {
  replication_group_id       = "main"
  description                = "Asked only if somebody gives a token"
  transit_encryption_enabled = true
  auth_token                 = var.no_token
}

resource "aws_elasticache_replication_group" "unknown_token_on_condition" {
  replication_group_id       = "main"
  description                = "A token only in some environments"
  transit_encryption_enabled = true
  auth_token                 = var.encrypted ? var.token : null
}

resource "aws_elasticache_replication_group" "unknown_encryption_on_condition" {
  replication_group_id       = "main"
  description                = "Encrypted only in some environments"
  transit_encryption_enabled = var.encrypted ? true : null
  auth_token                 = var.token
}
