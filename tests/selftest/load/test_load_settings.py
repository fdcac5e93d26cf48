"""No request is sent to what is deployed otherwise than the catalogue asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.load.service.region import Region
from tests.load.service.workload import CPU, MEMORY, REQUESTS
from tests.load.verdict.claims import settings
from tests.selftest.load import regions
from tests.selftest.load.observations import ALARM, FIND
from tests.selftest.load.regions import TARGETS
from tests.support.deployed import DeployedAlarm
from tests.support.outcomes import SuiteError, Violation
from tests.support.scaling import Scaling, Suspended
from tests.support.scaling_policy import Capacity, Policy

pytestmark = pytest.mark.selftest

DESCRIPTION = {"MetricName": "TargetResponseTime", "Namespace": "AWS/ApplicationELB"}
DEPLOYED = DeployedAlarm("arn:alarm", ALARM, DESCRIPTION)
POLICIES = tuple(Policy.tracking(metric, target, 60, 300) for metric, target in TARGETS.items())


def scaling(*policies: Policy, **suspended: bool) -> Region:
    """The region with these policies."""
    return regions.region(scaling=Scaling(policies, Suspended(**suspended)))


def test_what_the_catalogue_asks_may_be_loaded() -> None:
    settings(regions.region(), DEPLOYED, FIND)


def test_the_night_s_minimum_may_be_loaded_where_an_action_sets_it() -> None:
    lowered = regions.region(capacity=Capacity(1, 6))
    with pytest.raises(Violation, match="minimum capacity 1"):
        settings(lowered, DEPLOYED, FIND)
    settings(replace(lowered, actions=regions.night()), DEPLOYED, FIND)


@pytest.mark.parametrize(
    ("alarm", "expected", "actual"),
    [
        (replace(ALARM, threshold=5.0), "threshold_seconds 0.5", "threshold_seconds 5.0"),
        (replace(ALARM, evaluation_periods=1, datapoints_to_alarm=1),
         "evaluation_periods 2", "evaluation_periods 1"),
        (replace(ALARM, period_seconds=300), "period_seconds 60", "period_seconds 300"),
        (replace(ALARM, statistic="p99"), "statistic Average", "statistic p99"),
    ],
    ids=["threshold-x-10", "one-period", "long-periods", "another-statistic"],
)  # fmt: skip
def test_another_alarm_is_a_violation(alarm: object, expected: str, actual: str) -> None:
    with pytest.raises(Violation) as caught:
        settings(regions.region(), replace(DEPLOYED, alarm=alarm), FIND)  # type: ignore[arg-type]
    assert expected in caught.value.expected
    assert actual in caught.value.actual


@pytest.mark.parametrize(
    ("region", "expected", "actual"),
    [
        (regions.region(capacity=Capacity(4, 6)), "minimum capacity 2", "minimum capacity 4"),
        (regions.region(capacity=Capacity(2, 9)), "maximum capacity 6", "maximum capacity 9"),
        (scaling(*POLICIES[:2], Policy.tracking(REQUESTS, 2000, 60, 300)),
         f"target of {REQUESTS} 1000", f"target of {REQUESTS} 2000"),
        (scaling(*POLICIES[:2]), f"target of {REQUESTS} 1000", f"target of {REQUESTS} None"),
        (scaling(*POLICIES[:2], Policy.tracking(REQUESTS, 1000, 60, 30)),
         f"scale in cooldown of {REQUESTS} 300", f"scale in cooldown of {REQUESTS} 30"),
        (scaling(Policy.tracking(CPU, 70, 600, 300), *POLICIES[1:]),
         f"scale out cooldown of {CPU} 60", f"scale out cooldown of {CPU} 600"),
        (scaling(POLICIES[0], Policy.tracking(MEMORY, 80, 60, 300, True), POLICIES[2]),
         f"scale-in of {MEMORY} on", f"scale-in of {MEMORY} off"),
        (scaling(*POLICIES, scale_in=True),
         "scale-in of the service on", "scale-in of the service suspended"),
        (scaling(*POLICIES, scale_out=True),
         "scale-out of the service on", "scale-out of the service suspended"),
    ],
    ids=["minimum", "maximum", "target-x-2", "no-policy", "scale-in-cooldown",
         "scale-out-cooldown", "scale-in-disabled", "scale-in-suspended", "scale-out-suspended"],
)  # fmt: skip
def test_another_scaling_is_a_violation(region: Region, expected: str, actual: str) -> None:
    with pytest.raises(Violation) as caught:
        settings(region, DEPLOYED, FIND)
    assert expected in caught.value.expected
    assert actual in caught.value.actual
    assert caught.value.where == "service/mantisnxt-staging/mantisnxt-staging-app"


@pytest.mark.parametrize("requirement", ["SCALE-01", "SCALE-02"])
def test_a_catalogue_that_does_not_say_is_an_error(requirement: str) -> None:
    entry = FIND(requirement)
    silent = {requirement: entry.model_copy(update={"expected": {}})}
    with pytest.raises(SuiteError, match="lacks"):
        settings(regions.region(), DEPLOYED, lambda name: silent.get(name) or FIND(name))
