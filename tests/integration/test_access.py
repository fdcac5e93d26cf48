"""What the deployed policies grant, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import access, deployed_policies, sign_ins
from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import expect_members, expect_none, expect_subset, found
from tests.support.iam import Policy
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.fixture(scope="session")
def roles(target: Target) -> list[dict[str, Any]]:
    """The environment's roles."""
    return found(target.prefix, "role", deployed_policies.roles(target))


@pytest.fixture(scope="session")
def identity_policies(target: Target, roles: list[dict[str, Any]]) -> list[Policy]:
    """What the roles may do, by the stack's own policies."""
    every = [p for role in roles for p in deployed_policies.identity_policies(target, role)]
    return found(target.prefix, "identity policy", every)


@pytest.mark.requirement("IAM-01")
def test_parliament_has_nothing_to_say(
    target: Target, identity_policies: list[Policy], requirement: Requirement
) -> None:
    tolerated = requirement.expected["tolerated_severity"]
    remarks = [remark for one in identity_policies for remark in access.lint(one, tolerated)]
    expect_none(target.prefix, f"remark of parliament above {tolerated}", remarks)


@pytest.mark.requirement("IAM-03")
def test_no_pattern_of_actions_is_granted_on_everything(
    target: Target, identity_policies: list[Policy]
) -> None:
    wide = [grant for one in identity_policies for grant in access.wildcards(one)]
    expect_none(target.prefix, "grant of a pattern of actions on everything", wide)


@pytest.mark.requirement("IAM-04")
def test_star_stands_only_for_actions_without_a_resource(
    target: Target, identity_policies: list[Policy]
) -> None:
    needless = [action for one in identity_policies for action in access.needless_stars(one)]
    expect_none(target.prefix, "action on * that could be granted on a resource", needless)


@pytest.mark.requirement("IAM-06")
def test_only_this_repositorys_branches_sign_in_from_outside(
    target: Target, roles: list[dict[str, Any]], catalogue: Catalogue
) -> None:
    wanted = sign_ins.expected(catalogue, target.environment)
    others = [
        f"{role['Arn']} by {conditions}"
        for role in roles
        if (conditions := access.sign_ins(deployed_policies.trust(role)))
        and conditions != wanted.get(role["RoleName"])
    ]
    expect_none(target.prefix, f"sign-in from outside but {wanted}", others)


@pytest.mark.requirement("IAM-06")
def test_the_branches_can_sign_in_to_each_role_that_is_for_them(
    target: Target, roles: list[dict[str, Any]], catalogue: Catalogue
) -> None:
    entered = [r["RoleName"] for r in roles if access.sign_ins(deployed_policies.trust(r))]
    wanted = set(sign_ins.expected(catalogue, target.environment))
    expect_subset(target.prefix, "roles with a sign-in from outside", entered, wanted)


@pytest.mark.requirement("IAM-07")
def test_no_resource_is_open_to_anyone(target: Target, requirement: Requirement) -> None:
    keys = requirement.expected["narrowing_keys"]
    every = found(target.prefix, "resource policy", deployed_policies.resource_policies(target))
    open_grants = [grant for one in every for grant in access.open_grants(one, keys)]
    expect_none(target.prefix, f"grant to anyone without {', '.join(keys)}", open_grants)


@pytest.mark.requirement("IAM-08")
def test_only_the_named_policies_of_aws_are_attached(
    target: Target, roles: list[dict[str, Any]], requirement: Requirement
) -> None:
    arns = {arn for role in roles for arn in deployed_policies.attached(target, role)}
    of_aws = [arn for arn in arns if arn.startswith("arn:aws:iam::aws:policy/")]
    expect_members(target.prefix, "AWS's policies", of_aws, requirement.expected["policies"])
