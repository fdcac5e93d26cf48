"""The deployed Redis replication group."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect, expect_equal, expect_members, found, named, only
from tests.support.target import Target
from tests.support.windows import Window

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("REDIS-02")
def test_group_fails_over_to_another_zone(redis: dict[str, Any], requirement: Requirement) -> None:
    where, expected = redis["ARN"], requirement.expected
    nodes = len(found(where, "member", redis["MemberClusters"]))
    failover = redis["AutomaticFailover"] == "enabled"
    expect_equal(where, "nodes", nodes, expected["nodes"])
    expect_equal(where, "automatic failover", failover, expected["automatic_failover"])
    expect_equal(where, "multi-AZ", redis["MultiAZ"] == "enabled", expected["multi_az"])


@pytest.mark.requirement("REDIS-02")
@pytest.mark.parametrize("member", ["001", "002"])
def test_member_runs_the_engine(
    member: str, redis_members: list[dict[str, Any]], requirement: Requirement
) -> None:
    node = named(
        member, "cache cluster", redis_members, lambda c: c["CacheClusterId"].endswith(member)
    )
    expected = requirement.expected
    version = ".".join(node["EngineVersion"].split(".")[:2])
    expect_equal(node["ARN"], "engine", node["Engine"], expected["engine"])
    expect_equal(node["ARN"], "engine version", version, expected["engine_version"])
    expect_equal(node["ARN"], "status", node["CacheClusterStatus"], "available")


@pytest.mark.requirement("REDIS-03")
def test_group_encrypts_and_asks_for_a_token(
    redis: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = redis["ARN"], requirement.expected
    expect_equal(where, "at rest", redis["AtRestEncryptionEnabled"], expected["at_rest"])
    expect_equal(where, "in transit", redis["TransitEncryptionEnabled"], expected["in_transit"])
    expect_equal(where, "AUTH token", redis["AuthTokenEnabled"], expected["auth_token"])


@pytest.mark.requirement("REDIS-04")
def test_snapshots_are_kept(redis: dict[str, Any], requirement: Requirement) -> None:
    where, expected = redis["ARN"], requirement.expected
    retention, window = redis["SnapshotRetentionLimit"], redis["SnapshotWindow"]
    expect_equal(where, "retention in days", retention, expected["retention_days"])
    expect_equal(where, "snapshot window", window, expected["window"])


@pytest.mark.requirement("REDIS-05")
@pytest.mark.parametrize("member", ["001", "002"])
def test_member_is_maintained_inside_the_schedule(
    member: str, redis_members: list[dict[str, Any]], requirement: Requirement
) -> None:
    node = named(
        member, "cache cluster", redis_members, lambda c: c["CacheClusterId"].endswith(member)
    )
    allowed = Window.of_schedule(requirement.expected)
    actual = Window.parse(node["PreferredMaintenanceWindow"])
    expect(node["ARN"], allowed.contains(actual), f"inside {allowed}", f"{actual}")


@pytest.mark.requirement("REDIS-06")
@pytest.mark.parametrize("parameter", ["maxmemory-policy", "timeout"])
def test_parameter_is_set(parameter: str, target: Target, requirement: Requirement) -> None:
    parameters = target.pages(
        "elasticache", "describe_cache_parameters", "Parameters",
        CacheParameterGroupName=target.prefix, Source="user",
    )  # fmt: skip
    values = [p["ParameterValue"] for p in parameters if p["ParameterName"] == parameter]
    value = only(target.prefix, f"parameter {parameter}", values)
    expect_equal(target.prefix, parameter, value, requirement.expected["parameters"][parameter])


@pytest.mark.requirement("REDIS-06")
def test_slow_log_is_delivered(redis: dict[str, Any], requirement: Requirement) -> None:
    deliveries = redis.get("LogDeliveryConfigurations", [])
    actual = [(d["LogType"], d["LogFormat"]) for d in deliveries]
    wanted = [(requirement.expected["log_type"], requirement.expected["log_format"])]
    expect_members(redis["ARN"], "log deliveries", actual, wanted)
