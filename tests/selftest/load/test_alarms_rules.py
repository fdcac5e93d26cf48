"""The alarm engine's rules that the guide's tables do not show."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import alarms
from tests.support.alarms import Alarm, Missing, State

pytestmark = pytest.mark.selftest

# A busy machine is no failure.
unhurried = settings(deadline=None)

DESCRIPTION: dict[str, Any] = {
    "AlarmName": "mantisnxt-staging-api-response-time",
    "Threshold": 0.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
}
ALARM = alarms.from_description(DESCRIPTION)

values = st.floats(min_value=0, max_value=10, allow_nan=False)
gappy = st.lists(st.none() | values, min_size=1, max_size=12)
states = st.sampled_from(list(State))


@st.composite
def any_alarm(draw: st.DrawFn) -> Alarm:
    """An M-of-N alarm above 5 in any mode."""
    periods = draw(st.integers(min_value=1, max_value=5))
    wanted = draw(st.integers(min_value=1, max_value=periods))
    mode = draw(st.sampled_from(list(Missing)))
    return Alarm(5.0, "GreaterThanThreshold", "Average", 60, periods, wanted, mode)


@unhurried
@given(any_alarm(), gappy, states)
def test_points_before_the_range_do_not_matter(
    alarm: Alarm, points: list[float | None], before: State
) -> None:
    recent = points[-alarm.evaluation_range :]
    assert alarms.evaluate(alarm, points, before) == alarms.evaluate(alarm, recent, before)


@unhurried
@given(any_alarm(), st.lists(values, min_size=5, max_size=12), st.sampled_from(list(Missing)))
def test_without_gaps_the_missing_mode_and_the_old_state_do_not_matter(
    alarm: Alarm, points: list[float | None], other: Missing
) -> None:
    changed = dataclasses.replace(alarm, treat_missing_data=other)
    assert alarms.evaluate(alarm, points, State.OK) == alarms.evaluate(changed, points, State.ALARM)


@unhurried
@given(any_alarm(), st.lists(values, min_size=5, max_size=12))
def test_without_gaps_it_alarms_exactly_on_m_breaches_in_the_latest_n(
    alarm: Alarm, points: list[float]
) -> None:
    breaching = sum(value > 5 for value in points[-alarm.evaluation_periods :])
    state = alarms.evaluate(alarm, points)
    assert (state == State.ALARM) == (breaching >= alarm.datapoints_to_alarm)


@unhurried
@given(any_alarm(), gappy, states)
def test_no_data_is_never_ok_unless_the_alarm_says_so(
    alarm: Alarm, points: list[float | None], before: State
) -> None:
    strict = dataclasses.replace(alarm, treat_missing_data=Missing.MISSING)
    nothing: list[float | None] = [None for _ in points]
    assert alarms.evaluate(strict, nothing, before) == State.INSUFFICIENT_DATA


@unhurried
@given(any_alarm(), st.lists(values, min_size=5, max_size=12), st.integers(0, 4))
def test_a_worse_point_never_ends_an_alarm(alarm: Alarm, points: list[float], which: int) -> None:
    worse = [*points[:which], points[which] + 10, *points[which + 1 :]]
    alarmed = alarms.evaluate(alarm, points) == State.ALARM
    assert (alarms.evaluate(alarm, worse) == State.ALARM) >= alarmed


# From OK or ALARM: what `ignore` keeps, maybe INSUFFICIENT_DATA, is no answer of the data.
@unhurried
@given(any_alarm(), gappy, st.integers(0, 11), values, st.sampled_from([State.OK, State.ALARM]))
def test_more_data_never_makes_a_definite_state_indefinite(
    alarm: Alarm, points: list[float | None], where: int, value: float, before: State
) -> None:
    at = where % len(points)
    more = [*points[:at], value if points[at] is None else points[at], *points[at + 1 :]]
    definite = alarms.evaluate(alarm, points, before) != State.INSUFFICIENT_DATA
    assert (alarms.evaluate(alarm, more, before) != State.INSUFFICIENT_DATA) >= definite


@unhurried
@given(any_alarm(), st.lists(values, min_size=10, max_size=14))
def test_ranges_agree_where_no_data_is_missing(alarm: Alarm, points: list[float]) -> None:
    assert alarms.INDETERMINATE not in alarms.answers(alarm, points)[9:]


@unhurried
@given(any_alarm(), gappy, st.integers(1, 20))
def test_shifting_time_shifts_the_answers(
    alarm: Alarm, points: list[float | None], minutes: int
) -> None:
    patient = dataclasses.replace(alarm, treat_missing_data=Missing.MISSING)
    later = alarms.replay(patient, [*[None] * minutes, *points])
    assert later[minutes:] == alarms.replay(patient, points)


@unhurried
@given(any_alarm(), gappy, states)
def test_a_replay_is_an_evaluation_after_each_point(
    alarm: Alarm, points: list[float | None], before: State
) -> None:
    *earlier, last = alarms.replay(alarm, points, before)
    assert last == alarms.evaluate(alarm, points, [before, *earlier][-1])


@unhurried
@given(any_alarm(), gappy, states)
def test_an_answer_is_the_state_that_every_range_gives(
    alarm: Alarm, points: list[float | None], before: State
) -> None:
    shown = {alarms.replay(alarm, points, before, one)[-1] for one in alarm.possible_ranges}
    answer = alarms.answers(alarm, points, before)[-1]
    assert (answer == alarms.INDETERMINATE) == (len(shown) > 1)
    assert answer in {*shown, alarms.INDETERMINATE}


@pytest.mark.parametrize(
    ("operator", "below", "at", "above"),
    [
        ("GreaterThanThreshold", False, False, True),
        ("GreaterThanOrEqualToThreshold", False, True, True),
        ("LessThanThreshold", True, False, False),
        ("LessThanOrEqualToThreshold", True, True, False),
    ],
)
def test_a_comparison_operator_treats_the_threshold_itself_as_it_says(
    operator: str, below: bool, at: bool, above: bool
) -> None:
    alarm = dataclasses.replace(ALARM, comparison_operator=operator)
    assert [alarm.breaches(value) for value in (0.4, 0.5, 0.6)] == [below, at, above]


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Average", 2.5),
        ("Sum", 10.0),
        ("Minimum", 1.0),
        ("Maximum", 4.0),
        ("SampleCount", 4.0),
        ("p50", 2.5),
        ("p100", 4.0),
    ],
)
def test_a_point_is_the_statistic_over_the_samples(statistic: str, expected: float) -> None:
    alarm = dataclasses.replace(ALARM, statistic=statistic)
    assert alarms.point(alarm, [4.0, 1.0, 3.0, 2.0]) == pytest.approx(expected)
    assert alarms.point(alarm, []) is None


@pytest.mark.parametrize(("evaluate_low", "expected"), [(True, State.ALARM), (False, State.OK)])
def test_a_period_of_few_samples_keeps_the_state_where_the_alarm_ignores_it(
    evaluate_low: bool, expected: State
) -> None:
    alarm = Alarm(0.5, "GreaterThanThreshold", "p90", 60, 1, 1, evaluate_low_samples=evaluate_low)
    few = [[0.1] * 101, [0.9] * 99, [0.9] * 101]
    assert alarms.replay_samples(alarm, few) == [State.OK, expected, State.ALARM]


@pytest.mark.parametrize("evaluate_low", [True, False])
def test_a_period_without_samples_is_missing_and_not_one_of_few(evaluate_low: bool) -> None:
    alarm = Alarm(0.5, "GreaterThanThreshold", "p90", 60, 1, 1, evaluate_low_samples=evaluate_low)
    states = alarms.replay_samples(alarm, [[0.9] * 101, [], [], []])
    assert states == [State.ALARM, State.ALARM, State.ALARM, State.INSUFFICIENT_DATA]


@pytest.mark.parametrize(
    ("statistic", "samples", "expected"),
    [
        ("p99", 999, True),
        ("p99", 1000, False),
        ("p90", 99, True),
        ("p90", 100, False),
        ("p10", 99, True),
        ("Average", 1, False),
    ],
)
def test_low_samples_matter_to_percentiles_only(
    statistic: str, samples: int, expected: bool
) -> None:
    alarm = dataclasses.replace(ALARM, statistic=statistic, evaluate_low_samples=False)
    assert alarms.too_few_samples(alarm, samples) is expected


def test_a_description_without_m_and_missing_mode_takes_the_defaults_of_cloudwatch() -> None:
    assert Alarm(0.5, "GreaterThanThreshold", "Average", 60, 2, 2, Missing.MISSING) == ALARM


@pytest.mark.parametrize(
    "wrong",
    [
        {"ComparisonOperator": "GreaterThanUpperThreshold"},
        {"Statistic": "tm90"},
        {"DatapointsToAlarm": 3},
        {"Period": 0},
    ],
    ids=str,
)
def test_an_alarm_that_is_not_modelled_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not modelled|never alarm|not a period"):
        alarms.from_description({**DESCRIPTION, **wrong})


def test_a_replay_shows_the_state_after_each_point() -> None:
    series = [0.1, 0.6, 0.7, 0.2]
    assert alarms.replay(ALARM, series)[1:] == [State.OK, State.ALARM, State.OK]
