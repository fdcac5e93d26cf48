"""What Application Auto Scaling does with a service that lives, and what it tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.load.living.autoscaling import Autoscaling, Service, minute_of_week
from tests.load.living.clock import Clock
from tests.selftest.load import account
from tests.selftest.load.account import activities, desired, place, put_policy
from tests.support.outcomes import Violation
from tests.support.target import Target

pytestmark = pytest.mark.selftest

# A Wednesday.
BEGIN = datetime(2026, 12, 2, 19, 50, tzinfo=UTC).timestamp()
RESOURCE = "service/mantisnxt-staging/mantisnxt-staging-app"


@pytest.fixture(scope="module")
def alone() -> Iterator[Target]:
    """An account of its own."""
    with account.account() as made:
        yield made


@pytest.fixture
def target(alone: Target) -> Target:
    """The account with a service of four tasks and a policy on its CPU, and nothing else."""
    account.emptied(alone)
    account.put_service(alone, 4)
    return alone


@pytest.fixture
def scaling(target: Target) -> Autoscaling:
    """Application Auto Scaling, once it has read what is there."""
    made = Autoscaling(target, Clock(20, BEGIN, BEGIN))
    made.refresh()
    return made


def live(scaling: Autoscaling, percents: Sequence[float | None], **service: Any) -> list[int]:
    """What is asked for after each minute with so much CPU; as many tasks run as are asked for."""
    asked = []
    for number, percent in enumerate(percents):
        scaling.refresh()
        now = scaling.service().desired
        found = Service(**{"desired": now, "running": now, "deploying": False, **service})
        scaling.step(BEGIN + 60 * (number + 1), _seeing(percent), found)
        asked.append(scaling.service().desired)
    return asked


def _seeing(percent: float | None) -> Callable[[str], float | None]:
    """What every alarm sees."""
    return lambda _: percent


def test_service_is_scaled_out_once_the_metric_is_high_for_three_minutes(
    target: Target, scaling: Autoscaling
) -> None:
    assert live(scaling, [40, 75, 75, 75, 40]) == [4, 4, 4, 6, 6]
    (activity,) = activities(target)
    alarms = target.client("cloudwatch").describe_alarms(AlarmNamePrefix="TargetTracking-")
    (high,) = [one["AlarmName"] for one in alarms["MetricAlarms"] if "High" in one["AlarmName"]]
    told = {key: activity[key] for key in ("ResourceId", "Description", "Cause", "StatusCode")}
    assert told == {
        "ResourceId": RESOURCE,
        "Description": "Setting desired count to 6.",
        "Cause": f"monitor alarm {high} in state ALARM triggered policy cpu",
        "StatusCode": "Successful",
    }


def test_activity_is_over_once_so_many_tasks_run(target: Target, scaling: Autoscaling) -> None:
    live(scaling, [75, 75, 75], running=4)
    (begun,) = activities(target)
    assert begun["StatusCode"] == "InProgress"
    assert begun["StatusMessage"].endswith("Waiting for change to be fulfilled by ecs.")
    assert "EndTime" not in begun
    live(scaling, [40], running=6)
    (done,) = activities(target)
    assert (done["ActivityId"], done["StatusCode"]) == (begun["ActivityId"], "Successful")
    assert done["EndTime"] > done["StartTime"]


def test_activity_gives_way_to_the_next(target: Target, scaling: Autoscaling) -> None:
    live(scaling, [75] * 3 + [150], running=4)
    found = [(one["Description"], one["StatusCode"]) for one in activities(target)]
    assert found == [
        ("Setting desired count to 8.", "InProgress"),
        ("Setting desired count to 6.", "Overridden"),
    ]


def test_service_is_scaled_in_by_the_low_alarm(target: Target, scaling: Autoscaling) -> None:
    assert live(scaling, [20] * 15) == [4] * 14 + [2]
    assert "-AlarmLow-" in activities(target)[0]["Cause"]


@pytest.mark.parametrize(
    ("percent", "deploying"),
    [(None, False), (20, True), (48, False)],
    ids=["no data", "during a deployment", "not low enough"],
)
def test_service_is_not_scaled_in(
    percent: float | None, deploying: bool, target: Target, scaling: Autoscaling
) -> None:
    live(scaling, [percent] * 16, deploying=deploying)
    assert (desired(target), activities(target)) == (4, [])


def test_change_of_the_policy_is_followed(target: Target, scaling: Autoscaling) -> None:
    put_policy(target, 100)
    assert live(scaling, [75] * 4) == [4] * 4
    put_policy(target, 50)
    assert live(scaling, [75]) == [6]


def test_count_that_somebody_has_set_is_where_it_goes_on(
    target: Target, scaling: Autoscaling
) -> None:
    live(scaling, [75, 75])
    target.client("ecs").update_service(
        cluster=account.PREFIX, service=account.SERVICE, desiredCount=2
    )
    assert live(scaling, [75]) == [3]


def test_nothing_scales_without_a_policy(target: Target, scaling: Autoscaling) -> None:
    target.client("application-autoscaling").delete_scaling_policy(
        **place(target), PolicyName="cpu"
    )
    assert live(scaling, [75] * 4) == [4] * 4


def test_environment_without_a_policy_is_refused(target: Target) -> None:
    target.client("application-autoscaling").delete_scaling_policy(
        **place(target), PolicyName="cpu"
    )
    with pytest.raises(Violation, match="expected a scaling policy"):
        Autoscaling(target, Clock()).refresh()


# --- Bounds -----------------------------------------------------------------------------------


def test_schedule_sets_bounds_and_moves_the_count(target: Target, scaling: Autoscaling) -> None:
    target.client("application-autoscaling").put_scheduled_action(
        **place(target), ScheduledActionName="evening", Schedule="cron(52 19 * * ? *)",
        ScalableTargetAction={"MinCapacity": 5, "MaxCapacity": 7},
    )  # fmt: skip
    assert live(scaling, [48] * 3) == [4, 5, 5]
    assert [(one["Description"], one["Cause"]) for one in activities(target)] == [
        ("Setting desired count to 5.", "minimum capacity was set to 5"),
        ("Setting min capacity to 5 and max capacity to 7",
         "scheduled action name evening was triggered"),
    ]  # fmt: skip
    found = target.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs"
    )["ScalableTargets"]
    assert [(one["MinCapacity"], one["MaxCapacity"]) for one in found] == [(5, 7)]


@pytest.mark.parametrize(
    ("bounds", "count", "cause"),
    [((6, 8), 6, "minimum capacity was set to 6"), ((1, 2), 2, "maximum capacity was set to 2")],
    ids=["more", "fewer"],
)
def test_bounds_that_somebody_sets_move_the_count(
    bounds: tuple[int, int], count: int, cause: str, target: Target, scaling: Autoscaling
) -> None:
    live(scaling, [48])
    target.client("application-autoscaling").register_scalable_target(
        **place(target), MinCapacity=bounds[0], MaxCapacity=bounds[1]
    )
    assert live(scaling, [48]) == [count]
    assert activities(target)[0]["Cause"] == cause


@pytest.mark.parametrize(
    ("moment", "minute"),
    [
        ((2026, 11, 30, 0, 0), 0),
        ((2026, 12, 2, 20, 0), 2 * 1440 + 1200),
        ((2026, 12, 6, 23, 59), 10079),
    ],
    ids=["Monday", "Wednesday", "Sunday"],
)
def test_week_begins_on_monday(moment: tuple[int, ...], minute: int) -> None:
    year, month, day, hour, minutes = moment
    begin = datetime(year, month, day, hour, minutes, tzinfo=UTC).timestamp()
    assert minute_of_week(begin) == minute


@pytest.mark.parametrize(
    ("deployments", "deploying"),
    [
        ([{"rolloutState": "COMPLETED"}], False),
        ([{"rolloutState": "IN_PROGRESS"}], True),
        ([{"rolloutState": "COMPLETED"}, {"rolloutState": "COMPLETED"}], True),
    ],
    ids=["none", "new tasks start", "old tasks end"],
)
def test_deployment_under_way_is_seen(deployments: list[Any], deploying: bool) -> None:
    found = Service.of({"desiredCount": 2, "runningCount": 1, "deployments": deployments})
    assert found == Service(2, 1, deploying)
