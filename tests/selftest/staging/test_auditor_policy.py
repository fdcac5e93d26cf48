"""docs/auditor-policy.json allows what the tier asks a real account, and nothing else."""

from __future__ import annotations

import json
import re

import pytest

from tests.selftest.staging import auditor_policy
from tests.selftest.staging.__main__ import PATH, policy
from tests.selftest.staging.looking import Look
from tests.support import access, policy_lint
from tests.support.iam import Policy, statements
from tests.support.outcomes import SuiteError

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

KEPT = PATH.read_text(encoding="utf-8")
DOCUMENT = json.loads(KEPT)
ACTIONS = [action for one in DOCUMENT["Statement"] for action in one["Action"]]


def test_policy_is_what_the_tier_asks_for(honest: Look) -> None:
    assert policy(honest.asked) == KEPT, "write it anew: python -m tests.selftest.staging"


@pytest.mark.parametrize(
    "asked",
    [("sns", "ListTopics", "us-east-1"), ("kms", "DescribeKey", "us-west-2")],
    ids=lambda asked: asked[1],
)
def test_an_operation_more_or_less_is_noticed(asked: tuple[str, str, str], honest: Look) -> None:
    others = frozenset(one for one in honest.asked if one[0] != asked[0])
    assert policy(others) != policy(others | {asked})
    assert policy(others | {asked}) != KEPT


def test_every_action_is_a_read_by_its_whole_name() -> None:
    assert len(ACTIONS) == len(set(ACTIONS)) > 40
    assert [action for action in ACTIONS if "*" in action] == []
    assert {policy_lint.access_level(action) for action in ACTIONS} == {"Read", "List"}


def test_parliament_has_nothing_to_say() -> None:
    assert policy_lint.remarks(DOCUMENT) == []


def test_star_stands_only_for_actions_without_a_resource() -> None:
    kept = Policy("docs/auditor-policy.json", tuple(statements(DOCUMENT)))
    assert access.needless_stars(kept) == []


def test_names_stand_where_arns_have_a_place_for_them() -> None:
    everywhere = [one for one in ACTIONS if policy_lint.resource_types(one)]
    named = {
        variable
        for action in everywhere
        for kind in policy_lint.resource_types(action)
        for variable in re.findall(r"\w+", str(policy_lint.form_of(action.split(":")[0] + kind)))
    }
    assert {variable for names in auditor_policy.NAMED.values() for variable in names} <= named


def test_an_operation_without_an_action_is_an_error() -> None:
    with pytest.raises(SuiteError, match="IAM has no action s3:GetBucketColour"):
        auditor_policy.action("s3", "GetBucketColour")
