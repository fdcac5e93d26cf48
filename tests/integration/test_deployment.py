"""What the apply itself must leave behind."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Requirement
from tests.support.deployment import Deployment
from tests.support.expectations import expect_equal, expect_members

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("TF-05")
def test_everything_planned_is_created(deployment: Deployment) -> None:
    expect_equal(
        deployment.environment, "resources", deployment.resource_count, deployment.planned_count
    )


@pytest.mark.requirement("TF-05")
def test_second_plan_is_empty(
    second_plan: list[str], environment: str, requirement: Requirement
) -> None:
    expect_members(environment, "changes", second_plan, requirement.expected["changes"])
