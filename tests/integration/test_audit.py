"""The deployed keys, the trail's way to CloudWatch, and who is told of what it records."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect, expect_contains, expect_equal, found, named, only
from tests.support.target import DR_REGION, Target

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("KMS-01")
@pytest.mark.parametrize("region", [None, DR_REGION], ids=["main", "copies"])
def test_every_key_is_renewed(region: str | None, target: Target, requirement: Requirement) -> None:
    client = target.client("kms", region)
    described = [
        client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        for key in target.pages("kms", "list_keys", "Keys", region=region)
    ]
    own = [
        key["Arn"]
        for key in described
        if f"MantisNXT {target.environment}:" in key["Description"] and key["KeyState"] == "Enabled"
    ]
    kept = [
        arn
        for arn in found(target.prefix, "key", own)
        if client.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
        != requirement.expected["rotation"]
    ]
    expect_equal(target.prefix, "keys that are never renewed", kept, [])


@pytest.fixture(scope="session")
def trail_log(target: Target) -> str:
    """The name of the log group that the trail writes to."""
    name = f"{target.prefix}-trail"
    trails = target.client("cloudtrail").describe_trails()["trailList"]
    trail = named(name, "trail", trails, lambda one: one["Name"] == name)
    arn = only(
        trail["TrailARN"], "log group", filter(None, [trail.get("CloudWatchLogsLogGroupArn")])
    )
    return str(arn.split(":")[6])


@pytest.mark.requirement("AUD-02")
def test_trail_reaches_a_log_group_that_exists(target: Target, trail_log: str) -> None:
    groups = target.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=trail_log)
    expect_contains(target.prefix, "log groups", [g["logGroupName"] for g in groups], trail_log)


@pytest.mark.requirement("AUD-03")
@pytest.mark.parametrize("event", ["root-sign-in", "sign-in-without-mfa", "unauthorized-call"])
def test_somebody_is_told_of_the_event(
    event: str,
    target: Target,
    trail_log: str,
    alarms: dict[str, dict[str, Any]],
    topics: dict[str, str],
    requirement: Requirement,
) -> None:
    sign = requirement.expected["patterns"][event]
    filters = target.pages(
        "logs", "describe_metric_filters", "metricFilters", logGroupName=trail_log
    )
    own = [one for one in filters if sign in one["filterPattern"]]
    source = only(trail_log, f"filter for {sign}", own)["metricTransformations"][0]
    metric = (source["metricNamespace"], source["metricName"])
    watching = [
        one for one in alarms.values() if (one.get("Namespace"), one.get("MetricName")) == metric
    ]
    alarm = only(trail_log, f"alarm on {' '.join(metric)}", watching)
    topic = topics[f"{target.prefix}-{requirement.expected['topic_suffix']}"]
    expect_contains(alarm["AlarmArn"], "actions", alarm["AlarmActions"], topic)
    expect(alarm["AlarmArn"], alarm["ActionsEnabled"], "actions enabled", "disabled")
