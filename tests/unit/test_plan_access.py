"""What the planned policies grant, and to whom."""

from __future__ import annotations

import pytest

from tests.support import access, planned_policies, sign_ins
from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import expect_members, expect_none, found
from tests.support.iam import Policy
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.unit.concrete_arns import concrete

pytestmark = pytest.mark.plan


@pytest.fixture
def identity_policies(plan: Plan) -> list[Policy]:
    """What is attached to roles, users and groups."""
    return found("plan", "identity policy", planned_policies.identity_policies(plan))


@pytest.fixture
def resource_policies(plan: Plan) -> list[Policy]:
    """What stands on buckets, keys, topics and functions."""
    return planned_policies.resource_policies(plan)


@pytest.fixture
def trust(plan: Plan) -> list[tuple[Resource, Policy]]:
    """Each role, and who may assume it."""
    return found("plan", "role", planned_policies.trust_policies(plan))


@pytest.mark.requirement("IAM-01")
def test_parliament_has_nothing_to_say(
    identity_policies: list[Policy], requirement: Requirement
) -> None:
    tolerated = requirement.expected["tolerated_severity"]
    remarks = [r for one in identity_policies for r in access.lint(one, tolerated, concrete)]
    expect_none("plan", f"remark of parliament above {tolerated}", remarks)


@pytest.mark.requirement("IAM-02")
def test_action_in_a_policy_exists(
    identity_policies: list[Policy], resource_policies: list[Policy]
) -> None:
    every = identity_policies + resource_policies
    unknown = [action for one in every for action in access.unknown_actions(one)]
    expect_none("plan", "action that no service has", unknown)


@pytest.mark.requirement("IAM-03")
def test_no_pattern_of_actions_is_granted_on_everything(identity_policies: list[Policy]) -> None:
    wide = [grant for one in identity_policies for grant in access.wildcards(one)]
    expect_none("plan", "grant of a pattern of actions on everything", wide)


@pytest.mark.requirement("IAM-04")
def test_star_stands_only_for_actions_without_a_resource(identity_policies: list[Policy]) -> None:
    needless = [action for one in identity_policies for action in access.needless_stars(one)]
    expect_none("plan", "action on * that could be granted on a resource", needless)


@pytest.mark.requirement("IAM-05")
def test_role_trusts_the_services_that_use_it(
    trust: list[tuple[Resource, Policy]], plan: Plan, requirement: Requirement
) -> None:
    users = requirement.expected["users"]
    pairs = [
        (role.where, access.trusted(policy), planned_policies.given_to(plan, role, users))
        for role, policy in trust
    ]
    wrong = [
        f"{where} trusts {listed(trusted)} and is used by {listed(using)}"
        for where, trusted, using in pairs
        if trusted != using
    ]
    expect_none("roles", "role that trusts others than use it", wrong)


def listed(principals: set[str]) -> str:
    return ", ".join(sorted(principals)) or "nobody"


@pytest.mark.requirement("IAM-06")
def test_only_this_repositorys_branches_sign_in_from_outside(
    trust: list[tuple[Resource, Policy]], planned_environment: str, catalogue: Catalogue
) -> None:
    wanted = sign_ins.expected(catalogue, planned_environment)
    others = [
        f"{role.where} by {conditions}"
        for role, policy in trust
        if (conditions := access.sign_ins(policy)) and conditions != wanted.get(role.value("name"))
    ]
    expect_none("roles", f"sign-in from outside but {wanted}", others)


@pytest.mark.requirement("IAM-06")
def test_whoever_signs_in_from_outside_comes_by_the_stacks_provider(
    trust: list[tuple[Resource, Policy]], plan: Plan
) -> None:
    providers = plan.all("aws_iam_openid_connect_provider")
    own = {f"Federated:⟨{one.address}.arn⟩" for one in providers}
    others = [
        f"{role.where} trusts {principal}"
        for role, policy in trust
        for statement in policy.grants
        for principal in statement.principals
        if principal.startswith("Federated:") and principal not in own
    ]
    expect_none("roles", "sign-in by another provider", others)


@pytest.mark.requirement("IAM-07")
def test_no_resource_is_open_to_anyone(
    plan: Plan, resource_policies: list[Policy], requirement: Requirement
) -> None:
    keys, kinds = requirement.expected["narrowing_keys"], requirement.expected["kinds"]
    # One without a policy is its account's alone.
    found("plan", ", ".join(kinds), [one for one in plan.resources if one.type in kinds])
    open_grants = [grant for one in resource_policies for grant in access.open_grants(one, keys)]
    expect_none("plan", f"grant to anyone without {', '.join(keys)}", open_grants)


@pytest.mark.requirement("IAM-08")
def test_only_the_named_policies_of_aws_are_attached(plan: Plan, requirement: Requirement) -> None:
    arns = set(planned_policies.attached(plan))
    of_aws = [arn for arn in arns if arn.startswith("arn:aws:iam::aws:policy/")]
    expect_members("plan", "AWS's policies", of_aws, requirement.expected["policies"])


@pytest.mark.requirement("IAM-09")
def test_nobody_has_a_key_of_their_own(plan: Plan, requirement: Requirement) -> None:
    rejected = requirement.expected["rejected_types"]
    found("plan", "role", plan.all("aws_iam_role"))
    expect_none(
        "plan", "user or access key", [r.where for r in plan.resources if r.type in rejected]
    )
