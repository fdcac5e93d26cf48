"""What keeps the deployed environment up to date: minor versions, scanned images, the reminder."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_none, expect_subset, found, only
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("DB-11")
def test_aurora_takes_minor_versions(
    target: Target, aurora_instances: list[dict[str, Any]], requirement: Requirement
) -> None:
    kept = [
        one["DBInstanceArn"]
        for one in found(target.prefix, "Aurora instance", aurora_instances)
        if one["AutoMinorVersionUpgrade"] != requirement.expected["upgraded"]
    ]
    expect_none(target.prefix, "instance left at its version", kept)


@pytest.mark.requirement("DB-11")
def test_redis_takes_minor_versions(
    target: Target, redis_members: list[dict[str, Any]], requirement: Requirement
) -> None:
    kept = [
        one["CacheClusterId"]
        for one in found(target.prefix, "Redis member", redis_members)
        if one.get("AutoMinorVersionUpgrade") != requirement.expected["upgraded"]
    ]
    expect_none(target.prefix, "member left at its version", kept)


@pytest.mark.requirement("UPD-01")
def test_images_are_scanned_and_never_change(
    target: Target, container: dict[str, Any], requirement: Requirement
) -> None:
    name = container["image"].partition("/")[2].partition(":")[0]
    named = target.pages("ecr", "describe_repositories", "repositories", repositoryNames=[name])
    repository, expected = only(name, "repository", named), requirement.expected
    where, scanning = repository["repositoryArn"], repository["imageScanningConfiguration"]
    expect_equal(where, "scanned at push", scanning["scanOnPush"], expected["scanned"])
    expect_equal(where, "tags", repository["imageTagMutability"], expected["tags"])


@pytest.mark.requirement("SEC-04")
def test_vendors_secrets_are_remembered(
    target: Target, topics: dict[str, str], requirement: Requirement
) -> None:
    expected = requirement.expected
    rules = target.pages("events", "list_rules", "Rules", NamePrefix=target.prefix)
    due = [one for one in rules if one.get("ScheduleExpression") == expected["schedule"]]
    rule = only(target.prefix, f"rule with {expected['schedule']}", due)
    targets = target.pages("events", "list_targets_by_rule", "Targets", Rule=rule["Name"])
    told = only(rule["Arn"], "target", targets)
    words = set(json.loads(told["Input"]).replace(":", "").split())
    expect_equal(rule["Arn"], "state", rule["State"], "ENABLED")
    topic = topics[f"{target.prefix}-{expected['topic_suffix']}"]
    expect_equal(rule["Arn"], "topic", told["Arn"], topic)
    expect_subset(rule["Arn"], "message", words, expected["names"])
