"""Arguments that nobody sets: each has a default that holds, and any other value undoes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_none, found
from tests.support.plan import Plan
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan

UNSET = ["ALB-05", "AUD-01", "COST-01", "DB-03", "DB-05", "DR-01", "DR-04", "ECS-06", "ECS-10",
         "ECS-16", "KMS-01", "MON-04", "MON-15", "NET-15", "REDIS-05", "SCALE-01", "SCALE-03",
         "TF-06"]  # fmt: skip
# What a provider takes as if the argument were not there.
AS_UNSET: tuple[Any, ...] = (None, False, "", [], {})


def is_set(resource: Resource, path: str) -> bool:
    """Whether the argument says anything; what is known only after apply may."""
    if not resource.sets(path):
        return False
    return not resource.knows(path) or resource.value(path) not in AS_UNSET


@pytest.mark.parametrize(
    "identifier",
    [pytest.param(i, marks=pytest.mark.requirement(i), id=i) for i in UNSET],
)
def test_argument_is_left_alone(identifier: str, plan: Plan, requirement: Requirement) -> None:
    rules = found(identifier, "kind of resource", requirement.expected["unset"].items())
    set_ones = [
        f"{one.where} {path}"
        for kind, paths in rules
        for one in found("plan", kind, plan.all(kind))
        for path in paths
        if is_set(one, path)
    ]
    expect_none("plan", "argument that is set", set_ones)
