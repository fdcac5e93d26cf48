"""A plan's resources as quantities of priced items.

Every resource type of the plan is counted here or named as free in `prices.yaml`; one that is
neither makes the estimate invalid, for what is not known is not free.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.cost import application, data_stores, network, operations
from tests.support.cost.assumptions import Assumptions
from tests.support.cost.counting import Counter, Month
from tests.support.cost.estimate import Estimate, Quantity, estimate
from tests.support.cost.prices import Prices
from tests.support.cost.report import Estimates
from tests.support.outcomes import Invalid
from tests.support.plan import Plan
from tests.support.traffic import Traffic

COUNTERS: dict[str, Counter] = {
    "aws_acm_certificate": network.certificate,
    "aws_appautoscaling_policy": operations.scaling_policy,
    "aws_backup_plan": data_stores.backup_plan,
    "aws_cloudfront_distribution": network.distribution,
    "aws_cloudtrail": operations.trail,
    "aws_cloudwatch_event_rule": operations.event_rule,
    "aws_cloudwatch_log_group": operations.log_group,
    "aws_cloudwatch_log_metric_filter": operations.metric_filter,
    "aws_cloudwatch_metric_alarm": operations.alarm,
    "aws_ecr_repository": application.registry,
    "aws_ecs_cluster": application.cluster,
    "aws_ecs_service": application.service,
    "aws_ecs_task_definition": application.task_definition,
    "aws_eip": network.elastic_address,
    "aws_elasticache_replication_group": data_stores.redis,
    "aws_flow_log": network.flow_log,
    "aws_kms_key": operations.key,
    "aws_lambda_function": application.function,
    "aws_lb": network.load_balancer,
    "aws_nat_gateway": network.nat_gateway,
    "aws_rds_cluster": data_stores.aurora_cluster,
    "aws_rds_cluster_instance": data_stores.aurora_instance,
    "aws_route53_zone": network.hosted_zone,
    "aws_s3_bucket": operations.bucket,
    "aws_secretsmanager_secret": operations.secret,
    "aws_sns_topic_subscription": operations.subscription,
    "aws_vpc_endpoint": network.endpoint,
    "aws_wafv2_web_acl": network.web_acl,
}


def quantities(month: Month) -> list[Quantity]:
    """What the plan's resources use in a month.

    Raises Invalid, naming them, for types that are neither counted nor free, and for whatever else
    of a resource is charged for and not priced.
    """
    resources = month.plan.resources
    unknown = {
        r.type: r.where
        for r in resources
        if r.type not in COUNTERS and not month.prices.frees(r.type)
    }
    if unknown:
        named = ", ".join(f"{kind} ({where})" for kind, where in sorted(unknown.items()))
        raise Invalid(
            f"whether these cost money is not known: {named}: count them in "
            f"tests/support/cost/from_plan.py or name the type as free in {month.prices.name}"
        )
    return [
        quantity
        for resource in resources
        if resource.type in COUNTERS
        for quantity in COUNTERS[resource.type](month, resource)
    ]


def of_month(month: Month) -> Estimate:
    """The estimate for a month. Raises Invalid as `quantities` and for an item without a price."""
    share = month.assumed(month.assumptions.free_allowance_share)
    return estimate(quantities(month), month.prices, share)


def estimates(
    plans: Mapping[str, Plan], prices: Prices, assumptions: Assumptions, traffic: Traffic
) -> Estimates:
    """The estimate of each environment, or why it cannot be made."""
    found: dict[str, Estimate | Invalid] = {}
    for name, plan in plans.items():
        try:
            found[name] = of_month(Month(name, plan, prices, assumptions, traffic))
        except Invalid as error:
            found[name] = error
    return Estimates(prices, found)
