"""The deployed alarms, and the way of their messages to a person."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect_contains,
    expect_equal,
    expect_members,
    expect_subset,
    found,
    only,
)
from tests.support.target import Target

pytestmark = pytest.mark.deployed


def alarm_named(alarms: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return only(name, "alarm", [alarm for key, alarm in alarms.items() if key == name])


def expect_alarm(alarm: dict[str, Any], expected: dict[str, Any], threshold: float) -> None:
    where = alarm["AlarmArn"]
    expect_equal(where, "namespace", alarm["Namespace"], expected["namespace"])
    expect_equal(where, "metric", alarm["MetricName"], expected["metric"])
    expect_equal(where, "statistic", alarm["Statistic"], expected["statistic"])
    expect_equal(where, "comparison", alarm["ComparisonOperator"], expected["comparison"])
    expect_equal(where, "threshold", alarm["Threshold"], threshold)
    expect_equal(where, "period", alarm["Period"], expected["period_seconds"])
    expect_equal(where, "periods", alarm["EvaluationPeriods"], expected["evaluation_periods"])
    expect_equal(where, "actions enabled", alarm["ActionsEnabled"], True)


def dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}


@pytest.mark.requirement("MON-01")
def test_response_time_alarm_watches_the_deployed_service(
    target: Target,
    alarms: dict[str, dict[str, Any]],
    load_balancer: dict[str, Any],
    target_group: dict[str, Any],
    requirement: Requirement,
) -> None:
    expected = requirement.expected
    alarm = alarm_named(alarms, f"{target.prefix}-{expected['name_suffix']}")
    balancer = load_balancer["LoadBalancerArn"].partition("loadbalancer/")[2]
    group = target_group["TargetGroupArn"].rpartition(":")[2]
    wanted = dict(zip(expected["dimensions"], [balancer, group], strict=True))
    expect_alarm(alarm, expected, expected["threshold_seconds"])
    expect_equal(alarm["AlarmArn"], "dimensions", dimensions(alarm), wanted)


@pytest.mark.requirement("MON-02")
def test_database_alarm_watches_the_deployed_cluster(
    target: Target,
    alarms: dict[str, dict[str, Any]],
    aurora: dict[str, Any],
    requirement: Requirement,
) -> None:
    expected = requirement.expected
    alarm = alarm_named(alarms, f"{target.prefix}-{expected['name_suffix']}")
    dimension = only("MON-02", "dimension", expected["dimensions"])
    expect_alarm(alarm, expected, expected["threshold_percent"])
    expect_equal(
        alarm["AlarmArn"], "dimensions", dimensions(alarm),
        {dimension: aurora["DBClusterIdentifier"]},
    )  # fmt: skip


@pytest.mark.requirement("MON-03")
@pytest.mark.parametrize("index", [0, 1], ids=["001", "002"])
def test_cache_alarm_watches_a_member_that_exists(
    index: int,
    target: Target,
    alarms: dict[str, dict[str, Any]],
    redis: dict[str, Any],
    requirement: Requirement,
) -> None:
    expected = requirement.expected
    alarm = alarm_named(alarms, f"{target.prefix}-{expected['name_suffixes'][index]}")
    expect_alarm(alarm, expected, expected["threshold_percent"])
    watched = dimensions(alarm)
    expect_members(alarm["AlarmArn"], "dimensions", watched, [expected["dimension"]])
    expect_equal(
        alarm["AlarmArn"], "member", watched[expected["dimension"]], redis["MemberClusters"][index]
    )


@pytest.mark.requirement("MON-04")
def test_every_alarm_tells_the_alerts_topic(
    target: Target,
    alarms: dict[str, dict[str, Any]],
    topics: dict[str, str],
    requirement: Requirement,
) -> None:
    topic = f"{target.prefix}-{requirement.expected['topic_suffix']}"
    expect_contains("SNS", "topics", topics, topic)
    own = [a for a in alarms.values() if not a["AlarmName"].startswith("TargetTracking-")]
    mute = [
        alarm["AlarmArn"]
        for alarm in found(target.prefix, "alarm", own)
        if topics[topic] not in alarm["AlarmActions"]
    ]
    expect_members(topic, "alarms that do not tell it", mute, [])


@pytest.mark.requirement("MON-04")
def test_alerts_topic_has_its_subscriber(
    target: Target, topics: dict[str, str], requirement: Requirement
) -> None:
    topic = topics[f"{target.prefix}-{requirement.expected['topic_suffix']}"]
    subscriptions = target.pages(
        "sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic
    )
    actual = [(s["Protocol"], s["Endpoint"]) for s in subscriptions]
    wanted = (requirement.expected["protocol"], requirement.expected["endpoint"])
    expect_contains(topic, "subscriptions", actual, wanted)


@pytest.mark.requirement("MON-04")
def test_subscriber_has_confirmed(
    target: Target, topics: dict[str, str], requirement: Requirement
) -> None:
    target.provable_only_on_aws("a subscription on the emulator never waits for confirmation")
    topic = topics[f"{target.prefix}-{requirement.expected['topic_suffix']}"]
    attributes = target.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    expect_equal(topic, "pending", attributes["SubscriptionsPending"], "0")


@pytest.mark.requirement("MON-05")
def test_cloudwatch_may_use_the_topics_key(
    target: Target, topics: dict[str, str], requirement: Requirement
) -> None:
    topic = topics[f"{target.prefix}-alerts"]
    attributes = target.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    key = attributes["KmsMasterKeyId"]
    policy = json.loads(
        target.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    )
    granted = [
        action
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        and requirement.expected["principal"] in statement["Principal"].get("Service", [])
        for action in statement["Action"]
    ]
    expect_subset(key, "what CloudWatch may do", granted, requirement.expected["actions"])


@pytest.mark.requirement("MON-06")
def test_application_log_is_kept(target: Target, requirement: Requirement) -> None:
    name = f"/ecs/{target.prefix}-app"
    groups = target.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    group = only(name, "log group", groups)
    wanted = requirement.expected["retention_days"][target.environment]
    expect_equal(group["arn"], "retention in days", group.get("retentionInDays"), wanted)


@pytest.mark.requirement("MON-07")
def test_cache_tells_its_topic(
    target: Target,
    redis_members: list[dict[str, Any]],
    topics: dict[str, str],
    requirement: Requirement,
) -> None:
    topic = topics[f"{target.prefix}-{requirement.expected['topic_suffix']}"]
    told = {
        member.get("NotificationConfiguration", {}).get("TopicArn")
        for member in found(target.prefix, "Redis member", redis_members)
    }
    expect_members(target.prefix, "notification topics", told, [topic])


@pytest.mark.requirement("MON-07")
def test_cache_topic_has_its_subscriber(
    target: Target, topics: dict[str, str], requirement: Requirement
) -> None:
    topic = topics[f"{target.prefix}-{requirement.expected['topic_suffix']}"]
    subscriptions = target.pages(
        "sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic
    )
    protocols = [s["Protocol"] for s in subscriptions]
    expect_contains(topic, "protocols", protocols, requirement.expected["protocol"])
