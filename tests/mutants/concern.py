"""Which requirements a change concerns: a kill by any other is no proof that it was noticed."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What looks at everything: the whole stack, environments, secrets, grants, cost, Checkov.
ALWAYS = ("TF", "ENV", "SEC", "IAM", "POL", "COST", "STATE", "KMS")
# The first that matches an address' type, or a local's or variable's name.
_BY_TYPE = (
    (r"aws_(vpc_)?security_group|aws_default_security_group", "NET"),
    (r"aws_route53", "DNS CDN ALB"),
    (r"aws_(vpc|subnet|route|nat|internet|eip|flow_log|network_acl|vpn|db_subnet)", "NET DB MON"),
    (r"aws_elasticache", "REDIS WIN NET MON DB"),
    (r"aws_(rds|db)_|^terraform_data", "DB WIN DR NET MON"),
    (r"aws_ecs", "ECS SCALE NET MON PIPE ALB"),
    (r"aws_ecr", "UPD ECS PIPE"),
    (r"aws_appautoscaling", "SCALE"),
    (r"aws_lb", "ALB NET SCALE MON CDN ECS"),
    (r"aws_cloudwatch_(metric_alarm|log_metric_filter)", "MON AUD"),
    (r"aws_cloudwatch_log_group", "MON AUD NET DB REDIS ECS WAF"),
    (r"aws_cloudwatch_event", "MON"),
    (r"aws_sns", "MON REDIS AUD"),
    (r"aws_kms", "KMS MON STORE AUD CDN DR"),
    (r"aws_(cloudfront|acm)", "CDN DNS ALB WAF"),
    (r"aws_waf", "WAF CDN MON"),
    (r"aws_cloudtrail", "AUD STORE"),
    (r"aws_s3", "STORE ALB CDN AUD"),
    (r"aws_(secretsmanager|lambda)", "WIN ECS MON DB"),
    (r"aws_backup", "DR WIN"),
    (r"aws_(budgets|ce)_", "MON"),
)


def families(resource_type: str) -> tuple[str, ...]:
    """The heads of the ids of the requirements concerned; none means that any may be."""
    if not resource_type.startswith("aws_") and resource_type != "terraform_data":
        return ()
    if resource_type.startswith("aws_iam"):
        return ()  # a policy is for some service, which any family may look at
    for pattern, heads in _BY_TYPE:
        if re.match(pattern, resource_type):
            return (*heads.split(), *ALWAYS)
    return ()


def concerned(families_: Sequence[str], requirement: str) -> bool:
    """Whether a requirement, by its id, is of one of the families; without families any is."""
    return not families_ or requirement.partition("-")[0] in families_
