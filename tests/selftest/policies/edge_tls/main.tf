variable "minimum_tls" {
  type = string
}

resource "aws_cloudfront_distribution" "good_2021" {
  enabled = true

  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:111122223333:certificate/main"
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_cloudfront_distribution" "good_tls_1_3" {
  enabled = true

  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:111122223333:certificate/main"
    minimum_protocol_version = "TLSv1.3_2025"
    ssl_support_method       = "sni-only"
  }
}

# Both pass CKV_AWS_174.
resource "aws_cloudfront_distribution" "bad_without_forward_secrecy" {
  enabled = true

  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:111122223333:certificate/main"
    minimum_protocol_version = "TLSv1.2_2018"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_cloudfront_distribution" "bad_with_cbc" {
  enabled = true

  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:111122223333:certificate/main"
    minimum_protocol_version = "TLSv1.2_2019"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_cloudfront_distribution" "bad_tls_1_0" {
  enabled = true

  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:111122223333:certificate/main"
    minimum_protocol_version = "TLSv1_2016"
    ssl_support_method       = "sni-only"
  }
}

# CloudFront's own certificate takes TLS 1.0 whatever is asked for.
resource "aws_cloudfront_distribution" "bad_own_certificate" {
  enabled = true

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

resource "aws_cloudfront_distribution" "unknown_variable" {
  enabled = true

  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:111122223333:certificate/main"
    minimum_protocol_version = var.minimum_tls
    ssl_support_method       = "sni-only"
  }
}
