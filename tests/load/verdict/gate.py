"""What every judgement on a load run rests on: a sound generator, errors, the client's view.

Pure: plain data in, a judgement out. The alarm engine is `tests.support.alarms`. The order of the
rules matters: an unsound generator makes every figure worthless, so `invalid` comes before
`fail`; a failing service explains a missed rate, so `fail` comes before the rest of `invalid`.
Whoever was refused a connection was failed by the service, so that is a failure like any other
error; what never left this machine says nothing of the service.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.load.generator.measure import Measured, Period, quantile, reason_of, total
from tests.support import alarms
from tests.support.alarms import Alarm, State
from tests.support.report import Verdict
from tests.support.traffic import Limits, Traffic

REFUSED, _ = reason_of(ConnectionRefusedError())
# So many periods are told one by one.
_SHOWN = 8
_MINUTE_SECONDS = 60.0
_WORDS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at or above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below",
}


@dataclass(frozen=True)
class Judgement:
    """An outcome and its reasons: `expected` the state wanted, `actual` what was seen.

    `points` is the alarm's metric and `states` its state, both per period.
    """

    outcome: Verdict
    expected: str
    actual: str
    points: tuple[float | None, ...] = ()
    states: tuple[State | None, ...] = ()


def judge(alarm: Alarm, measured: Measured, traffic: Traffic, first: int = 0) -> Judgement:
    """Pass only when the alarm was seen to evaluate to OK on enough real data.

    `first` is how many periods of the run came before these, for what is told of them.
    """
    points = [alarms.point(alarm, period.samples) for period in measured.periods]
    states = judged_states(alarm, points)
    outcome, actual = _outcome(alarm, measured, traffic, points, states, first)
    return Judgement(
        outcome, quiet(alarm), f"{actual}; {_rates(measured)}", tuple(points), tuple(states)
    )


def _outcome(
    alarm: Alarm,
    measured: Measured,
    traffic: Traffic,
    points: Sequence[float | None],
    states: Sequence[State | None],
    first: int,
) -> tuple[Verdict, str]:
    periods = measured.periods
    if measured.partial:
        return Verdict.invalid, f"interrupted after {len(points)} complete {_unit(alarm)}s"
    if unsound := generator_unsound(alarm, measured, traffic.generator):
        return Verdict.invalid, unsound
    if silent := nothing_answered(periods):
        return Verdict.invalid, silent
    if excess := over_budget(periods, traffic.error_budget_percent):
        return Verdict.failed, excess
    if State.ALARM in states:
        return Verdict.failed, _alarming(alarm, points, states.index(State.ALARM), first)
    if unknown := _cannot_know(alarm, points, states, periods, traffic.generator, first):
        return Verdict.invalid, unknown
    return Verdict.passed, f"{_shown(alarm, points, first)} → OK"


def judged_states(alarm: Alarm, points: Sequence[float | None]) -> list[State | None]:
    """The alarm's state after each period; None until N periods exist.

    Before that the alarm would judge points from before the run, of which nothing is known.
    """
    known = alarm.evaluation_periods - 1
    replayed = alarms.replay(alarm, points)
    return [state if index >= known else None for index, state in enumerate(replayed)]


def quiet(alarm: Alarm) -> str:
    """What the alarm must not see, in words."""
    wanted, periods = alarm.datapoints_to_alarm, alarm.evaluation_periods
    plural = "" if periods == 1 else "s"
    window = (
        f"no {periods} consecutive {_unit(alarm)}{plural} with"
        if wanted == periods
        else f"fewer than {wanted} of any {periods} {_unit(alarm)}{plural} with"
    )
    statistic = "mean" if alarm.statistic == "Average" else alarm.statistic
    word = _WORDS[alarm.comparison_operator]
    return f"{window} a {statistic} {word} {alarm.threshold:.3f} s"


def clock(seconds: float) -> str:
    """Seconds since the judged part began as hh:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def generator_unsound(
    alarm: Alarm, measured: Measured, limits: Limits, ended: bool = True
) -> str | None:
    """Why this run measured the generator, None if it did not.

    Judged by the worst minute: a long run must not average two spoilt minutes away. A real minute,
    since a generator is late and busy in real time: one hitch in the few real seconds of a region's
    minute is the machine's, and moves no mean. A run that has not `ended` is judged by the minutes
    that are over.
    """
    reasons: list[str] = []
    periods = measured.periods
    if local := total(period.local_errors for period in periods):
        reasons.append(f"requests never reached the service: {_counts(local)}")
    stretches = _stretches(measured, ended)
    lateness, at = _worst(stretches, _lateness)
    if lateness > limits.lateness_p99_seconds:
        reasons.append(
            f"the generator was late: p99 {lateness:.3f} s in {_named(alarm, at)},"
            f" limit {limits.lateness_p99_seconds} s"
        )
    if any(period.cpu_percent is None for period in periods):
        reasons.append("the generator's CPU use was not sampled")
    busiest, at = _worst(stretches, _cpu_percent)
    if busiest > limits.cpu_percent:
        reasons.append(
            f"the generator was overloaded: CPU {busiest:.0f} % in {_named(alarm, at)},"
            f" limit {limits.cpu_percent:.0f} %"
        )
    return "; ".join(reasons) or None


def _stretches(measured: Measured, ended: bool) -> dict[range, Sequence[Period]]:
    """The periods of every real minute in the run, or of all of it if it was shorter."""
    periods = measured.periods
    width = math.ceil(_MINUTE_SECONDS / measured.period_seconds)
    if len(periods) < width:
        return {range(len(periods)): periods} if ended and periods else {}
    starts = range(len(periods) - width + 1)
    return {range(at, at + width): periods[at : at + width] for at in starts}


def _lateness(periods: Sequence[Period]) -> float:
    return quantile([one for period in periods for one in period.lateness], 0.99)


def _cpu_percent(periods: Sequence[Period]) -> float:
    return statistics.fmean(period.cpu_percent or 0.0 for period in periods)


def _worst(
    stretches: Mapping[range, Sequence[Period]], of: Callable[[Sequence[Period]], float]
) -> tuple[float, range]:
    """The largest value and the periods that have it, counted from 0."""
    values = ((of(periods), at) for at, periods in stretches.items())
    return max(values, key=lambda one: one[0], default=(0.0, range(0)))


def _named(alarm: Alarm, at: range) -> str:
    if len(at) == 1:
        return f"{_unit(alarm)} {at[0] + 1}"
    return f"{_unit(alarm)}s {at[0] + 1} to {at[-1] + 1}"


def nothing_answered(periods: Sequence[Period]) -> str | None:
    """Why no answer says nothing of the service, None where one came or it refused to give any."""
    errors = total(period.errors for period in periods)
    if any(period.response_times for period in periods) or errors[REFUSED]:
        return None
    return f"nothing answered: {_counts(errors) or 'no data'}"


def over_budget(
    periods: Sequence[Period], budget_percent: float, offered: int | None = None
) -> str | None:
    """How far more requests failed than may, None if they did not.

    `offered` is of how many it is a share if not of those that were sent: of all that a run will
    send it can be known early that too many have failed.
    """
    failed = total(period.errors for period in periods).total()
    sent = sum(period.sent for period in periods) if offered is None else offered
    if failed * 100 <= budget_percent * sent:
        return None
    return (
        f"{failed} of {sent} requests failed ({100 * failed / sent:.1f} %, budget"
        f" {budget_percent:g} %): {_errors(periods)}"
    )


def _cannot_know(
    alarm: Alarm,
    points: Sequence[float | None],
    states: Sequence[State | None],
    periods: Sequence[Period],
    limits: Limits,
    first: int,
) -> str | None:
    unit = _unit(alarm)
    if len(points) < alarm.evaluation_periods:
        return f"complete {unit}s: {len(points)}, the alarm needs {alarm.evaluation_periods}"
    if None in points:
        return f"no data in {unit} {first + points.index(None) + 1}"
    if missed := rate_missed(alarm, periods, limits):
        return missed
    if states[-1] is not State.OK:
        return f"the alarm ended in {states[-1]}"
    return None


def rate_missed(alarm: Alarm, periods: Sequence[Period], limits: Limits) -> str | None:
    """In which period too few requests left, None if in none."""
    for n, period in enumerate(periods, 1):
        if period.missing * 100 > limits.shortfall_percent * period.offered:
            return (
                f"the offered rate was missed: {period.missing} of {period.offered} requests"
                f" never left in {_unit(alarm)} {n}"
            )
    return None


def _alarming(alarm: Alarm, points: Sequence[float | None], at: int, first: int) -> str:
    """The points that raised the alarm after period `at`, counted from 0."""
    begin = at - alarm.evaluation_periods + 1
    window = enumerate(points[begin : at + 1], first + begin + 1)
    guilty = [(n, value) for n, value in window if value is None or alarm.breaches(value)]
    return f"{_series(alarm, guilty)} → ALARM at {clock((first + at + 1) * alarm.period_seconds)}"


def _shown(alarm: Alarm, points: Sequence[float | None], first: int) -> str:
    """All of a few points, of many the one nearest to the threshold."""
    numbered = list(enumerate(points, first + 1))
    if len(points) <= _SHOWN:
        return _series(alarm, numbered)
    extreme = max if alarm.comparison_operator.startswith("Greater") else min
    worst = extreme(numbered, key=lambda one: one[1] or 0)
    return f"nearest to it of {len(points)}: {_series(alarm, [worst])}"


def _series(alarm: Alarm, points: Iterable[tuple[int, float | None]]) -> str:
    return ", ".join(
        f"{_unit(alarm)} {n}: {'no data' if value is None else f'{value:.3f} s'}"
        for n, value in points
    )


def _unit(alarm: Alarm) -> str:
    return "minute" if alarm.period_seconds == 60 else f"{alarm.period_seconds} s period"


def _rates(measured: Measured) -> str:
    seconds = measured.seconds or 1
    offered = sum(period.offered for period in measured.periods) / seconds
    achieved = sum(len(period.response_times) for period in measured.periods) / seconds
    return f"offered {offered:.1f}/s, achieved {achieved:.1f}/s"


def _errors(periods: Sequence[Period]) -> str:
    return _counts(total(period.errors for period in periods))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} × {reason}" for reason, count in sorted(counts.items()))
