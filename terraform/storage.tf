# Names of buckets are global, so they carry the account.

locals {
  bucket_suffix = "${local.name_prefix}-${var.aws_account_id}"
}

# --- Access logs of the load balancer -----------------------------------------------------

module "alb_logs" {
  source = "./modules/bucket"

  name               = "alb-logs-${local.bucket_suffix}"
  force_destroy      = local.disposable
  policy_documents   = [data.aws_iam_policy_document.alb_logs.json]
  archive_after_days = 90
  expire_after_days  = 365
}

data "aws_iam_policy_document" "alb_logs" {
  statement {
    sid       = "LoadBalancerWritesLogs"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::alb-logs-${local.bucket_suffix}/AWSLogs/${var.aws_account_id}/*"]

    principals {
      type        = "Service"
      identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
    }
  }
}

# --- Access logs of the distribution ------------------------------------------------------

module "cdn_logs" {
  source = "./modules/bucket"

  name          = "cdn-logs-${local.bucket_suffix}"
  force_destroy = local.disposable

  # CloudFront's standard logs are delivered by ACL.
  object_ownership   = "BucketOwnerPreferred"
  archive_after_days = 90
  expire_after_days  = 365
}

# --- Static assets ------------------------------------------------------------------------

module "assets" {
  source = "./modules/bucket"

  name                = "assets-${local.bucket_suffix}"
  force_destroy       = local.disposable
  kms_key_arn         = aws_kms_key.main.arn
  policy_documents    = [data.aws_iam_policy_document.assets.json]
  intelligent_tiering = true
}

data "aws_iam_policy_document" "assets" {
  statement {
    sid       = "DistributionReadsAssets"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::assets-${local.bucket_suffix}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudfront_distribution.main.arn]
    }
  }
}

# --- Audit trail --------------------------------------------------------------------------

module "trail_logs" {
  source = "./modules/bucket"

  name               = "trail-logs-${local.bucket_suffix}"
  force_destroy      = local.disposable
  kms_key_arn        = aws_kms_key.main.arn
  policy_documents   = [data.aws_iam_policy_document.trail_logs.json]
  archive_after_days = 90
  expire_after_days  = 2557 # Seven years.
}

data "aws_iam_policy_document" "trail_logs" {
  statement {
    sid       = "TrailChecksBucket"
    actions   = ["s3:GetBucketAcl"]
    resources = ["arn:aws:s3:::trail-logs-${local.bucket_suffix}"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }

  statement {
    sid       = "TrailWritesLogs"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::trail-logs-${local.bucket_suffix}/AWSLogs/${var.aws_account_id}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}
