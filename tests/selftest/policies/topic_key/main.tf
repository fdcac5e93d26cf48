resource "aws_kms_key" "notifications" {
  enable_key_rotation = true
}

resource "aws_sns_topic" "good_own_key" {
  name              = "alerts"
  kms_master_key_id = aws_kms_key.notifications.arn
}

# ElastiCache can publish to a topic without a key only.
resource "aws_sns_topic" "good_of_the_cache" {
  name = "cache-alerts"
}

resource "aws_elasticache_replication_group" "main" {
  replication_group_id   = "main"
  description            = "Tells its topic"
  notification_topic_arn = aws_sns_topic.good_of_the_cache.arn
}

resource "aws_sns_topic" "bad_key_for_the_cache" {
  name              = "cache-alerts"
  kms_master_key_id = aws_kms_key.notifications.arn
}

resource "aws_elasticache_cluster" "main" {
  cluster_id             = "main"
  notification_topic_arn = aws_sns_topic.bad_key_for_the_cache.arn
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
