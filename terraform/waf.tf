# The same rules twice: before CloudFront, and before the load balancer, whose address is public
# as well and would otherwise be a way around them.

locals {
  # AWS-managed rule groups, in the order of their evaluation.
  waf_rule_groups = [
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
  ]

  # Counted instead of blocked: it would refuse every body over 8 KB, and the panel takes uploads.
  waf_counted_rules = {
    AWSManagedRulesCommonRuleSet = ["SizeRestrictions_BODY"]
  }
}

resource "aws_wafv2_web_acl" "cloudfront" {
  name        = "${local.name_prefix}-cloudfront"
  description = "MantisNXT ${var.environment}: distribution"
  scope       = "CLOUDFRONT"

  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = local.waf_rule_groups

    content {
      name     = rule.value
      priority = rule.key

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.value

          dynamic "rule_action_override" {
            for_each = lookup(local.waf_counted_rules, rule.value, [])

            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.value
        sampled_requests_enabled   = true
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "${local.name_prefix}-cloudfront"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "load_balancer" {
  name        = "${local.name_prefix}-alb"
  description = "MantisNXT ${var.environment}: load balancer"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = local.waf_rule_groups

    content {
      name     = rule.value
      priority = rule.key

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.value

          dynamic "rule_action_override" {
            for_each = lookup(local.waf_counted_rules, rule.value, [])

            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.value
        sampled_requests_enabled   = true
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "${local.name_prefix}-alb"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "load_balancer" {
  resource_arn = aws_lb.main.arn
  web_acl_arn  = aws_wafv2_web_acl.load_balancer.arn
}

# Whoever reads the log must not be able to use a session found in it.
locals {
  waf_redacted_headers = [for name in concat(["cookie"], local.identity_headers) : lower(name)]
}

# WAF delivers only to groups whose name begins with aws-waf-logs-.
resource "aws_cloudwatch_log_group" "waf" {
  for_each = toset(["cloudfront", "alb"])

  name              = "aws-waf-logs-${local.name_prefix}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_wafv2_web_acl_logging_configuration" "cloudfront" {
  resource_arn            = aws_wafv2_web_acl.cloudfront.arn
  log_destination_configs = [aws_cloudwatch_log_group.waf["cloudfront"].arn]

  dynamic "redacted_fields" {
    for_each = local.waf_redacted_headers

    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }
}

resource "aws_wafv2_web_acl_logging_configuration" "load_balancer" {
  resource_arn            = aws_wafv2_web_acl.load_balancer.arn
  log_destination_configs = [aws_cloudwatch_log_group.waf["alb"].arn]

  dynamic "redacted_fields" {
    for_each = local.waf_redacted_headers

    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }
}
