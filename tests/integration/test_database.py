"""The deployed Aurora cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect,
    expect_equal,
    expect_in,
    expect_members,
    expect_not_in,
    named,
    only,
)
from tests.support.target import Target
from tests.support.windows import Window

pytestmark = pytest.mark.deployed

INSTANCES = ["primary", "replica-1", "replica-2"]


@pytest.fixture(params=INSTANCES)
def instance(
    request: pytest.FixtureRequest, target: Target, aurora_instances: list[dict[str, Any]]
) -> dict[str, Any]:
    """Each instance of the cluster in turn."""
    name = f"{target.prefix}-{request.param}"
    return named(
        name, "Aurora instance", aurora_instances, lambda i: i["DBInstanceIdentifier"] == name
    )


@pytest.mark.requirement("DB-01")
def test_engine_version_can_be_created(aurora: dict[str, Any], requirement: Requirement) -> None:
    where, expected = aurora["DBClusterArn"], requirement.expected
    expect_equal(where, "engine", aurora["Engine"], expected["engine"])
    expect_equal(where, "database", aurora["DatabaseName"], expected["database"])
    major = aurora["EngineVersion"].partition(".")[0]
    expect_equal(where, "major version", major, expected["major_version"])
    expect_not_in(where, "version", aurora["EngineVersion"], expected["withdrawn_versions"])


@pytest.mark.requirement("DB-02")
def test_storage_is_encrypted_with_the_environments_key(
    target: Target, aurora: dict[str, Any], requirement: Requirement
) -> None:
    where = aurora["DBClusterArn"]
    expect_equal(where, "encrypted", aurora["StorageEncrypted"], requirement.expected["encrypted"])
    key = target.client("kms").describe_key(KeyId=f"alias/{target.prefix}")["KeyMetadata"]
    expect_in(where, "key", aurora["KmsKeyId"], [key["Arn"], key["KeyId"]])


@pytest.mark.requirement("DB-03")
def test_cluster_has_the_writer_and_two_readers(
    target: Target, aurora: dict[str, Any], requirement: Requirement
) -> None:
    wanted = [f"{target.prefix}-{name}" for name in requirement.expected["instances"]]
    members = aurora["DBClusterMembers"]
    names = [member["DBInstanceIdentifier"] for member in members]
    expect_members(aurora["DBClusterArn"], "instances", names, wanted)
    only(aurora["DBClusterArn"], "writer", [m for m in members if m["IsClusterWriter"]])


@pytest.mark.requirement("DB-03")
def test_instance_is_private_and_available(
    instance: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = instance["DBInstanceArn"], requirement.expected
    expect_equal(where, "public", instance["PubliclyAccessible"], expected["publicly_accessible"])
    expect_equal(where, "status", instance["DBInstanceStatus"], "available")


@pytest.mark.requirement("DB-03")
def test_instances_are_spread_over_zones(
    aurora: dict[str, Any], aurora_instances: list[dict[str, Any]], requirement: Requirement
) -> None:
    zones = {i["AvailabilityZone"] for i in aurora_instances}
    wanted = len(requirement.expected["instances"])
    expect(aurora["DBClusterArn"], len(zones) == wanted, f"{wanted} zones", f"{sorted(zones)}")


@pytest.mark.requirement("DB-04")
def test_backups_are_kept(aurora: dict[str, Any], requirement: Requirement) -> None:
    where, expected = aurora["DBClusterArn"], requirement.expected
    retention, window = aurora["BackupRetentionPeriod"], aurora["PreferredBackupWindow"]
    expect_equal(where, "retention in days", retention, expected["retention_days"])
    expect_equal(where, "backup window", window, expected["backup_window"])


@pytest.mark.requirement("DB-05")
def test_cluster_is_maintained_inside_the_schedule(
    aurora: dict[str, Any], requirement: Requirement
) -> None:
    allowed = Window.of_schedule(requirement.expected)
    actual = Window.parse(aurora["PreferredMaintenanceWindow"])
    expect(aurora["DBClusterArn"], allowed.contains(actual), f"inside {allowed}", f"{actual}")


@pytest.mark.requirement("DB-05")
def test_instance_is_maintained_inside_the_schedule(
    instance: dict[str, Any], requirement: Requirement
) -> None:
    allowed = Window.of_schedule(requirement.expected)
    actual = Window.parse(instance["PreferredMaintenanceWindow"])
    expect(instance["DBInstanceArn"], allowed.contains(actual), f"inside {allowed}", f"{actual}")


@pytest.mark.requirement("DB-06")
def test_instance_is_watched(instance: dict[str, Any], requirement: Requirement) -> None:
    where, expected = instance["DBInstanceArn"], requirement.expected
    insights = instance.get("PerformanceInsightsEnabled")
    retention = instance.get("PerformanceInsightsRetentionPeriod")
    interval = instance.get("MonitoringInterval")
    expect_equal(where, "Performance Insights", insights, expected["performance_insights"])
    expect_equal(where, "retention in days", retention, expected["retention_days"])
    expect_equal(where, "monitoring interval", interval, expected["monitoring_interval_seconds"])


@pytest.mark.requirement("DB-07")
def test_deletion_protection_is_what_the_environment_needs(
    target: Target, aurora: dict[str, Any], requirement: Requirement
) -> None:
    wanted = requirement.expected["deletion_protection"][target.environment]
    expect_equal(aurora["DBClusterArn"], "protected", aurora["DeletionProtection"], wanted)


@pytest.mark.requirement("DB-08")
def test_postgresql_log_is_exported(aurora: dict[str, Any], requirement: Requirement) -> None:
    exports = aurora.get("EnabledCloudwatchLogsExports", [])
    expect_members(aurora["DBClusterArn"], "log exports", exports, requirement.expected["logs"])
