"""What is read from a plan, and what of it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.load.service import region
from tests.load.service.region import Region, Watched
from tests.load.service.workload import CPU
from tests.selftest.cost_examples import planned
from tests.support.alarms import Alarm, Missing
from tests.support.outcomes import SuiteError
from tests.support.scaling_policy import Capacity, Policy

pytestmark = pytest.mark.selftest

TARGET, POLICY, TASK, ALARM, NIGHT = (
    "aws_appautoscaling_target.ecs",
    "aws_appautoscaling_policy.cpu",
    "aws_ecs_task_definition.app",
    "aws_cloudwatch_metric_alarm.slow",
    "aws_appautoscaling_scheduled_action.night",
)
TRACKED = {
    "target_value": 70,
    "scale_in_cooldown": 300,
    "scale_out_cooldown": 60,
    "disable_scale_in": True,
    "predefined_metric_specification": [{"predefined_metric_type": CPU}],
}
RESOURCES: dict[str, dict[str, Any]] = {
    TARGET: {"service_namespace": "ecs", "min_capacity": 2, "max_capacity": 6},
    POLICY: {"name": "cpu", "target_tracking_scaling_policy_configuration": [TRACKED]},
    TASK: {"family": "mantisnxt-staging-app", "cpu": "512", "memory": "1024"},
    ALARM: {
        "alarm_name": "mantisnxt-staging-api-response-time",
        "namespace": "AWS/ApplicationELB",
        "metric_name": "TargetResponseTime",
        "threshold": 0.5,
        "comparison_operator": "GreaterThanThreshold",
        "statistic": "Average",
        "period": 60,
        "evaluation_periods": 3,
        "datapoints_to_alarm": 2,
        "treat_missing_data": "notBreaching",
    },
    NIGHT: {
        "schedule": "cron(0 20 * * ? *)",
        "scalable_target_action": [{"min_capacity": 0, "max_capacity": None}],
    },
}


def read(changed: Mapping[str, Mapping[str, Any]], unknown: Any = None) -> Region:
    """The region of a plan of those resources, some of them changed."""
    resources = {
        address: {**after, **changed.get(address, {})} for address, after in RESOURCES.items()
    }
    return region.planned(planned(resources, unknown), "staging")


def test_a_plan_tells_the_service_and_its_alarm() -> None:
    unknown = {ALARM: {"evaluate_low_sample_count_percentiles": True}}
    found = read({}, unknown)
    alarm = Alarm(0.5, "GreaterThanThreshold", "Average", 60, 3, 2, Missing.NOT_BREACHING)
    assert (found.vcpus, found.memory_mib, found.capacity) == (0.5, 1024, Capacity(2, 6))
    assert found.scaling.policies == (Policy.tracking(CPU, 70, 60, 300, True),)
    assert found.response_alarm == alarm
    assert found.watched == (
        Watched(RESOURCES[ALARM]["alarm_name"], "AWS/ApplicationELB", "TargetResponseTime", alarm),
    )


@pytest.mark.parametrize("off", [True, False, None])
def test_a_policy_scales_in_unless_that_is_off(off: bool | None) -> None:
    tracked = {**TRACKED, "disable_scale_in": off}
    found = read({POLICY: {"target_tracking_scaling_policy_configuration": [tracked]}})
    assert [one.disable_scale_in for one in found.scaling.policies] == [bool(off)]


def test_an_action_changes_what_it_sets_and_no_more() -> None:
    found = read({})
    assert (found.fired(20 * 60), found.fired(20 * 60 + 1)) == (Capacity(0, 6), None)


def test_without_actions_the_bounds_are_the_targets_own() -> None:
    resources = {address: after for address, after in RESOURCES.items() if address != NIGHT}
    found = region.planned(planned(resources), "staging")
    assert (found.capacity_at(0), found.fired(20 * 60)) == (Capacity(2, 6), None)


def test_an_alarm_on_an_expression_is_left_out() -> None:
    found = read({ALARM: {"metric_query": [{"id": "e1", "expression": "m1 / m2"}]}})
    assert found.watched == ()


@pytest.mark.parametrize(
    ("address", "changed", "problem"),
    [
        (POLICY, {"target_tracking_scaling_policy_configuration": []}, "tracks no predefined"),
        (
            POLICY,
            {"target_tracking_scaling_policy_configuration": [{**TRACKED, "target_value": 0}]},
            "a target of 0 cannot be tracked",
        ),
        (ALARM, {"comparison_operator": "GreaterThanUpperThreshold"}, "is not modelled"),
        (ALARM, {"datapoints_to_alarm": 4}, "can never alarm"),
    ],
    ids=["policy by steps", "target of 0", "anomaly band", "4 of 3"],
)
def test_what_is_not_modelled_is_refused_by_address(
    address: str, changed: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SuiteError, match=problem) as refused:
        read({address: changed})
    assert address in str(refused.value)


def test_a_service_that_nothing_scales_is_refused() -> None:
    resources = {address: after for address, after in RESOURCES.items() if address != POLICY}
    with pytest.raises(SuiteError, match="no policy scales it"):
        region.planned(planned(resources), "staging")
