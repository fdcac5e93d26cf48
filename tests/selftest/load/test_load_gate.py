"""The load verdict bites: each way a run can go wrong, on synthetic minutes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from tests.load.generator.measure import Measured, Recorder
from tests.load.verdict.gate import generator_unsound, judge, quiet
from tests.support.alarms import Alarm, Missing, State
from tests.support.traffic import Traffic

pytestmark = pytest.mark.selftest

Minutes = Callable[..., Measured]


def refuse_some(recorder: Recorder) -> None:
    """Ten refused connections in the second minute."""
    for request in range(10):
        recorder.offered(61 + request)
        recorder.sent(61 + request, lateness=0)
        recorder.failed(61 + request, "connection refused")


def run_out_of_descriptors(recorder: Recorder) -> None:
    """One request that never left this machine."""
    recorder.offered(1)
    recorder.sent(1, lateness=0)
    recorder.failed(1, "EMFILE in the generator", local=True)


def be_late(recorder: Recorder) -> None:
    """Enough late requests to move the 99th percentile."""
    for request in range(10):
        recorder.offered(request)
        recorder.sent(request, lateness=0.2)


def overload(recorder: Recorder) -> None:
    """A second minute at nearly full CPU."""
    recorder.cpu(90, used_seconds=59, sampled_seconds=59)


def drop_some(recorder: Recorder) -> None:
    """Ten requests that were due and did not leave."""
    for request in range(10):
        recorder.offered(request)
        recorder.dropped(request, lateness=0)


def drop_late(recorder: Recorder) -> None:
    """Ten requests that were dropped because their time was long past."""
    for request in range(10):
        recorder.offered(request)
        recorder.dropped(request, lateness=2)


def abandon_one_a_minute(recorder: Recorder) -> None:
    """One request in each of two minutes that was given up after ten seconds."""
    for due in (1, 61):
        recorder.offered(due)
        recorder.sent(due, lateness=0)
        recorder.abandoned(due, waited=10)
        recorder.failed(due, "timed out")


def time_out(recorder: Recorder) -> None:
    """One request that nobody answered."""
    recorder.offered(61)
    recorder.sent(61, lateness=0)
    recorder.failed(61, "timed out")


def test_a_quick_service_passes(alarm: Alarm, traffic: Traffic, minutes: Minutes) -> None:
    verdict = judge(alarm, minutes(0.1, 0.2), traffic)
    assert verdict.outcome == "pass"
    assert verdict.actual == (
        "minute 1: 0.100 s, minute 2: 0.200 s → OK; offered 1.7/s, achieved 1.7/s"
    )


def test_two_slow_minutes_fail_with_the_time_of_the_alarm(
    alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    verdict = judge(alarm, minutes(0.1, 0.2, 0.1, 0.612, 0.655), traffic)
    assert verdict.outcome == "fail"
    assert verdict.expected == "no 2 consecutive minutes with a mean above 0.500 s"
    assert verdict.actual.startswith(
        "minute 4: 0.612 s, minute 5: 0.655 s → ALARM at 00:05:00; offered"
    )


def test_an_alarm_that_recovers_still_fails(
    alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    assert judge(alarm, minutes(0.6, 0.6, 0.1, 0.1), traffic).outcome == "fail"


def test_slow_minutes_apart_pass(alarm: Alarm, traffic: Traffic, minutes: Minutes) -> None:
    assert judge(alarm, minutes(0.6, 0.1, 0.6, 0.1), traffic).outcome == "pass"


def test_refused_connections_over_budget_fail(
    alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    verdict = judge(alarm, minutes(0.1, 0.1, spoil=refuse_some), traffic)
    assert verdict.outcome == "fail"
    assert (
        "10 of 210 requests failed (4.8 %, budget 1 %): 10 × connection refused" in verdict.actual
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (run_out_of_descriptors, "never reached the service: 1 × EMFILE in the generator"),
        (be_late, "the generator was late: p99 0.200 s in minute 1"),
        (drop_late, "the generator was late: p99 2.000 s in minute 1"),
        (overload, "the generator was overloaded: CPU 98 % in minute 2"),
        (drop_some, "the offered rate was missed: 10 of 110 requests never left in minute 1"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_unsound_generator_is_invalid(
    spoil: Callable[[Recorder], None],
    reason: str,
    alarm: Alarm,
    traffic: Traffic,
    minutes: Minutes,
) -> None:
    verdict = judge(alarm, minutes(0.1, 0.1, spoil=spoil), traffic)
    assert verdict.outcome == "invalid"
    assert reason in verdict.actual


@pytest.mark.parametrize(
    "spoil", [overload, be_late, drop_late, run_out_of_descriptors], ids=lambda it: it.__name__
)
def test_an_unsound_generator_is_invalid_even_when_the_service_looks_slow(
    spoil: Callable[[Recorder], None], alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    assert judge(alarm, minutes(0.9, 0.9, spoil=spoil), traffic).outcome == "invalid"


@pytest.mark.parametrize("spoil", [overload, be_late, drop_some], ids=lambda it: it.__name__)
def test_a_long_run_does_not_average_a_spoilt_minute_away(
    spoil: Callable[[Recorder], None], alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    hour = [0.1] * 60
    assert judge(alarm, minutes(*hour), traffic).outcome == "pass"
    assert judge(alarm, minutes(*hour, spoil=spoil), traffic).outcome == "invalid"


def fast(late: int, periods: int = 40) -> Measured:
    """Region minutes of 3 s with 100 requests each; in the tenth so many leave 0.2 s late."""
    recorder = Recorder(3, periods)
    for minute in range(periods):
        recorder.cpu(3 * minute + 1, used_seconds=0.1, sampled_seconds=1)
        for request in range(100):
            due = 3 * minute + request * 0.03
            recorder.offered(due)
            recorder.sent(due, lateness=0.2 if minute == 9 and request < late else 0.001)
            recorder.answered(due, 0.1, 0.1)
    return recorder.measured(periods, partial=False)


@pytest.mark.parametrize(
    ("late", "periods", "reason"),
    [
        (20, 40, None),
        (21, 40, "the generator was late: p99 0.200 s in minutes 1 to 20, limit 0.05 s"),
        (20, 15, "the generator was late: p99 0.200 s in minutes 1 to 15, limit 0.05 s"),
    ],
    ids=["a-hitch", "more-than-a-hitch", "a-hitch-in-a-short-run"],
)
def test_a_generator_is_judged_by_real_minutes(
    late: int, periods: int, reason: str | None, alarm: Alarm, traffic: Traffic
) -> None:
    assert generator_unsound(alarm, fast(late, periods), traffic.generator) == reason


def test_a_run_that_goes_on_is_judged_by_the_minutes_that_are_over(
    alarm: Alarm, traffic: Traffic
) -> None:
    short, long = fast(100, 15), fast(100)
    assert generator_unsound(alarm, short, traffic.generator, ended=False) is None
    assert generator_unsound(alarm, long, traffic.generator, ended=False) is not None


def test_requests_given_up_raise_the_mean_within_the_error_budget(
    alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    assert judge(alarm, minutes(0.45, 0.45), traffic).outcome == "pass"
    verdict = judge(alarm, minutes(0.45, 0.45, spoil=abandon_one_a_minute), traffic)
    assert verdict.outcome == "fail"
    assert verdict.actual.startswith("minute 1: 0.545 s, minute 2: 0.545 s → ALARM at 00:02:00")


def test_an_alarm_raised_by_missing_data_says_so(
    alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    strict = dataclasses.replace(alarm, treat_missing_data=Missing.BREACHING)
    gap = Recorder(60, 1)
    gap.cpu(1, used_seconds=0.1, sampled_seconds=1)
    slow = minutes(0.6)
    measured = dataclasses.replace(slow, periods=(*slow.periods, gap.period(0)))
    verdict = judge(strict, measured, traffic)
    assert verdict.outcome == "fail"
    assert verdict.actual.startswith("minute 1: 0.600 s, minute 2: no data → ALARM at 00:02:00")


@pytest.mark.parametrize(
    "measured",
    [
        Recorder(60, 0).measured(0, partial=False),
        Recorder(60, 2).measured(2, partial=False),
    ],
    ids=["no-periods", "empty-periods"],
)
@pytest.mark.parametrize("mode", list(Missing), ids=lambda mode: mode.value)
def test_no_data_is_invalid_however_the_alarm_treats_it(
    measured: Measured, mode: Missing, alarm: Alarm, traffic: Traffic
) -> None:
    silent = dataclasses.replace(alarm, treat_missing_data=mode)
    assert judge(silent, measured, traffic).outcome == "invalid"


def only(spoil: Callable[[Recorder], None]) -> Measured:
    """Two minutes of nothing else, seen by a sound generator."""
    recorder = Recorder(60, 2)
    recorder.cpu(1, used_seconds=0.1, sampled_seconds=1)
    recorder.cpu(61, used_seconds=0.1, sampled_seconds=1)
    spoil(recorder)
    return recorder.measured(2, partial=False)


def test_a_service_that_only_refuses_fails(alarm: Alarm, traffic: Traffic) -> None:
    verdict = judge(alarm, only(refuse_some), traffic)
    assert verdict.outcome == "fail"
    assert "10 of 10 requests failed (100.0 %, budget 1 %)" in verdict.actual


def test_a_service_that_nobody_heard_of_is_invalid(alarm: Alarm, traffic: Traffic) -> None:
    verdict = judge(alarm, only(time_out), traffic)
    assert verdict.outcome == "invalid"
    assert "nothing answered: 1 × timed out" in verdict.actual


def test_a_minute_without_data_is_invalid(alarm: Alarm, traffic: Traffic, minutes: Minutes) -> None:
    gap = Recorder(60, 1)
    gap.cpu(1, used_seconds=0.1, sampled_seconds=1)
    sound = minutes(0.1, 0.1)
    periods = (*sound.periods, *gap.measured(1, partial=False).periods)
    verdict = judge(alarm, dataclasses.replace(sound, periods=periods), traffic)
    assert verdict.outcome == "invalid"
    assert "no data in minute 3" in verdict.actual


def test_fewer_minutes_than_the_alarm_needs_are_invalid(
    alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    verdict = judge(alarm, minutes(0.1), traffic)
    assert verdict.outcome == "invalid"
    assert verdict.actual.startswith("complete minutes: 1, the alarm needs 2")


def test_the_time_before_the_run_is_not_held_against_the_service(
    alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    nervous = dataclasses.replace(
        alarm, datapoints_to_alarm=1, treat_missing_data=Missing.BREACHING
    )
    verdict = judge(nervous, minutes(0.1, 0.1), traffic)
    assert (verdict.outcome, verdict.states) == ("pass", (None, State.OK))


def test_an_interrupted_run_is_invalid(alarm: Alarm, traffic: Traffic, minutes: Minutes) -> None:
    verdict = judge(alarm, minutes(0.1, 0.1, partial=True), traffic)
    assert verdict.outcome == "invalid"
    assert "interrupted after 2 complete minutes" in verdict.actual


def test_an_unsampled_generator_is_invalid(
    alarm: Alarm, traffic: Traffic, minutes: Minutes
) -> None:
    sound = minutes(0.1, 0.1)
    blind = tuple(dataclasses.replace(period, cpu_percent=None) for period in sound.periods)
    verdict = judge(alarm, dataclasses.replace(sound, periods=blind), traffic)
    assert verdict.outcome == "invalid"
    assert "not sampled" in verdict.actual


def test_m_of_n_is_said_as_such(alarm: Alarm) -> None:
    three_of_five = dataclasses.replace(alarm, evaluation_periods=5, datapoints_to_alarm=3)
    assert quiet(three_of_five) == "fewer than 3 of any 5 minutes with a mean above 0.500 s"
