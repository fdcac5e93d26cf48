"""Logs, metrics, alarms, notifications, the trail, keys, secrets and buckets."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.cost.counting import KB_PER_GB, Month, blocks, chosen, unpriced
from tests.support.cost.estimate import Quantity
from tests.support.planned_resource import Resource

# Shorter periods are charged as high resolution (Amazon CloudWatch pricing).
STANDARD_PERIOD_SECONDS = 60


def log_group(month: Month, group: Resource) -> Iterator[Quantity]:
    """What is written, and what of it is kept when the retention period has passed once."""
    for_ever = month.assumed(month.assumptions.days_counted_of_for_ever)
    days = chosen(group, "retention_in_days", 0) or for_ever
    written = month.assumptions.log_group(str(group.symbolic("name")), group.where)
    requests = month.edge_requests if written.requests == "edge" else month.load.requests
    by_request = requests * written.kb_per_request * _share_let_through(month, group) / KB_PER_GB
    size = month.assumed(written.gb) + by_request
    included = requests * written.kb_included / KB_PER_GB
    kept = size * days / month.days * month.assumed(month.assumptions.log_bytes_kept_share)
    kind = chosen(group, "log_group_class", "STANDARD").lower()
    yield month.quantity(group, f"logs.{kind}.ingested_gb", max(0, size - included))
    yield month.quantity(group, "logs.kept_gb", kept)


def _share_let_through(month: Month, group: Resource) -> float:
    """The share of a firewall's records that reach the group: few where it drops all but some."""
    for logging in month.plan.all("aws_wafv2_web_acl_logging_configuration"):
        filters = blocks(logging, "logging_filter")
        dropping = [one for one in filters if one.value("default_behavior") == "DROP"]
        if dropping and group.address in logging.points_to("log_destination_configs"):
            return month.assumed(month.assumptions.log_share_after_filter)
    return 1


def metric_filter(month: Month, one: Resource) -> Iterator[Quantity]:
    """A custom metric for each transformation."""
    transformations = one.nested("metric_transformation")
    if any(transformation.symbolic("dimensions") for transformation in transformations):
        raise unpriced(one, "a metric for each value of a dimension")
    yield month.quantity(one, "cloudwatch.metric", len(transformations))


def alarm(month: Month, one: Resource) -> Iterator[Quantity]:
    """Each metric that the alarm looks at."""
    if chosen(one, "threshold_metric_id", ""):
        raise unpriced(one, "an alarm on an anomaly")
    queries = [query for query in one.nested("metric_query") if query.symbolic("metric")]
    period = min(
        [query.value("metric[0].period") for query in queries]
        or [chosen(one, "period", STANDARD_PERIOD_SECONDS)]
    )
    fast = period < STANDARD_PERIOD_SECONDS
    item = "cloudwatch.alarm_high_resolution" if fast else "cloudwatch.alarm"
    yield month.quantity(one, item, max(1, len(queries)))


def scaling_policy(month: Month, policy: Resource) -> Iterator[Quantity]:
    """The alarms that target tracking makes for itself; other policies make none."""
    if policy.value("policy_type") == "TargetTrackingScaling":
        alarms = month.assumed(month.assumptions.alarms_per_target_tracking_policy)
        yield month.quantity(policy, "cloudwatch.alarm", alarms)


def subscription(month: Month, one: Resource) -> Iterator[Quantity]:
    """Notifications by e-mail."""
    if (protocol := one.value("protocol")) not in ("email", "email-json"):
        raise unpriced(one, f"a subscription by {protocol}")
    yield month.quantity(
        one, "sns.email_thousand", month.assumed(month.assumptions.email_thousands)
    )


def event_rule(month: Month, rule: Resource) -> Iterator[Quantity]:
    """Nothing: schedules, and events of AWS's own services on the default bus, are free."""
    if chosen(rule, "event_bus_name", "default") != "default":
        raise unpriced(rule, "an event bus of one's own")
    yield from ()


def trail(month: Month, one: Resource) -> Iterator[Quantity]:
    """Nothing: the first copy of the management events is free. A second one or more is not."""
    if len(month.plan.all("aws_cloudtrail")) > 1:
        raise unpriced(one, "a second trail")
    for selector in ("event_selector", "advanced_event_selector", "insight_selector"):
        if one.symbolic(selector):
            raise unpriced(one, f"what {selector} asks for")
    yield from ()


def key(month: Month, one: Resource) -> Iterator[Quantity]:
    """Its versions, and its requests, which the keys of a plan share."""
    versions = month.assumed(month.assumptions.key_versions_charged)
    rotated = chosen(one, "enable_key_rotation", False)
    among = len(month.plan.all("aws_kms_key"))
    requests = month.assumed(month.assumptions.key_request_millions) / among
    yield month.quantity(one, "kms.key_version", versions if rotated else 1)
    yield month.quantity(one, "kms.request_million", requests)


def secret(month: Month, one: Resource) -> Iterator[Quantity]:
    """The secret, each replica of it, and its part of the calls."""
    replicas = len(blocks(one, "replica"))
    among = len(month.plan.all("aws_secretsmanager_secret"))
    calls = month.assumed(month.assumptions.secret_calls_10k) / among
    yield month.quantity(one, "secretsmanager.secret", 1 + replicas)
    yield month.quantity(one, "secretsmanager.call_10k", calls)


def bucket(month: Month, one: Resource) -> Iterator[Quantity]:
    """What is kept, and what is written."""
    kept = month.assumptions.bucket(str(one.symbolic("bucket")), one.where)
    yield month.quantity(one, "s3.gb", month.assumed(kept.gb))
    yield month.quantity(one, "s3.write_thousand", month.assumed(kept.thousand_writes))
