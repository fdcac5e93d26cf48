"""Whether what the plan joins together belongs together: keys, secrets, roles, logs, alarms."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import (
    expect_contains,
    expect_equal,
    expect_members,
    expect_none,
    found,
    only,
)
from tests.support.placeholders.symbols import SYMBOL
from tests.support.plan import Plan
from tests.support.planned_policies import roles_at
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan


def suffix(name: str, prefix: str) -> str:
    """A name without what all names of the environment begin with."""
    return name.removeprefix(f"{prefix}-").removeprefix(f"{prefix}/")


def owner(plan: Plan, text: Any) -> Resource | None:
    """The resource whose symbol stands in a text, if there is one and no other."""
    symbols = SYMBOL.findall(str(text))
    addresses = {one.address.replace('"', ""): one for one in plan.resources}
    owners = [addresses[s] for s in {s.rpartition(".")[0] for s in symbols} if s in addresses]
    return owners[0] if len(owners) == 1 else None


# --- Keys ---------------------------------------------------------------------------------


@pytest.mark.requirement("KMS-02")
def test_everything_is_encrypted_with_the_key_of_its_region(
    plan: Plan, requirement: Requirement
) -> None:
    keys = {plan.region_of(key): key.address for key in plan.all("aws_kms_key")}
    places = [
        (one, path, keys.get(plan.region_of(one)))
        for kind, paths in requirement.expected["arguments"].items()
        for path in paths
        for one in plan.all(kind)
    ]
    others = [
        f"{one.where} {path} is {', '.join(one.points_to(path)) or 'not set'}, not {key}"
        for one, path, key in found("plan", "resource that takes a key", places)
        if one.points_to(path) != {key}
    ]
    expect_none("plan", "resource with another key than its region's", others)


@pytest.mark.requirement("KMS-02")
def test_bucket_with_a_key_has_that_of_its_region(plan: Plan) -> None:
    keys = {plan.region_of(key): key.address for key in plan.all("aws_kms_key")}
    kind = "aws_s3_bucket_server_side_encryption_configuration"
    path = "rule[0].apply_server_side_encryption_by_default[0]"
    # Load balancers write into no bucket with a key of ours (STORE-01).
    with_key = [one for one in plan.all(kind) if one.symbolic(f"{path}.sse_algorithm") == "aws:kms"]
    others = [
        one.where
        for one in found("plan", "bucket with a key", with_key)
        if one.points_to(f"{path}.kms_master_key_id") != {keys.get(plan.region_of(one))}
    ]
    expect_none("plan", "bucket with another key than its region's", others)


@pytest.mark.requirement("KMS-02")
def test_region_has_one_key(plan: Plan, requirement: Requirement) -> None:
    regions = [plan.region_of(key) for key in plan.all("aws_kms_key")]
    expect_members("plan", "regions with a key", regions, requirement.expected["regions"])


# --- Secrets ------------------------------------------------------------------------------


@pytest.mark.requirement("ECS-15")
@pytest.mark.parametrize("family", ["app", "migrations"])
def test_container_takes_each_secret_from_where_it_is(
    family: str, plan: Plan, prefix: str, requirement: Requirement
) -> None:
    task = plan.one("aws_ecs_task_definition", family=f"{prefix}-{family}")
    container = only(task.where, "container", json.loads(task.symbolic("container_definitions")))
    taken = {
        secret["name"]: [
            suffix(str(held.value("name")), prefix) if (held := owner(plan, origin)) else origin,
            SYMBOL.sub("", origin).strip(":"),
        ]
        for secret in container["secrets"]
        for origin in [secret["valueFrom"]]
    }
    expect_equal(task.where, "secrets", taken, requirement.expected["taken_from"])


@pytest.mark.requirement("SEC-07")
def test_every_secret_has_a_value_of_its_own(plan: Plan) -> None:
    versions = plan.all("aws_secretsmanager_secret_version")
    filled = Counter(address for one in versions for address in one.points_to("secret_id"))
    secrets = found("plan", "secret", plan.all("aws_secretsmanager_secret"))
    wrong = [f"{one.where}: {filled[one.address]}" for one in secrets if filled[one.address] != 1]
    expect_none("plan", "secret without exactly one value", wrong)


@pytest.mark.requirement("SEC-07")
def test_rotation_knows_which_secret_opens_what(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    rotation = plan.one("aws_lambda_function", function_name=f"{prefix}-rotate-secrets")
    variables = rotation.symbolic("environment[0].variables")
    known = {
        name: suffix(str(held.value("name")), prefix) if (held := owner(plan, text)) else text
        for name, text in variables.items()
    }
    wanted = {
        name: str(value).format(prefix=prefix)
        for name, value in requirement.expected["variables"].items()
    }
    expect_equal(rotation.where, "variables", known, wanted)


# --- Roles --------------------------------------------------------------------------------


@pytest.mark.requirement("IAM-14")
def test_policy_of_aws_is_attached_to_the_role_that_it_is_for(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    attachments = found("plan", "attachment", plan.all("aws_iam_role_policy_attachment"))
    # A role may have several.
    actual = [
        f"{suffix(role, prefix)}: {str(one.symbolic('policy_arn')).rpartition('/')[2]}"
        for one in attachments
        for role in roles_at(plan, one, "role")
    ]
    wanted = [f"{role}: {policy}" for role, policy in requirement.expected["attached"].items()]
    expect_members("plan", "attached", actual, wanted)


@pytest.mark.requirement("IAM-14")
@pytest.mark.parametrize("place", ["execution_role_arn", "task_role_arn"])
def test_task_has_the_role_that_is_for_it(
    place: str, plan: Plan, prefix: str, requirement: Requirement
) -> None:
    wanted = requirement.expected["of_tasks"][place]
    tasks = found("plan", "task definition", plan.all("aws_ecs_task_definition"))
    others = [
        f"{one.where} has {role}"
        for one in tasks
        for role in roles_at(plan, one, place)
        if suffix(role, prefix) != wanted
    ]
    expect_none("plan", f"task whose {place} is not {wanted}", others)


@pytest.mark.requirement("IAM-14")
def test_user_of_a_role_has_the_one_that_is_for_it(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    users = [
        (place, wanted, one)
        for place, wanted in requirement.expected["of_others"].items()
        for one in found("plan", place, plan.all(place.partition(".")[0]))
    ]
    others = [
        f"{one.where} {place} is {role}, not {wanted}"
        for place, wanted, one in users
        for role in roles_at(plan, one, place.partition(".")[2])
        if suffix(role, prefix) != wanted
    ]
    expect_none("plan", "user of another role", others)


# --- Logs ---------------------------------------------------------------------------------


@pytest.mark.requirement("MON-15")
def test_log_group_has_the_name_that_is_written_to(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    names = [group.value("name") for group in plan.all("aws_cloudwatch_log_group")]
    wanted = [name.format(prefix=prefix) for name in requirement.expected["groups"]]
    expect_members("plan", "log groups", names, wanted)


@pytest.mark.requirement("MON-15")
def test_every_log_is_kept_as_long_as_the_environment_needs(
    plan: Plan, planned_environment: str, catalogue: Catalogue
) -> None:
    wanted = catalogue.requirement("MON-06").expected["retention_days"][planned_environment]
    groups = found("plan", "log group", plan.all("aws_cloudwatch_log_group"))
    others = [
        f"{one.where} for {kept} days"
        for one in groups
        if (kept := one.value("retention_in_days")) != wanted
    ]
    expect_none("plan", f"log kept for another time than {wanted} days", others)


@pytest.mark.requirement("MON-15")
def test_log_goes_to_its_group(plan: Plan, prefix: str, requirement: Requirement) -> None:
    places = requirement.expected["delivered"]
    groups = {one.value("name"): one for one in plan.all("aws_cloudwatch_log_group")}
    delivered = {
        place: sorted(
            name
            for one in plan.all(kind)
            for name, group in groups.items()
            if group.address in one.points_to(path) or one.symbolic(path) == name
        )
        for place in places
        for kind, _, path in [place.partition(".")]
    }
    wanted = {place: [n.format(prefix=prefix) for n in names] for place, names in places.items()}
    expect_equal("plan", "logs", delivered, wanted)


# --- Alarms -------------------------------------------------------------------------------

ALARM = {
    "metric": "metric_name",
    "namespace": "namespace",
    "statistic": "statistic",
    "comparison": "comparison_operator",
    "threshold": "threshold",
    "period_seconds": "period",
    "evaluation_periods": "evaluation_periods",
    "missing_data": "treat_missing_data",
    "datapoints": "datapoints_to_alarm",
    "acts": "actions_enabled",
}


@pytest.mark.requirement("MON-16")
def test_alarm_is_set_as_it_is_listed(plan: Plan, prefix: str, requirement: Requirement) -> None:
    common, own = requirement.expected["common"], requirement.expected["alarms"]
    wanted = {
        name: {**common, **settings, "metric": settings["metric"].format(prefix=prefix)}
        for name, settings in own.items()
    }
    actual = {
        suffix(alarm.value("alarm_name"), prefix): settings_of(alarm)
        for alarm in plan.all("aws_cloudwatch_metric_alarm")
    }
    others = [
        f"{name}: {actual.get(name)}, not {wanted.get(name)}"
        for name in sorted(wanted.keys() | actual.keys())
        if actual.get(name) != wanted.get(name)
    ]
    expect_none("plan", "alarm that is set in another way", others)


def settings_of(alarm: Resource) -> dict[str, Any]:
    """An alarm's settings by the names that the catalogue gives them."""
    settings = {name: alarm.symbolic(argument) for name, argument in ALARM.items()}
    return settings | {
        "by": sorted(alarm.keys("dimensions")),
        "tells_the_end": alarm.points_to("ok_actions") == alarm.points_to("alarm_actions"),
    }


# --- Health -------------------------------------------------------------------------------


@pytest.mark.requirement("ALB-04")
def test_target_group_asks_the_port_that_requests_go_to(
    target_group: Resource, requirement: Requirement
) -> None:
    port = target_group.value("health_check[0].port")
    allowed = ["traffic-port", str(requirement.expected["port"])]
    expect_contains(target_group.where, "ports", allowed, str(port))
