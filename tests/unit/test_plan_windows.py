"""Whether backups, maintenance and rotations keep out of each other's way, as planned."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import expect, expect_none, only
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.schedules import Schedule
from tests.support.windows import Window

pytestmark = pytest.mark.plan


@pytest.fixture(
    params=[
        ("aws_rds_cluster", "cluster_identifier", ""),
        ("aws_rds_cluster_instance", "identifier", "-primary"),
        ("aws_rds_cluster_instance", "identifier", "-replica-1"),
        ("aws_rds_cluster_instance", "identifier", "-replica-2"),
    ],
    ids=["cluster", "primary", "replica-1", "replica-2"],
)
def database_maintenance(request: pytest.FixtureRequest, plan: Plan, prefix: str) -> list[Window]:
    """When the Aurora cluster, and each of its instances in turn, is maintained."""
    kind, argument, suffix = request.param
    database = plan.one(kind, **{argument: f"{prefix}{suffix}"})
    return [Window.parse(database.value("preferred_maintenance_window"))]


@pytest.fixture
def redis_maintenance(redis: Resource) -> list[Window]:
    """When Redis is maintained."""
    return [Window.parse(redis.value("maintenance_window"))]


def common(first: list[Window], second: list[Window]) -> list[str]:
    return sorted({f"{one} and {two}" for one in first for two in second if one.overlaps(two)})


@pytest.fixture
def database_backups(plan: Plan, aurora: Resource) -> list[Window]:
    """When Aurora backs up, and when AWS Backup may begin to."""
    rules = [rule for one in plan.all("aws_backup_plan") for rule in one.nested("rule")]
    starts = [
        Schedule.parse(rule.value("schedule")).windows(int(rule.value("start_window")))
        for rule in rules
    ]
    own = Window.daily(aurora.value("preferred_backup_window"))
    return own + [window for windows in starts for window in windows]


@pytest.mark.requirement("WIN-01")
def test_database_is_backed_up_outside_its_maintenance(
    aurora: Resource, database_backups: list[Window], database_maintenance: list[Window]
) -> None:
    both = common(database_backups, database_maintenance)
    expect_none(aurora.where, "backup during maintenance", both)


@pytest.mark.requirement("WIN-01")
def test_redis_is_backed_up_outside_its_maintenance(
    redis: Resource, redis_maintenance: list[Window]
) -> None:
    backups = Window.daily(redis.value("snapshot_window"))
    expect_none(redis.where, "snapshot during maintenance", common(backups, redis_maintenance))


@pytest.mark.requirement("WIN-02")
def test_database_and_redis_are_maintained_one_after_the_other(
    redis: Resource, redis_maintenance: list[Window], database_maintenance: list[Window]
) -> None:
    both = common(redis_maintenance, database_maintenance)
    expect_none(redis.where, "maintenance of both at once", both)


@pytest.mark.requirement("WIN-03")
@pytest.mark.parametrize("secret", ["database", "redis-auth-token"])
def test_secret_rotates_in_the_window_of_what_it_opens(
    secret: str, plan: Plan, prefix: str, requirement: Requirement, catalogue: Catalogue
) -> None:
    schedule = catalogue.requirement(requirement.expected["schedule_of"][secret]).expected
    allowed = Window.of_schedule(schedule)
    owner = plan.one("aws_secretsmanager_secret", name=f"{prefix}/{secret}")
    rotations = plan.all("aws_secretsmanager_secret_rotation")
    own = [one for one in rotations if owner.address in one.points_to("secret_id")]
    rules = only(secret, "rotation", own).nested("rotation_rules")[0]
    times = Schedule.parse(rules.value("schedule_expression"))
    windows = times.windows(minutes(rules.value("duration")))
    inside = all(allowed.contains(window) for window in windows)
    expect(rules.where, inside, f"inside {allowed}", f"{times.text} for {rules.value('duration')}")


def minutes(duration: str) -> int:
    """Secrets Manager writes whole hours, such as `3h`."""
    hours = duration.removesuffix("h")
    expect("duration", duration.endswith("h") and hours.isdigit(), "whole hours, as 3h", duration)
    return int(hours) * 60
