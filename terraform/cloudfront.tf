locals {
  # Policies that AWS manages; their ids are the same in every account (CloudFront developer
  # guide, "Use managed cache policies" and the two pages beside it).
  cache_policy = {
    optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6" # CachingOptimized
    disabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # CachingDisabled
  }
  # The application sees the host its users typed; the load balancer's certificate covers it.
  origin_request_policy_all_viewer = "216adef6-5c7f-47e4-b989-5492eafa07d3" # AllViewer
  response_headers_policy_security = "67f7725c-6f97-4210-82d7-5512b31e9d03" # SecurityHeadersPolicy

  # What says who is asking, besides the cookies.
  identity_headers = ["Authorization", "x-stack-access-token", "x-stack-auth"]

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
    origin_request_policy_id   = local.origin_request_policy_all_viewer
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
    cache_policy_id            = aws_cloudfront_cache_policy.api.id
    origin_request_policy_id   = local.origin_request_policy_all_viewer
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

# AWS's own policies that heed Cache-Control leave Authorization out of the key: an answer for one
# user could be given to the next. What says who is asking, and whatever else may change an answer,
# is part of the key here.
resource "aws_cloudfront_cache_policy" "api" {
  name        = "${local.name_prefix}-api"
  comment     = "As long as the answer's Cache-Control says, and for this caller only"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "all"
    }

    headers_config {
      header_behavior = "whitelist"

      headers {
        items = concat(local.identity_headers, ["Origin"])
      }
    }

    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

resource "aws_cloudfront_origin_access_control" "assets" {
  name                              = "${local.name_prefix}-assets"
  description                       = "CloudFront signs its requests to the assets bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}
