# The writer's permission is part of the bucket. Load balancer and CloudTrail write a test object
# the moment they are told the name, so that output waits for the policy; CloudFront looks at the
# ownership setting, and its own ARN may stand in the policy, so that one waits for no more.

output "id" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.id
  depends_on  = [aws_s3_bucket_policy.this, aws_s3_bucket_ownership_controls.this]
}

output "bucket_regional_domain_name" {
  description = "Regional domain name of the bucket."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
  depends_on  = [aws_s3_bucket_ownership_controls.this]
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}
