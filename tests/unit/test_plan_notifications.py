"""Who may publish to the topics, and with which key, as planned."""

from __future__ import annotations

import pytest

from tests.support import planning
from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_subset, only
from tests.support.iam import granted
from tests.support.plan import Plan
from tests.support.planned_policies import policy as planned
from tests.support.planned_resource import Resource
from tests.support.source import SourceTree

pytestmark = pytest.mark.plan


@pytest.fixture
def topic(plan: Plan, prefix: str, requirement: Requirement) -> Resource:
    """The topic that the requirement is about."""
    return plan.one("aws_sns_topic", name=f"{prefix}-{requirement.expected['topic_suffix']}")


@pytest.fixture
def topic_policy(plan: Plan, topic: Resource) -> Resource:
    """The policy of that topic."""
    policies = [p for p in plan.all("aws_sns_topic_policy") if topic.address in p.points_to("arn")]
    return only(topic.where, "policy", policies)


@pytest.fixture
def account(source: SourceTree, planned_environment: str) -> str:
    """The environment's account."""
    return planning.account_of(source, planned_environment)


@pytest.mark.requirement("MON-07")
def test_cache_may_publish_to_its_topic(
    plan: Plan,
    account: str,
    topic_policy: Resource,
    requirement: Requirement,
) -> None:
    expected = requirement.expected
    grants = granted(
        planned(plan, topic_policy, "policy"),
        action=expected["action"],
        principal=expected["principal"],
    )
    grant = only(topic_policy.where, f"grant to {expected['principal']}", grants)
    wanted = {"StringEquals": {expected["condition"]: [account]}}
    expect_equal(topic_policy.where, "conditions", grant.conditions, wanted)


@pytest.mark.requirement("MON-07")
def test_cache_topic_has_no_key(topic: Resource, requirement: Requirement) -> None:
    key = topic.symbolic("kms_master_key_id")
    expect_equal(topic.where, "key", key, requirement.expected["key"])


@pytest.mark.requirement("MON-08")
def test_events_may_publish_without_a_condition(
    plan: Plan, topic_policy: Resource, requirement: Requirement
) -> None:
    expected = requirement.expected
    principal = f"Service:{expected['principal']}"
    grant = only(
        topic_policy.where, f"grant to {principal}",
        granted(planned(plan, topic_policy, "policy"), principal=principal),
    )  # fmt: skip
    expect_subset(topic_policy.where, "what it may do", grant.actions, expected["topic"])
    expect_equal(topic_policy.where, "conditions", grant.conditions, expected["conditions"])


@pytest.mark.requirement("MON-08")
def test_events_may_use_the_topics_key_without_a_condition(
    plan: Plan, topic: Resource, requirement: Requirement
) -> None:
    expected = requirement.expected
    key = plan.at(only(topic.where, "key", topic.points_to("kms_master_key_id")))
    principal = f"Service:{expected['principal']}"
    grant = only(
        key.where, f"grant to {principal}",
        granted(planned(plan, key, "policy"), principal=principal),
    )  # fmt: skip
    expect_subset(key.where, "what it may do", grant.actions, expected["key"])
    expect_equal(key.where, "conditions", grant.conditions, expected["conditions"])
