resource "aws_kms_key" "data" {
  enable_key_rotation = true
}

resource "aws_rds_cluster" "good_own_key" {
  engine            = "aurora-postgresql"
  storage_encrypted = true
  kms_key_id        = aws_kms_key.data.arn
}

# The guide's cluster says nothing of encryption.
resource "aws_rds_cluster" "bad_unencrypted" {
  engine = "aurora-postgresql"
}

resource "aws_rds_cluster" "bad_encryption_off" {
  engine            = "aurora-postgresql"
  storage_encrypted = false
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_rds_cluster" "bad_without_key" {
  engine            = "aurora-postgresql"
  storage_encrypted = true
}

resource "aws_rds_cluster" "bad_key_managed_by_aws" {
  engine            = "aurora-postgresql"
  storage_encrypted = true
  kms_key_id        = "arn:aws:kms:us-east-1:111122223333:alias/aws/rds"
}
