"""What the deployed environment saves, and who is told when it costs more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_contains, expect_equal, named
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("COST-04")
def test_spot_carries_only_what_may_be_interrupted(
    target: Target, service: dict[str, Any], requirement: Requirement
) -> None:
    expected = requirement.expected
    strategies = service.get("capacityProviderStrategy", [])
    spot = expected["provider"] in [one["capacityProvider"] for one in strategies]
    expect_equal(service["serviceArn"], "Spot", spot, expected["spot"][target.environment])


@pytest.mark.requirement("COST-05")
def test_somebody_is_told_of_an_anomaly(
    target: Target, topics: dict[str, str], requirement: Requirement
) -> None:
    expected, name = requirement.expected, f"{target.prefix}-services"
    every = target.pages("ce", "get_anomaly_subscriptions", "AnomalySubscriptions")
    one = named(name, "anomaly subscription", every, lambda s: s["SubscriptionName"] == name)
    told = [(subscriber["Type"], subscriber["Address"]) for subscriber in one["Subscribers"]]
    topic = topics[f"{target.prefix}-{expected['topic_suffix']}"]
    expect_equal(one["SubscriptionArn"], "frequency", one["Frequency"], expected["frequency"])
    expect_contains(one["SubscriptionArn"], "told", told, (expected["subscriber"], topic))
