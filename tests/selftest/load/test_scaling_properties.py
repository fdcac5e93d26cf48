"""What holds of target tracking whatever the metrics do."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import scaling
from tests.support.scaling import Direction, Minute, Scaling, Status
from tests.support.scaling_policy import Capacity, Policy

pytestmark = pytest.mark.selftest

CPU, REQUESTS = Policy.tracking("cpu", 70, 60, 300), Policy.tracking("requests", 1000, 60, 300)
SERVICE = Scaling((CPU, REQUESTS))
START = Status(3, Capacity(2, 10))

minutes = st.builds(
    lambda cpu, requests, running, deploying: Minute(
        {"cpu": cpu, "requests": requests}, running, deploying
    ),
    st.none() | st.sampled_from([0.0, 20.0, 65.0, 80.0, 300.0]),
    st.none() | st.sampled_from([0.0, 950.0, 1200.0, 9000.0]),
    st.integers(0, 10),
    st.booleans(),
)
# Stretches of like minutes: fifteen equal ones in a row would hardly ever be drawn by themselves.
days = st.lists(st.tuples(minutes, st.integers(1, 20)), min_size=1, max_size=8).map(
    lambda stretches: [minute for minute, length in stretches for _ in range(length)]
)


@given(days)
@settings(deadline=None)
def test_the_count_stays_within_the_bounds(day: list[Minute]) -> None:
    statuses, _ = scaling.run(SERVICE, START, day)
    assert {2 <= status.desired <= 10 for status in statuses} == {True}


@given(days)
@settings(deadline=None)
def test_the_activities_account_for_the_count(day: list[Minute]) -> None:
    statuses, done = scaling.run(SERVICE, START, day)
    assert [one.before for one in done] == [3, *(one.after for one in done)][: len(done)]
    assert statuses[-1].desired == [3, *(one.after for one in done)][-1]
    assert [one.minute for one in done] == sorted({one.minute for one in done})


@given(days, st.integers(0, 160))
@settings(deadline=None)
def test_a_day_can_be_run_in_two_parts(day: list[Minute], cut: int) -> None:
    statuses, done = scaling.run(SERVICE, START, day)
    first, earlier = scaling.run(SERVICE, START, day[:cut])
    second, later = scaling.run(SERVICE, [START, *first][-1], day[cut:])
    assert (statuses, done) == (first + second, earlier + later)


@given(days, st.integers(1, 40))
@settings(deadline=None)
def test_silence_before_a_day_only_shifts_it(day: list[Minute], by: int) -> None:
    _, done = scaling.run(SERVICE, START, day)
    _, later = scaling.run(SERVICE, START, [*[Minute({}, 3)] * by, *day])
    assert later == [dataclasses.replace(one, minute=one.minute + by) for one in done]


@given(days)
@settings(deadline=None)
def test_nothing_is_scaled_in_before_fifteen_minutes_are_over(day: list[Minute]) -> None:
    _, done = scaling.run(SERVICE, START, day)
    assert all(one.minute >= 14 for one in done if one.direction is Direction.IN)


@given(days)
@settings(deadline=None)
def test_without_scale_in_the_count_never_falls(day: list[Minute]) -> None:
    fixed = [dataclasses.replace(policy, disable_scale_in=True) for policy in SERVICE.policies]
    _, done = scaling.run(Scaling(tuple(fixed)), START, day)
    assert {one.direction for one in done} <= {Direction.OUT}


@given(days)
@settings(deadline=None)
def test_one_silent_policy_keeps_the_count_from_falling(day: list[Minute]) -> None:
    silent = Policy.tracking("memory", 80, 60, 300)
    _, done = scaling.run(Scaling((CPU, silent)), START, day)
    assert {one.direction for one in done} <= {Direction.OUT}
