"""Who may publish to the deployed topics, and with which key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_subset, only
from tests.support.iam import granted, statements
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.fixture
def topic(target: Target, topics: dict[str, str], requirement: Requirement) -> dict[str, Any]:
    """The attributes of the topic that the requirement is about."""
    arn = topics[f"{target.prefix}-{requirement.expected['topic_suffix']}"]
    return dict(target.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"])


@pytest.mark.requirement("MON-07")
def test_cache_may_publish_to_its_topic(
    target: Target, topic: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = topic["TopicArn"], requirement.expected
    grant = only(where, f"grant to {expected['principal']}", granted(
        statements(topic["Policy"]), action=expected["action"], principal=expected["principal"]
    ))  # fmt: skip
    wanted = {"StringEquals": {expected["condition"]: [target.account_id]}}
    expect_equal(where, "conditions", grant.conditions, wanted)


@pytest.mark.requirement("MON-07")
def test_cache_topic_has_no_key(topic: dict[str, Any], requirement: Requirement) -> None:
    key = topic.get("KmsMasterKeyId") or None
    expect_equal(topic["TopicArn"], "key", key, requirement.expected["key"])


@pytest.mark.requirement("MON-08")
def test_events_may_publish_without_a_condition(
    topic: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = topic["TopicArn"], requirement.expected
    principal = f"Service:{expected['principal']}"
    grants = granted(statements(topic["Policy"]), principal=principal)
    grant = only(where, f"grant to {principal}", grants)
    expect_subset(where, "what it may do", grant.actions, expected["topic"])
    expect_equal(where, "conditions", grant.conditions, expected["conditions"])


@pytest.mark.requirement("MON-08")
def test_events_may_use_the_topics_key_without_a_condition(
    target: Target, topic: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = topic["KmsMasterKeyId"], requirement.expected
    answer = target.client("kms").get_key_policy(KeyId=where, PolicyName="default")
    principal = f"Service:{expected['principal']}"
    grants = granted(statements(answer["Policy"]), principal=principal)
    grant = only(where, f"grant to {principal}", grants)
    expect_subset(where, "what it may do", grant.actions, expected["key"])
    expect_equal(where, "conditions", grant.conditions, expected["conditions"])
