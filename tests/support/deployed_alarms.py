"""The deployed alarms as data, and where their messages go, as the AWS API describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.iam import statements
from tests.support.target import Target
from tests.support.topics import Key, Topic
from tests.support.watches import LogMetric, Reading, Watch

# In the place of the ARN of a subscription that nobody has confirmed.
_PENDING = "PendingConfirmation"


def watch(alarm: Mapping[str, Any]) -> Watch:
    """An entry of `DescribeAlarms`' MetricAlarms."""
    readings, compared = _readings(alarm)
    return Watch(
        where=alarm["AlarmArn"],
        readings=readings,
        compared=compared,
        threshold=alarm.get("Threshold"),
        comparison_operator=alarm["ComparisonOperator"],
        evaluation_periods=alarm["EvaluationPeriods"],
        datapoints_to_alarm=alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"],
        unit=alarm.get("Unit"),
        region=alarm["AlarmArn"].split(":")[3],
        actions=tuple(alarm["AlarmActions"]) if alarm["ActionsEnabled"] else (),
        arns=frozenset([alarm["AlarmArn"]]),
    )


def _readings(alarm: Mapping[str, Any]) -> tuple[tuple[Reading, ...], int | None]:
    """The metrics, and which of them is compared with the threshold."""
    if "MetricName" in alarm:
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        return (_reading(alarm, statistic, alarm["Period"]),), 0
    stats = [one for one in alarm.get("Metrics", []) if "MetricStat" in one]
    read = [one["MetricStat"] for one in stats]
    readings = tuple(_reading(one["Metric"], one["Stat"], one["Period"]) for one in read)
    returned = [i for i, one in enumerate(stats) if one.get("ReturnData", True)]
    return readings, returned[0] if returned else None


def _reading(metric: Mapping[str, Any], statistic: str, period: int) -> Reading:
    return Reading(
        namespace=metric["Namespace"],
        name=metric["MetricName"],
        dimensions={one["Name"]: one["Value"] for one in metric.get("Dimensions", [])},
        statistic=statistic,
        period_seconds=period,
    )


def log_metrics(target: Target) -> tuple[LogMetric, ...]:
    """The metrics that filters make of the account's logs."""
    filters = target.pages("logs", "describe_metric_filters", "metricFilters")
    return tuple(
        LogMetric(
            namespace=made["metricNamespace"],
            name=made["metricName"],
            dimensions=frozenset(made.get("dimensions", {})),
            unit=made.get("unit", "None"),
            counts=not made["metricValue"].startswith("$"),
        )
        for one in filters
        for made in one["metricTransformations"]
    )


def topic(target: Target, arn: str) -> Topic:
    """The topic with that ARN, its subscribers, its policy and its key's."""
    attributes = target.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    subscriptions = target.pages(
        "sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn
    )
    key = attributes.get("KmsMasterKeyId")
    return Topic(
        where=arn,
        arns=frozenset([arn]),
        subscribers=tuple(
            one["Endpoint"] for one in subscriptions if one["SubscriptionArn"] != _PENDING
        ),
        policy=tuple(statements(attributes["Policy"])) if attributes.get("Policy") else None,
        key=_key(target, key) if key else None,
    )


def _key(target: Target, identifier: str) -> Key:
    client = target.client("kms")
    described = client.describe_key(KeyId=identifier)["KeyMetadata"]
    if described["KeyManager"] == "AWS":
        return Key(identifier, None)
    policy = client.get_key_policy(KeyId=described["KeyId"], PolicyName="default")["Policy"]
    return Key(described["Arn"], tuple(statements(policy)))
