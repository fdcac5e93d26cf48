"""Aurora and Redis, as planned."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect,
    expect_contains,
    expect_equal,
    expect_in,
    expect_members,
    expect_not_in,
    named,
    only,
)
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.windows import Window

pytestmark = pytest.mark.plan


@pytest.fixture(params=["primary", "replica-1", "replica-2"])
def instance(request: pytest.FixtureRequest, plan: Plan, prefix: str) -> Resource:
    """Each instance of the cluster in turn."""
    return plan.one("aws_rds_cluster_instance", identifier=f"{prefix}-{request.param}")


@pytest.mark.requirement("DB-01")
def test_engine_version_can_be_created(aurora: Resource, requirement: Requirement) -> None:
    version, expected = aurora.value("engine_version"), requirement.expected
    expect_equal(aurora.where, "engine", aurora.value("engine"), expected["engine"])
    expect_equal(aurora.where, "database", aurora.value("database_name"), expected["database"])
    expect_equal(
        aurora.where, "major version", version.partition(".")[0], expected["major_version"]
    )
    expect_not_in(aurora.where, "version", version, expected["withdrawn_versions"])


@pytest.mark.requirement("DB-02")
def test_storage_is_encrypted_with_the_environments_key(
    plan: Plan, aurora: Resource, requirement: Requirement
) -> None:
    encrypted = aurora.value("storage_encrypted")
    expect_equal(aurora.where, "encrypted", encrypted, requirement.expected["encrypted"])
    key = plan.at(only(aurora.where, "key", aurora.points_to("kms_key_id")))
    expect_equal(key.where, "key's type", key.type, "aws_kms_key")


@pytest.mark.requirement("DB-03")
def test_cluster_has_the_writer_and_two_readers(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    names = [i.value("identifier") for i in plan.all("aws_rds_cluster_instance")]
    wanted = [f"{prefix}-{name}" for name in requirement.expected["instances"]]
    expect_members("plan", "Aurora instances", names, wanted)


@pytest.mark.requirement("DB-03")
def test_primary_is_first_in_line_to_be_the_writer(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    instances = plan.all("aws_rds_cluster_instance")
    tiers = {one.value("identifier"): one.value("promotion_tier") for one in instances}
    first = [name for name, tier in tiers.items() if tier == min(tiers.values())]
    wanted = f"{prefix}-{requirement.expected['first_in_line']}"
    expect_contains("plan", "first in line", first, wanted)


@pytest.mark.requirement("DB-03")
def test_instance_is_private(instance: Resource, requirement: Requirement) -> None:
    public = instance.value("publicly_accessible")
    expect_equal(instance.where, "public", public, requirement.expected["publicly_accessible"])


@pytest.mark.requirement("DB-04")
def test_backups_are_kept(aurora: Resource, requirement: Requirement) -> None:
    retention, window = (
        aurora.value("backup_retention_period"),
        aurora.value("preferred_backup_window"),
    )
    expect_equal(aurora.where, "retention", retention, requirement.expected["retention_days"])
    expect_equal(aurora.where, "backup window", window, requirement.expected["backup_window"])


@pytest.mark.requirement("DB-05")
def test_cluster_is_maintained_inside_the_schedule(
    aurora: Resource, requirement: Requirement
) -> None:
    allowed = Window.of_schedule(requirement.expected)
    actual = Window.parse(aurora.value("preferred_maintenance_window"))
    expect(aurora.where, allowed.contains(actual), f"inside {allowed}", f"{actual}")


@pytest.mark.requirement("DB-05")
def test_instance_is_maintained_inside_the_schedule(
    instance: Resource, requirement: Requirement
) -> None:
    allowed = Window.of_schedule(requirement.expected)
    actual = Window.parse(instance.value("preferred_maintenance_window"))
    expect(instance.where, allowed.contains(actual), f"inside {allowed}", f"{actual}")


@pytest.mark.requirement("DB-05")
def test_instance_has_a_window_of_its_own(instance: Resource) -> None:
    own = instance.sets("preferred_maintenance_window")
    expect(instance.where, own, "a maintenance window of its own", "none: AWS picks a random one")


@pytest.mark.requirement("DB-06")
def test_instance_is_watched(instance: Resource, requirement: Requirement) -> None:
    expected, where = requirement.expected, instance.where
    insights = instance.value("performance_insights_enabled")
    retention = instance.value("performance_insights_retention_period")
    interval = instance.value("monitoring_interval")
    expect_equal(where, "Performance Insights", insights, expected["performance_insights"])
    expect_equal(where, "retention in days", retention, expected["retention_days"])
    expect_equal(where, "monitoring interval", interval, expected["monitoring_interval_seconds"])


@pytest.mark.requirement("DB-06")
def test_cluster_keeps_what_performance_insights_saw(
    aurora: Resource, requirement: Requirement
) -> None:
    insights = aurora.value("performance_insights_enabled")
    retention = aurora.value("performance_insights_retention_period")
    wanted = requirement.expected["retention_days"]
    watched = requirement.expected["performance_insights"]
    expect_equal(aurora.where, "Performance Insights", insights, watched)
    expect_equal(aurora.where, "retention in days", retention, wanted)


@pytest.mark.requirement("DB-07")
@pytest.mark.parametrize("argument", ["deletion_protection", "skip_final_snapshot"])
def test_deletion_is_as_hard_as_the_environment_needs(
    argument: str, aurora: Resource, planned_environment: str, requirement: Requirement
) -> None:
    wanted = requirement.expected[argument][planned_environment]
    expect_equal(aurora.where, argument, aurora.value(argument), wanted)


@pytest.mark.requirement("DB-08")
def test_postgresql_log_is_exported(aurora: Resource, requirement: Requirement) -> None:
    exports = aurora.value("enabled_cloudwatch_logs_exports")
    expect_members(aurora.where, "log exports", exports or [], requirement.expected["logs"])


@pytest.mark.requirement("REDIS-02")
@pytest.mark.parametrize(
    ("argument", "key"),
    [
        ("num_cache_clusters", "nodes"),
        ("automatic_failover_enabled", "automatic_failover"),
        ("multi_az_enabled", "multi_az"),
        ("engine", "engine"),
        ("engine_version", "engine_version"),
        ("port", "port"),
    ],
)
def test_redis_fails_over(
    argument: str, key: str, redis: Resource, requirement: Requirement
) -> None:
    expect_equal(redis.where, argument, redis.value(argument), requirement.expected[key])


@pytest.mark.requirement("REDIS-03")
@pytest.mark.parametrize(
    ("argument", "key"),
    [("at_rest_encryption_enabled", "at_rest"), ("transit_encryption_enabled", "in_transit")],
)
def test_redis_encrypts(argument: str, key: str, redis: Resource, requirement: Requirement) -> None:
    actual = str(redis.value(argument)).lower() == "true"
    expect_equal(redis.where, argument, actual, requirement.expected[key])


@pytest.mark.requirement("REDIS-03")
def test_redis_asks_for_a_token(redis: Resource, requirement: Requirement) -> None:
    given = redis.value("auth_token") is not None
    expect_equal(redis.where, "AUTH token", given, requirement.expected["auth_token"])


@pytest.mark.requirement("REDIS-04")
def test_redis_keeps_snapshots(redis: Resource, requirement: Requirement) -> None:
    retention, window = redis.value("snapshot_retention_limit"), redis.value("snapshot_window")
    expect_equal(redis.where, "retention", retention, requirement.expected["retention_days"])
    expect_equal(redis.where, "window", window, requirement.expected["window"])


@pytest.mark.requirement("REDIS-05")
def test_redis_is_maintained_inside_the_schedule(redis: Resource, requirement: Requirement) -> None:
    allowed = Window.of_schedule(requirement.expected)
    actual = Window.parse(redis.value("maintenance_window"))
    expect(redis.where, allowed.contains(actual), f"inside {allowed}", f"{actual}")


@pytest.mark.requirement("REDIS-06")
@pytest.mark.parametrize("parameter", ["maxmemory-policy", "timeout"])
def test_redis_parameter_is_set(
    parameter: str, plan: Plan, prefix: str, requirement: Requirement
) -> None:
    group = plan.one("aws_elasticache_parameter_group", name=prefix)
    setting = named(
        group.where, parameter, group.value("parameter"), lambda p: p["name"] == parameter
    )
    wanted = requirement.expected["parameters"][parameter]
    expect_equal(group.where, parameter, setting["value"], wanted)


@pytest.mark.requirement("REDIS-06")
def test_redis_slow_log_is_delivered(redis: Resource, requirement: Requirement) -> None:
    delivery = only(redis.where, "log delivery", redis.value("log_delivery_configuration"))
    expect_equal(redis.where, "type", delivery["log_type"], requirement.expected["log_type"])
    expect_equal(redis.where, "format", delivery["log_format"], requirement.expected["log_format"])


@pytest.mark.requirement("REDIS-06")
def test_redis_uses_the_parameters(plan: Plan, prefix: str, redis: Resource) -> None:
    group = plan.one("aws_elasticache_parameter_group", name=prefix)
    used = redis.symbolic("parameter_group_name")
    expect_in(redis.where, "parameter group", used, (prefix, f"⟨{group.address}.id⟩"))
