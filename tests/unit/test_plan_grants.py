"""The whole of what the planned policies allow, statement by statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest

from tests.support import planned_policies, planning
from tests.support.catalogue import Requirement
from tests.support.expectations import expect_members, found
from tests.support.iam import ANYONE, Statement
from tests.support.placeholders.symbols import SYMBOL
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.source import SourceTree

pytestmark = pytest.mark.plan

# What a resource is called, by the first of these that it has.
NAMES = ("name", "bucket", "cluster_identifier", "replication_group_id", "family",
         "function_name", "tags_all.Name", "url", "comment")  # fmt: skip
# A bucket's ARN follows from its name, and is written either way.
BUCKET = re.compile(r"<aws_s3_bucket ([^>]+)>")
# The resource whose policy a resource holds, by the argument that names it; others hold their own.
HOLDERS = {"aws_s3_bucket_policy": "bucket", "aws_sns_topic_policy": "arn"}
# What attaches a policy, by the argument that names the role; AWS's own are IAM-08's.
ATTACHING = {"aws_iam_role_policy_attachment": "role", "aws_iam_policy_attachment": "roles"}

Spelled = Callable[[str], str]


@pytest.fixture
def spelled(plan: Plan, prefix: str, source: SourceTree, planned_environment: str) -> Spelled:
    """Says a text of a policy without what is the environment's own: names for symbols."""
    given = source.variables(planned_environment).get("aws_account_id")
    account = str(given or planning.ANY_ACCOUNT)
    owners = {one.address: called(one) for one in plan.resources}

    def spell(text: str) -> str:
        for symbol in set(SYMBOL.findall(text)):
            for address in planned_owner(owners, symbol):
                text = text.replace(f"⟨{symbol}⟩", f"<{owners[address]}>")
        text = BUCKET.sub(r"arn:aws:s3:::\1", text)
        return text.replace(prefix, "{prefix}").replace(account, "{account}")

    return spell


def planned_owner(owners: Mapping[str, str], symbol: str) -> list[str]:
    """The address that a symbol begins with; the longest one."""
    fitting = [a for a in owners if symbol.startswith(f"{a.replace(chr(34), '')}.")]
    return sorted(fitting, key=len)[-1:]


def called(resource: Resource) -> str:
    """A resource by its type and the name that it will have in AWS."""
    names = [resource.symbolic(name) for name in NAMES]
    return f"{resource.type} {next((name for name in names if name), resource.name)}"


def lines(statements: Iterable[Statement], spelled: Spelled) -> list[str]:
    """A line for each statement."""
    return [line(one, spelled) for one in statements]


def line(one: Statement, spelled: Spelled) -> str:
    """A statement in words: whom it lets do what, on what, and if what."""
    whom = {"anyone"} if one.principals & ANYONE else one.principals
    principals = f" to {listed(map(spelled, whom))}" if whom else ""
    conditions = [
        f"{test} {variable} {listed(map(spelled, values))}"
        for test, variables in sorted(one.conditions.items())
        for variable, values in sorted(variables.items())
    ]
    under = f" if {' and '.join(conditions)}" if conditions else ""
    # By the names, which stay the same whatever the addresses are.
    what = f"{listed(one.actions)} on {listed(map(spelled, one.resources))}"
    return f"{one.effect} {what}{principals}{under}"


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


@pytest.mark.requirement("IAM-12")
def test_role_may_do_what_is_listed_for_it(
    plan: Plan, prefix: str, spelled: Spelled, requirement: Requirement
) -> None:
    actual = [
        f"{role.removeprefix(f'{prefix}-')}: {one}"
        for role, policy in found("plan", "role's policy", of_roles(plan))
        for one in lines(planned_policies.policy(plan, policy, "policy"), spelled)
    ]
    wanted = [f"{role}: {one}" for role, every in requirement.expected["roles"].items()
              for one in every]  # fmt: skip
    expect_members("plan", "grants", actual, wanted)


def of_roles(plan: Plan) -> Iterator[tuple[str, Resource]]:
    """Each role's name with each policy of the stack's that it has, inline or attached."""
    for policy in plan.all("aws_iam_role_policy"):
        for role in planned_policies.roles_at(plan, policy, "role"):
            yield role, policy
    for kind, argument in ATTACHING.items():
        for one in plan.all(kind):
            for role in planned_policies.roles_at(plan, one, argument):
                for address in one.points_to("policy_arn"):
                    yield role, plan.at(address)


@pytest.mark.requirement("IAM-13")
def test_resource_lets_in_who_is_listed_for_it(
    plan: Plan, spelled: Spelled, requirement: Requirement
) -> None:
    kinds = requirement.expected["kinds"]
    holders = found(
        "plan", "resource with a policy", [r for r in plan.resources if r.type in kinds]
    )
    actual = [
        f"{spelled(called(held))}: {one}"
        for holder in holders
        for held in holding(plan, holder)
        for one in lines(planned_policies.policy(plan, holder, "policy"), spelled)
    ]
    wanted = [f"{name}: {one}" for name, every in requirement.expected["resources"].items()
              for one in every]  # fmt: skip
    expect_members("plan", "grants", actual, wanted)


def holding(plan: Plan, holder: Resource) -> list[Resource]:
    """The resource that a policy is of: the one that its holder names, or the holder itself."""
    named = [plan.at(a) for a in holder.points_to(HOLDERS.get(holder.type, "bucket"))]
    return named if holder.type in HOLDERS else [holder]


@pytest.mark.requirement("IAM-13")
def test_function_is_called_by_who_is_listed(plan: Plan, requirement: Requirement) -> None:
    permissions = found("plan", "permission", plan.all("aws_lambda_permission"))
    callers = [str(one.symbolic("principal")) for one in permissions]
    expect_members("plan", "callers of functions", callers, requirement.expected["callers"])
