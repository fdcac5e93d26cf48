"""Target tracking against scaling_cases.yaml, where each rule has its source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import scaling, scaling_policy
from tests.support.alarms import Alarm, Missing
from tests.support.scaling import Activity, Minute, Scaling, Status, Suspended
from tests.support.scaling_policy import Capacity, Policy

pytestmark = pytest.mark.selftest

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("scaling_cases.yaml").read_text(encoding="utf-8")
)


def scaling_of(case: dict[str, Any]) -> Scaling:
    """The policies of a case."""
    policies = tuple(
        Policy.tracking(
            metric,
            target,
            case.get("out_cooldown", 60),
            case.get("in_cooldown", 300),
            metric in case.get("no_scale_in", []),
        )
        for metric, target in case.get("targets", {"cpu": 70}).items()
    )
    return Scaling(policies, Suspended(**case.get("suspended", {})), case.get("most_removed"))


def played(case: dict[str, Any]) -> Iterator[Activity]:
    """What is done in the minutes of a case."""
    service = scaling_of(case)
    status = Status(case.get("desired", 2), Capacity(*case.get("capacity", (2, 10))))
    stretches = [one for one in case["minutes"] for _ in range(one.get("for", 1))]
    for stretch in stretches:
        bounds = stretch.get("scheduled")
        now = Minute(
            values={policy.metric: stretch.get(policy.metric) for policy in service.policies},
            running=stretch.get("running", status.desired),
            deploying=stretch.get("deploying", False),
            scheduled=Capacity(*bounds) if bounds else None,
        )
        status, done = scaling.step(service, status, now)
        yield from done


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_gives_its_activities(case: dict[str, Any]) -> None:
    done = [[one.minute, one.before, one.after, one.cause] for one in played(case)]
    assert done == case["done"]


def test_every_case_has_an_id_of_its_own_and_a_source() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES)
    assert all(case["source"] for case in CASES)


def test_a_described_policy_has_what_application_auto_scaling_says() -> None:
    policy = scaling_policy.from_description(
        {
            "PolicyName": "cpu",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
                },
                "ScaleInCooldown": 300,
                "ScaleOutCooldown": 60,
                "DisableScaleIn": True,
            },
        }
    )
    assert policy == Policy.tracking("ECSServiceAverageCPUUtilization", 70, 60, 300, True)


def test_a_policy_acts_by_the_alarms_that_it_owns() -> None:
    tracked = {"TargetValue": 70, "PredefinedMetricSpecification": {"PredefinedMetricType": "cpu"}}
    pair = [
        {"Threshold": threshold, "ComparisonOperator": operator, "Statistic": "Average",
         "Period": 60, "EvaluationPeriods": periods}
        for threshold, operator, periods in [(60, "LessThanThreshold", 5),
                                             (71, "GreaterThanThreshold", 1)]
    ]  # fmt: skip
    policy = scaling_policy.from_description(
        {"TargetTrackingScalingPolicyConfiguration": tracked}, pair
    )
    assert policy.high == Alarm(71, "GreaterThanThreshold", "Average", 60, 1, 1)
    assert policy.low == Alarm(60, "LessThanThreshold", "Average", 60, 5, 5)


def test_the_cooldowns_of_a_policy_that_has_none_are_those_of_ecs() -> None:
    policy = scaling_policy.from_description(
        {
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "cpu"},
            }
        }
    )
    assert policy == Policy.tracking("cpu", 70, 300, 300)


@pytest.mark.parametrize(
    "description",
    [
        {"PolicyName": "steps", "StepScalingPolicyConfiguration": {}},
        {"PolicyName": "own", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 1}},
    ],
    ids=lambda description: description["PolicyName"],
)
def test_a_policy_that_is_not_modelled_is_refused(description: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="tracks no predefined metric"):
        scaling_policy.from_description(description)


@pytest.mark.parametrize(("minimum", "maximum"), [(3, 2), (-1, 2)])
def test_bounds_out_of_order_are_refused(minimum: int, maximum: int) -> None:
    with pytest.raises(ValueError, match="no number of tasks"):
        Capacity(minimum, maximum)


@pytest.mark.parametrize("target", [0.0, -1.0, float("nan")])
def test_a_target_that_cannot_be_tracked_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match="cannot be tracked"):
        Policy.tracking("cpu", target, 60, 300)


@pytest.mark.parametrize("minimum", [1, 6])
def test_an_alarm_that_alarms_without_data_moves_nothing(minimum: int) -> None:
    blind = Alarm(1, "GreaterThanThreshold", "Average", 60, 1, 1, Missing.BREACHING)
    service = Scaling((Policy("cpu", 70, 60, 300, high=blind, low=blind),))
    _, done = scaling.run(service, Status(5, Capacity(minimum, 9)), [Minute({}, 5)] * 30)
    assert done == []
