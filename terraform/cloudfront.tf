locals {
  # Policies that AWS manages; their ids are the same in every account (CloudFront developer
  # guide, "Use managed cache policies" and the two pages beside it).
  cache_policy = {
    optimized          = "658327ea-f89d-4fab-a63d-7e88639e58f6" # CachingOptimized
    disabled           = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # CachingDisabled
    origin_and_queries = "4cc15a8a-d715-48a4-82b8-cc0b614638fe" # UseOriginCacheControlHeaders-QueryStrings
  }
  origin_request_policy_all_viewer_except_host = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
  response_headers_policy_security             = "67f7725c-6f97-4210-82d7-5512b31e9d03"

  load_balancer_origin = "load-balancer"
  assets_origin        = "assets"
}

resource "aws_cloudfront_distribution" "main" {
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  comment         = "MantisNXT ${var.environment}"
  aliases         = [var.domain_name]
  price_class     = "PriceClass_100"
  web_acl_id      = aws_wafv2_web_acl.cloudfront.arn

  origin {
    origin_id   = local.load_balancer_origin
    domain_name = aws_route53_record.origin.fqdn

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  origin {
    origin_id                = local.assets_origin
    domain_name              = module.assets.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.assets.id
  }

  # Pages are made for one user and never cached.
  default_cache_behavior {
    target_origin_id           = local.load_balancer_origin
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.cache_policy.disabled
    origin_request_policy_id   = local.origin_request_policy_all_viewer_except_host
    response_headers_policy_id = local.response_headers_policy_security
  }

  # The API decides by its Cache-Control headers what may be cached; no header, no caching.
  ordered_cache_behavior {
    path_pattern               = "/api/*"
    target_origin_id           = local.load_balancer_origin
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.cache_policy.origin_and_queries
    origin_request_policy_id   = local.origin_request_policy_all_viewer_except_host
    response_headers_policy_id = local.response_headers_policy_security
  }

  ordered_cache_behavior {
    path_pattern               = "/static/*"
    target_origin_id           = local.assets_origin
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.cache_policy.optimized
    response_headers_policy_id = local.response_headers_policy_security
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.main.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  logging_config {
    bucket          = module.cdn_logs.bucket_regional_domain_name
    prefix          = "cloudfront/"
    include_cookies = false
  }

  tags = {
    Name = local.name_prefix
  }
}

resource "aws_cloudfront_origin_access_control" "assets" {
  name                              = "${local.name_prefix}-assets"
  description                       = "CloudFront signs its requests to the assets bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}
