"""What a destroy leaves, what AWS Backup may touch, and who may look, as planned."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_members, expect_none, found, only
from tests.support.iam import granted
from tests.support.plan import Plan
from tests.support.planned_policies import policy as planned
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan


@pytest.mark.requirement("TF-06")
@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("aws_s3_bucket", "force_destroy"),
        ("aws_backup_vault", "force_destroy"),
        ("aws_ecr_repository", "force_delete"),
    ],
)
def test_destroy_is_forced_outside_production_only(
    kind: str, argument: str, plan: Plan, planned_environment: str, requirement: Requirement
) -> None:
    wanted = requirement.expected["forced"][planned_environment]
    every = found("plan", kind, plan.all(kind))
    other = [one.where for one in every if (one.value(argument) or False) != wanted]
    expect_none(kind, f"one whose {argument} is not {wanted}", other)


@pytest.mark.requirement("TF-06")
def test_name_of_a_deleted_secret_is_free_outside_production(
    plan: Plan, planned_environment: str, requirement: Requirement
) -> None:
    wanted = requirement.expected["recovery_window_days"][planned_environment]
    secrets = found("plan", "secret", plan.all("aws_secretsmanager_secret"))
    other = [one.where for one in secrets if one.value("recovery_window_in_days") != wanted]
    expect_none("plan", f"secret whose recovery window is not {wanted} days", other)


@pytest.mark.requirement("DR-02")
def test_backup_has_opted_in_to_aurora(plan: Plan, requirement: Requirement) -> None:
    settings = only("plan", "settings of the region", plan.all("aws_backup_region_settings"))
    service = requirement.expected["opted_in"]
    chosen = settings.value("resource_type_opt_in_preference")
    expect_equal(settings.where, f"opted in to {service}", chosen.get(service), True)


@pytest.mark.requirement("DR-02")
def test_backup_has_opted_in_where_the_database_is(plan: Plan, aurora: Resource) -> None:
    settings = only("plan", "settings of the region", plan.all("aws_backup_region_settings"))
    region = plan.region_of(settings)
    expect_equal(settings.where, "region", region, plan.region_of(aurora))


@pytest.mark.requirement("AUD-01")
def test_trail_records_the_services_of_no_region(plan: Plan, requirement: Requirement) -> None:
    trail = only("plan", "CloudTrail trail", plan.all("aws_cloudtrail"))
    recorded = trail.value("include_global_service_events")
    expect_equal(trail.where, "global services", recorded, requirement.expected["global_services"])


@pytest.fixture
def audit(plan: Plan, prefix: str) -> Resource:
    """The role by which the tiers look at the environment."""
    return plan.one("aws_iam_role", name=f"{prefix}-audit")


@pytest.mark.requirement("PIPE-06")
def test_audit_role_trusts_the_branches_that_look(
    plan: Plan, audit: Resource, planned_environment: str, requirement: Requirement
) -> None:
    expected = requirement.expected
    grant = only(audit.where, "trust", granted(planned(plan, audit, "assume_role_policy")))
    subjects = grant.conditions.get("StringEquals", {}).get(f"{expected['provider']}:sub", [])
    branches = expected["branches"][planned_environment]
    wanted = [f"repo:{expected['repository']}:ref:refs/heads/{branch}" for branch in branches]
    expect_members(audit.where, "subjects", subjects, wanted)
    expect_members(audit.where, "ways in", grant.actions, [expected["sign_in"]])


@pytest.mark.requirement("PIPE-06")
def test_audit_role_can_change_nothing(
    plan: Plan, audit: Resource, requirement: Requirement
) -> None:
    attachments = plan.all("aws_iam_role_policy_attachment")
    attached = [one.value("policy_arn") for one in attachments if is_of(one, audit)]
    inline = [one for one in plan.all("aws_iam_role_policy") if is_of(one, audit)]
    actions = {
        action
        for policy in inline
        for statement in granted(planned(plan, policy, "policy"))
        for action in statement.actions
    }
    expect_members(audit.where, "attached policies", attached, requirement.expected["attached"])
    expect_members(audit.where, "further actions", actions, requirement.expected["actions"])


def is_of(policy: Resource, role: Resource) -> bool:
    """Whether the policy is the role's, which it names by its name or by its id."""
    named = policy.symbolic("role") == role.value("name")
    return named or role.address in policy.points_to("role")
