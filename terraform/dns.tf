# The environment's own zone. Create it first, alone (-target=aws_route53_zone.main), and delegate
# it from the parent zone (outputs.name_servers): until then the certificate cannot be validated,
# and the first apply waits for it in vain.
resource "aws_route53_zone" "main" {
  name    = var.domain_name
  comment = "MantisNXT ${var.environment}"
}

locals {
  # CloudFront checks the load balancer's certificate against the name it connects to.
  origin_domain_name = "origin.${var.domain_name}"
}

resource "aws_acm_certificate" "main" {
  domain_name               = var.domain_name
  subject_alternative_names = [local.origin_domain_name]
  validation_method         = "DNS"

  tags = {
    Name = local.name_prefix
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "certificate_validation" {
  for_each = {
    for option in aws_acm_certificate.main.domain_validation_options : option.domain_name => option
  }

  zone_id         = aws_route53_zone.main.zone_id
  name            = each.value.resource_record_name
  type            = each.value.resource_record_type
  records         = [each.value.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "main" {
  certificate_arn         = aws_acm_certificate.main.arn
  validation_record_fqdns = [for record in aws_route53_record.certificate_validation : record.fqdn]
}

resource "aws_route53_record" "app" {
  for_each = toset(["A", "AAAA"]) # The distribution answers on both.

  zone_id = aws_route53_zone.main.zone_id
  name    = var.domain_name
  type    = each.key

  alias {
    name                   = aws_cloudfront_distribution.main.domain_name
    zone_id                = aws_cloudfront_distribution.main.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "origin" {
  zone_id = aws_route53_zone.main.zone_id
  name    = local.origin_domain_name
  type    = "A"

  alias {
    name                   = aws_lb.main.dns_name
    zone_id                = aws_lb.main.zone_id
    evaluate_target_health = true
  }
}
