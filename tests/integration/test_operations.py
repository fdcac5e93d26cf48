"""The deployed audit trail, backups and budget."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect,
    expect_contains,
    expect_equal,
    expect_in,
    found,
    named,
    only,
)
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.fixture
def trail(target: Target) -> dict[str, Any]:
    """The environment's CloudTrail trail."""
    name = f"{target.prefix}-trail"
    trails = target.client("cloudtrail").describe_trails()["trailList"]
    return named(name, "trail", trails, lambda t: t["Name"] == name)


@pytest.mark.requirement("AUD-01")
def test_trail_records_every_region(
    target: Target, trail: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = trail["TrailARN"], requirement.expected
    validated = trail.get("LogFileValidationEnabled")
    expect_equal(where, "multi-region", trail["IsMultiRegionTrail"], expected["multi_region"])
    expect_equal(where, "validation", validated, expected["log_file_validation"])
    expect(where, bool(trail.get("KmsKeyId")), "encrypted with a key", "no key")


@pytest.mark.requirement("AUD-01")
def test_trail_is_logging(target: Target, trail: dict[str, Any]) -> None:
    status = target.client("cloudtrail").get_trail_status(Name=trail["TrailARN"])
    expect_equal(trail["TrailARN"], "logging", status["IsLogging"], True)


@pytest.fixture
def backup_plan(target: Target) -> dict[str, Any]:
    """The backup plan of the database, with its id."""
    plans = target.pages("backup", "list_backup_plans", "BackupPlansList")
    name = f"{target.prefix}-database"
    summary = named(name, "backup plan", plans, lambda p: p["BackupPlanName"] == name)
    return dict(target.client("backup").get_backup_plan(BackupPlanId=summary["BackupPlanId"]))


@pytest.mark.requirement("DR-01")
def test_backups_are_copied_to_the_second_region(
    backup_plan: dict[str, Any], requirement: Requirement
) -> None:
    where = backup_plan["BackupPlanArn"]
    rules = found(where, "rule", backup_plan["BackupPlan"]["Rules"])
    vaults = [copy["DestinationBackupVaultArn"] for r in rules for copy in r.get("CopyActions", [])]
    vault = only(where, "copy action", vaults)
    expect_equal(where, "region of the copy", vault.split(":")[3], requirement.expected["region"])


@pytest.mark.requirement("DR-01")
def test_vault_of_the_copy_exists(
    target: Target, backup_plan: dict[str, Any], requirement: Requirement
) -> None:
    rules = backup_plan["BackupPlan"]["Rules"]
    vaults = [copy["DestinationBackupVaultArn"] for r in rules for copy in r.get("CopyActions", [])]
    region = requirement.expected["region"]
    listed = target.pages("backup", "list_backup_vaults", "BackupVaultList", region=region)
    names = [vault["BackupVaultArn"] for vault in listed]
    expect_contains(region, "vaults", names, only("plan", "vault", vaults))


@pytest.mark.requirement("DR-01")
def test_backup_plan_selects_the_database(
    target: Target, backup_plan: dict[str, Any], aurora: dict[str, Any]
) -> None:
    client, plan = target.client("backup"), backup_plan["BackupPlanId"]
    listed = target.pages(
        "backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan
    )
    selection = only(plan, "backup selection", listed)
    answer = client.get_backup_selection(BackupPlanId=plan, SelectionId=selection["SelectionId"])
    resources = answer["BackupSelection"]["Resources"]
    expect_contains(plan, "selected resources", resources, aurora["DBClusterArn"])


@pytest.mark.requirement("DR-02")
def test_backup_has_opted_in_to_aurora(target: Target, requirement: Requirement) -> None:
    settings = target.client("backup").describe_region_settings()["ResourceTypeOptInPreference"]
    service = requirement.expected["opted_in"]
    expect_equal(target.account_id, f"opted in to {service}", settings.get(service), True)


@pytest.mark.requirement("COST-01")
def test_budget_speaks_to_the_alerts_topic(
    target: Target, topics: dict[str, str], requirement: Requirement
) -> None:
    name = f"{target.prefix}-monthly"
    account = {"AccountId": target.account_id, "BudgetName": name}
    budget = target.client("budgets").describe_budget(**account)["Budget"]
    notifications = target.pages(
        "budgets", "describe_notifications_for_budget", "Notifications", **account
    )
    subscribers = target.pages(
        "budgets", "describe_subscribers_for_notification", "Subscribers",
        Notification=found(name, "notification", notifications)[0], **account,
    )  # fmt: skip
    addresses = [subscriber["Address"] for subscriber in subscribers]
    expect_equal(name, "period", budget["TimeUnit"], requirement.expected["period"])
    expect_in(name, "unit", budget["BudgetLimit"]["Unit"], [requirement.expected["unit"]])
    limit = Decimal(budget["BudgetLimit"]["Amount"])
    maximum = requirement.expected["production_maximum_usd"]
    expect(name, limit <= maximum, f"at most {maximum}", str(limit))
    expect_contains(name, "subscribers", addresses, topics[f"{target.prefix}-alerts"])
