"""The modelled service: scenarios whose course can be told beforehand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.load.service import plant
from tests.load.service.forecast import forecast
from tests.load.service.plant import Plant, Seen
from tests.load.service.workload import CPU, PUBLISHED_AS, REQUESTS, Workload
from tests.selftest.load import regions
from tests.selftest.load.regions import RESPONSE, WORK
from tests.support import metrics
from tests.support.alarms import State
from tests.support.scaling_policy import Capacity

pytestmark = pytest.mark.selftest

ELB = "AWS/ApplicationELB"
SERVICE = Plant(regions.region(), WORK)
LIGHT = Plant(regions.region(), Workload(0.01, 1024))


def changes(seen: list[Seen]) -> list[tuple[int, int, int, str]]:
    """Every activity: minute, before, after and cause."""
    return [(one.minute, one.before, one.after, one.cause) for s in seen for one in s.activities]


def test_a_steady_peak_within_the_targets_moves_nothing() -> None:
    seen = plant.run(SERVICE, [33.0] * 120)
    assert changes(seen) == []
    assert {one.states[RESPONSE] for one in seen} == {State.OK}


def test_the_service_settles_on_what_the_rate_needs_and_comes_back() -> None:
    seen = plant.run(LIGHT, [50.0] * 30 + [20.0] * 30)
    assert changes(seen) == [(2, 2, 3, REQUESTS), (44, 3, 2, REQUESTS)]
    assert [one.running for one in seen[2:6]] == [2, 2, 2, 3]


@pytest.mark.parametrize("minutes", [0, 1, 5])
def test_a_task_serves_after_its_start_up(minutes: int) -> None:
    seen = plant.run(Plant(LIGHT.region, LIGHT.workload, minutes), [50.0] * 30)
    assert next(one.minute for one in seen if one.running == 3) == 3 + minutes


def test_slowness_raises_the_alarm_after_two_minutes_and_it_recovers() -> None:
    slow = Plant(regions.region(), Workload(0.01, 1024, other_seconds=0.6))
    _, seen = plant.step(LIGHT, plant.start(LIGHT), 10.0)
    states = [one.states[RESPONSE] for one in plant.run(slow, [10.0] * 3)]
    assert states == [State.OK, State.ALARM, State.ALARM]
    assert seen.states[RESPONSE] is State.OK


def test_a_spike_over_capacity_waits_and_is_worked_off() -> None:
    seen = plant.run(SERVICE, [10.0, 60.0, 10.0, 10.0])
    responses = [one.response_seconds or 0 for one in seen]
    # 600 of 3600 wait at 50 a second; with 10 a second more they are gone within the minute.
    assert responses == pytest.approx([0.083, 8.02, 6.083, 0.083], abs=0.002)
    assert [one.published[PUBLISHED_AS[CPU]] for one in seen] == pytest.approx([20, 100, 40, 20])


def test_who_would_wait_longer_than_the_idle_timeout_is_answered_504() -> None:
    fixed = Plant(regions.region(capacity=Capacity(2, 2)), WORK)
    seen = plant.run(fixed, [150.0] * 3)
    # 100 a second too many: 3000 may wait at 50 a second for a minute.
    assert [one.published[ELB, "HTTPCode_ELB_504_Count"] for one in seen] == [3000, 6000, 6000]
    assert seen[-1].response_seconds == pytest.approx(60, abs=3)


def test_without_a_task_every_request_is_answered_503() -> None:
    (seen,) = plant.run(SERVICE, [10.0], plant.start(SERVICE, tasks=0))
    assert seen.published[ELB, "HTTPCode_ELB_503_Count"] == 600
    assert (ELB, "TargetResponseTime") not in seen.published
    assert (ELB, "RequestCountPerTarget") not in seen.published


def test_without_requests_there_is_no_response_time_but_a_count_of_zero() -> None:
    seen = plant.run(SERVICE, [0.0, 0.0])[-1]
    assert (seen.response_seconds, seen.states[RESPONSE]) == (None, State.OK)
    assert (ELB, "TargetResponseTime") not in seen.published
    assert seen.published[ELB, "RequestCountPerTarget"] == 0


def test_an_alarm_on_five_minutes_is_evaluated_where_they_end() -> None:
    seen = plant.run(LIGHT, [18.0] * 5 + [10.0] * 5)
    states = [one.states["requests"] for one in seen]
    # 5 × 60 × 18 is 5400 requests, more than 5000; 5 × 60 × 10 is not.
    assert states == [State.INSUFFICIENT_DATA] * 4 + [State.ALARM] * 5 + [State.OK]


def test_the_night_lets_a_task_go_and_the_morning_brings_it_back() -> None:
    scheduled = Plant(regions.region(actions=regions.night()), WORK)
    evening = plant.start(scheduled, minute=19 * 60)
    seen = plant.run(scheduled, [1.0] * 14 * 60, evening)
    done = changes(seen)
    assert [(minute, after) for minute, _, after, _ in done] == [(1200, 1), (1800, 2)]
    assert done[1][3] == "schedule"


def test_a_deployment_keeps_the_tasks() -> None:
    three = plant.start(LIGHT, tasks=3)
    seen = plant.run(LIGHT, [20.0] * 40, three, deploying=range(30))
    assert changes(seen) == [(30, 3, 2, REQUESTS)]


@pytest.mark.parametrize(
    ("desired", "starting", "left"),
    [
        (6, (9, 9), (2, (9, 9, 13, 13))),
        (4, (9, 9), (2, (9, 9))),
        (3, (9, 9), (2, (9,))),
        (1, (9, 9), (1, ())),
    ],
)
def test_tasks_that_start_go_before_tasks_that_run(
    desired: int, starting: tuple[int, ...], left: tuple[int, tuple[int, ...]]
) -> None:
    assert plant.follow(SERVICE, desired, 2, starting, minute=10) == left


def test_what_is_published_is_published_by_aws() -> None:
    seen = plant.run(SERVICE, [90.0], plant.start(SERVICE))
    none = plant.run(SERVICE, [90.0], plant.start(SERVICE, tasks=0))
    names = {name for one in (*seen, *none) for name in one.published}
    table = metrics.load()
    assert len([table.find(*name) for name in names]) == 9


@given(st.floats(1, 120), st.floats(0.005, 0.12), st.integers(2, 6))
@settings(deadline=None, max_examples=15)
def test_the_service_settles_on_the_forecast_count(rate: float, cpu: float, tasks: int) -> None:
    modelled = Plant(regions.region(), Workload(cpu, 1024))
    last = plant.run(modelled, [rate] * 120, plant.start(modelled, tasks=tasks))[-1]
    assert last.running == forecast(modelled.region, modelled.workload, rate).tasks


def test_the_first_minute_has_the_bounds_of_its_hour() -> None:
    scheduled = regions.region(actions=regions.night())
    bounds = [scheduled.capacity_at(hour * 60).minimum for hour in (0, 5, 6, 19, 20, 23)]
    assert bounds == [1, 1, 2, 2, 1, 1]
