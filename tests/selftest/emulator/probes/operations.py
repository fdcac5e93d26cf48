"""Probes of the gaps in Backup, Budgets, Cost Explorer, CloudTrail and Secrets Manager."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.selftest.emulator.probes import probe
from tests.support.emulator import EmulatorSession

ACCOUNT = "222233334444"
OWNER = {"Key": "Owner", "Value": "ops"}
TIER = {"Key": "Tier", "Value": "gold"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/probe"


def backup_plan(session: EmulatorSession, name: str) -> dict[str, Any]:
    """A plan with one daily rule."""
    backup = session.client("backup")
    backup.create_backup_vault(BackupVaultName=name)
    rule = {"RuleName": "daily", "TargetBackupVaultName": name}
    made: dict[str, Any] = backup.create_backup_plan(
        BackupPlan={"BackupPlanName": name, "Rules": [rule]}, BackupPlanTags={"Owner": "ops"}
    )
    return made


@probe("backup/selections")
def backup_selections(session: EmulatorSession) -> None:
    """A selection reads back, is listed under its plan and can be deleted."""
    backup = session.client("backup")
    plan = backup_plan(session, "selections")["BackupPlanId"]
    wanted = {"SelectionName": "all", "IamRoleArn": ROLE, "Resources": ["arn:aws:rds:*"]}
    made = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=wanted)
    place = {"BackupPlanId": plan, "SelectionId": made["SelectionId"]}
    assert backup.get_backup_selection(**place)["BackupSelection"] == wanted
    listed = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    assert [one["SelectionName"] for one in listed] == ["all"]
    backup.delete_backup_selection(**place)
    assert backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"] == []


@probe("backup/tags")
def backup_tags(session: EmulatorSession) -> None:
    """The tags of a plan read back and can be changed, by the path the Go SDK uses as well."""
    backup = session.client("backup")
    backup.meta.events.register("before-sign.backup.ListTags", _without_trailing_slash)
    arn = backup_plan(session, "tags")["BackupPlanArn"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"Owner": "ops"}
    backup.tag_resource(ResourceArn=arn, Tags={"Tier": "gold"})
    backup.untag_resource(ResourceArn=arn, TagKeyList=["Owner"])
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"Tier": "gold"}


@probe("backup/recovery points")
def recovery_points(session: EmulatorSession) -> None:
    """A new vault is empty; one that does not exist is an error."""
    backup = session.client("backup")
    backup.create_backup_vault(BackupVaultName="empty")
    found = backup.list_recovery_points_by_backup_vault(BackupVaultName="empty")
    assert found["RecoveryPoints"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.list_recovery_points_by_backup_vault(BackupVaultName="nonesuch")


@probe("backup/region settings")
def backup_region_settings(session: EmulatorSession) -> None:
    """A choice for one service reads back and leaves the others as they were."""
    backup = session.client("backup")
    before = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    backup.update_region_settings(ResourceTypeOptInPreference={"Aurora": True})
    after = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    assert not before["Aurora"]
    assert after == {**before, "Aurora": True}


@probe("backup/plan changes")
def backup_plan_changes(session: EmulatorSession) -> None:
    """A plan's rules can be replaced, and a deleted plan is gone."""
    backup = session.client("backup")
    plan = backup_plan(session, "changes")["BackupPlanId"]
    rule = {"RuleName": "weekly", "TargetBackupVaultName": "changes"}
    backup.update_backup_plan(
        BackupPlanId=plan, BackupPlan={"BackupPlanName": "changes", "Rules": [rule]}
    )
    found = backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]
    assert [one["RuleName"] for one in found["Rules"]] == ["weekly"]
    backup.delete_backup_plan(BackupPlanId=plan)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.get_backup_plan(BackupPlanId=plan)


def _without_trailing_slash(request: Any, **_: Any) -> None:
    request.url = request.url.rstrip("/")


def budget(session: EmulatorSession, name: str) -> dict[str, Any]:
    """A budget of 100 USD with one notification; the notification."""
    notification = {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80.0,
        "ThresholdType": "PERCENTAGE",
    }
    session.client("budgets").create_budget(
        AccountId=ACCOUNT,
        Budget=_definition(name, "100"),
        NotificationsWithSubscribers=[
            {
                "Notification": notification,
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}],
            }
        ],
        ResourceTags=[OWNER],
    )
    return notification


def _definition(name: str, amount: str) -> dict[str, Any]:
    limit = {"Amount": amount, "Unit": "USD"}
    return {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": limit,
    }


@probe("budgets/subscribers")
def budget_subscribers(session: EmulatorSession) -> None:
    """Who is told reads back and can be changed."""
    budgets = session.client("budgets")
    notification = budget(session, "subscribers")
    place = {"AccountId": ACCOUNT, "BudgetName": "subscribers", "Notification": notification}
    found = budgets.describe_subscribers_for_notification(**place)["Subscribers"]
    assert [one["Address"] for one in found] == ["ops@example.com"]
    budgets.create_subscriber(
        **place, Subscriber={"SubscriptionType": "EMAIL", "Address": "two@example.com"}
    )
    budgets.delete_subscriber(
        **place, Subscriber={"SubscriptionType": "EMAIL", "Address": "ops@example.com"}
    )
    found = budgets.describe_subscribers_for_notification(**place)["Subscribers"]
    assert [one["Address"] for one in found] == ["two@example.com"]


@probe("budgets/notifications")
def budget_notifications(session: EmulatorSession) -> None:
    """A notification added later has its subscribers, and a deleted one has none."""
    budgets = session.client("budgets")
    added = {**budget(session, "notifications"), "Threshold": 90.0}
    place = {"AccountId": ACCOUNT, "BudgetName": "notifications", "Notification": added}
    budgets.create_notification(
        **place, Subscribers=[{"SubscriptionType": "EMAIL", "Address": "new@example.com"}]
    )
    found = budgets.describe_subscribers_for_notification(**place)["Subscribers"]
    assert [one["Address"] for one in found] == ["new@example.com"]
    budgets.delete_notification(**place)
    with pytest.raises(ClientError, match="NotFoundException"):
        budgets.describe_subscribers_for_notification(**place)


@probe("budgets/tags")
def budget_tags(session: EmulatorSession) -> None:
    """The tags of a budget read back."""
    budget(session, "tags")
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/tags"
    budgets = session.client("budgets")
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [OWNER]
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[TIER])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["Owner"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [TIER]


@probe("budgets/update")
def budget_update(session: EmulatorSession) -> None:
    """A budget's limit can be changed."""
    budgets = session.client("budgets")
    budget(session, "update")
    place = {"AccountId": ACCOUNT, "BudgetName": "update"}
    period = budgets.describe_budget(**place)["Budget"]["TimePeriod"]
    wanted = {**_definition("update", "200"), "TimePeriod": period}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=wanted)
    found = budgets.describe_budget(**place)["Budget"]
    assert float(found["BudgetLimit"]["Amount"]) == 200
    assert found["TimePeriod"] == period


def monitor(session: EmulatorSession, name: str) -> str:
    """A monitor of all services; its ARN."""
    wanted = {"MonitorName": name, "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    made = session.client("ce").create_anomaly_monitor(AnomalyMonitor=wanted, ResourceTags=[OWNER])
    return str(made["MonitorArn"])


@probe("ce/anomaly monitors")
def anomaly_monitors(session: EmulatorSession) -> None:
    """A monitor reads back, can be renamed and deleted."""
    explorer = session.client("ce")
    arn = monitor(session, "services")
    explorer.update_anomaly_monitor(MonitorArn=arn, MonitorName="renamed")
    found = explorer.get_anomaly_monitors(MonitorArnList=[arn])["AnomalyMonitors"]
    assert [(one["MonitorName"], one["MonitorDimension"]) for one in found] == [
        ("renamed", "SERVICE")
    ]
    explorer.delete_anomaly_monitor(MonitorArn=arn)
    assert explorer.get_anomaly_monitors(MonitorArnList=[arn])["AnomalyMonitors"] == []


@probe("ce/anomaly subscriptions")
def anomaly_subscriptions(session: EmulatorSession) -> None:
    """A subscription to a monitor reads back, can be changed and deleted."""
    explorer = session.client("ce")
    watched = monitor(session, "watched")
    arn = explorer.create_anomaly_subscription(
        AnomalySubscription={
            "SubscriptionName": "alerts",
            "Frequency": "DAILY",
            "MonitorArnList": [watched],
            "Subscribers": [{"Type": "EMAIL", "Address": "ops@example.com"}],
        }
    )["SubscriptionArn"]
    explorer.update_anomaly_subscription(SubscriptionArn=arn, Frequency="WEEKLY")
    found = explorer.get_anomaly_subscriptions(MonitorArn=watched)["AnomalySubscriptions"]
    assert [(one["SubscriptionName"], one["Frequency"]) for one in found] == [("alerts", "WEEKLY")]
    explorer.delete_anomaly_subscription(SubscriptionArn=arn)
    found = explorer.get_anomaly_subscriptions(SubscriptionArnList=[arn])
    assert found["AnomalySubscriptions"] == []


@probe("ce/tags")
def anomaly_tags(session: EmulatorSession) -> None:
    """The tags of a monitor read back and can be changed."""
    explorer = session.client("ce")
    arn = monitor(session, "tags")
    assert explorer.list_tags_for_resource(ResourceArn=arn)["ResourceTags"] == [OWNER]
    explorer.tag_resource(ResourceArn=arn, ResourceTags=[TIER])
    explorer.untag_resource(ResourceArn=arn, ResourceTagKeys=["Owner"])
    assert explorer.list_tags_for_resource(ResourceArn=arn)["ResourceTags"] == [TIER]


@probe("cloudtrail/event selectors")
def event_selectors(session: EmulatorSession) -> None:
    """A trail logs management events unless told otherwise, and says when it was told."""
    session.client("s3").create_bucket(Bucket="trail-bucket")
    trails = session.client("cloudtrail")
    trails.create_trail(Name="probe", S3BucketName="trail-bucket")
    found = trails.get_event_selectors(TrailName="probe")["EventSelectors"]
    assert [one["IncludeManagementEvents"] for one in found] == [True]
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    trails.put_event_selectors(
        TrailName="probe", EventSelectors=[{"ReadWriteType": "All", "DataResources": data}]
    )
    assert trails.get_trail(Name="probe")["Trail"]["HasCustomEventSelectors"]
    listed = trails.describe_trails(trailNameList=["probe"])["trailList"]
    assert [one["HasCustomEventSelectors"] for one in listed] == [True]


def function(session: EmulatorSession, name: str) -> str:
    """A function that nobody may invoke yet; its ARN."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("main.py", "def handler(event, context): ...")
    trust = '{"Version": "2012-10-17", "Statement": []}'
    iam = session.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    made = session.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    return str(made["FunctionArn"])


@probe("secretsmanager/rotation")
def rotation(session: EmulatorSession) -> None:
    """Rotation is set on a secret without a version, once the function allows it."""
    secrets = session.client("secretsmanager")
    arn = function(session, "rotate")
    secrets.create_secret(Name="rotated")
    asked = {
        "SecretId": "rotated",
        "RotationLambdaARN": arn,
        "RotationRules": {"ScheduleExpression": "cron(0 4 ? * SUN#1 *)"},
    }
    with pytest.raises(ClientError, match="AccessDeniedException"):
        secrets.rotate_secret(**asked)
    session.client("lambda").add_permission(
        FunctionName="rotate",
        StatementId="secrets",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )
    secrets.rotate_secret(**asked)
    found = secrets.describe_secret(SecretId="rotated")
    assert found["RotationEnabled"]
    assert found["RotationLambdaARN"] == arn
    assert found["RotationRules"] == asked["RotationRules"]
    secrets.cancel_rotate_secret(SecretId="rotated")
    filters = [{"Key": "name", "Values": ["rotated"]}]
    listed = secrets.list_secrets(Filters=filters)["SecretList"]
    assert [(one["RotationEnabled"], one["RotationLambdaARN"]) for one in listed] == [(False, arn)]
