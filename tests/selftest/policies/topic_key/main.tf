resource "aws_kms_key" "notifications" {
  enable_key_rotation = true
}

resource "aws_sns_topic" "good_own_key" {
  name              = "alerts"
  kms_master_key_id = aws_kms_key.notifications.arn
}

# The guide's topic.
resource "aws_sns_topic" "bad_unencrypted" {
  name = "alerts"
}

# Passes CKV_AWS_26; CloudWatch cannot use this key.
resource "aws_sns_topic" "bad_key_managed_by_aws" {
  name              = "alerts"
  kms_master_key_id = "alias/aws/sns"
}
