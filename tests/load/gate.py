"""The verdict on a load run: would the deployed alarm have stayed quiet, and can we know?

Pure: plain data in, a verdict out. The alarm engine is `tests.support.alarms`. The order of the
rules matters: an unsound generator makes every figure worthless, so `invalid` comes before
`fail`; a failing service explains a missed rate, so `fail` comes before the rest of `invalid`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.load.measure import Measured, Period, quantile, total
from tests.support import alarms
from tests.support.alarms import Alarm, State
from tests.support.traffic import Limits, Traffic

Outcome = Literal["pass", "fail", "invalid", "not_provable"]

_WORDS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at or above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below",
}


@dataclass(frozen=True)
class Verdict:
    """`actual` says what was seen; `states` is the alarm's state at the end of each period."""

    outcome: Outcome
    expected: str
    actual: str
    states: tuple[State | None, ...] = field(default=())


def judge(alarm: Alarm, measured: Measured, traffic: Traffic) -> Verdict:
    """Pass only when the alarm was seen to evaluate to OK on enough real data."""
    points = [alarms.point(alarm, period.response_times) for period in measured.periods]
    states = judged_states(alarm, points)
    expected = quiet(alarm)

    def verdict(outcome: Outcome, actual: str) -> Verdict:
        return Verdict(outcome, expected, f"{actual}; {_rates(measured)}", tuple(states))

    if measured.partial:
        return verdict("invalid", f"interrupted after {len(points)} complete {_unit(alarm)}s")
    unsound = _generator_unsound(measured.periods, traffic.generator)
    if unsound:
        return verdict("invalid", unsound)
    if not any(period.response_times for period in measured.periods):
        return verdict("invalid", f"nothing answered: {_errors(measured.periods) or 'no data'}")
    over_budget = _over_budget(measured.periods, traffic.error_budget_percent)
    if over_budget:
        return verdict("fail", over_budget)
    if State.ALARM in states:
        return verdict("fail", _alarming(alarm, points, states.index(State.ALARM)))
    unknown = _cannot_know(alarm, points, states, measured.periods, traffic.generator)
    if unknown:
        return verdict("invalid", unknown)
    return verdict("pass", f"{_series(alarm, points)} → OK")


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


def _generator_unsound(periods: Sequence[Period], limits: Limits) -> str | None:
    reasons: list[str] = []
    local = total(period.local_errors for period in periods)
    if local:
        reasons.append(f"requests never reached the service: {_counts(local)}")
    lateness = quantile([late for period in periods for late in period.lateness], 0.99)
    if lateness > limits.lateness_p99_seconds:
        reasons.append(
            f"the generator was late: p99 {lateness:.3f} s, limit {limits.lateness_p99_seconds} s"
        )
    if periods and any(period.cpu_percent is None for period in periods):
        reasons.append("the generator's CPU use was not sampled")
    busiest = max((period.cpu_percent or 0 for period in periods), default=0)
    if busiest > limits.cpu_percent:
        reasons.append(
            f"the generator was overloaded: CPU {busiest:.0f} %, limit {limits.cpu_percent:.0f} %"
        )
    return "; ".join(reasons) or None


def _over_budget(periods: Sequence[Period], budget_percent: float) -> str | None:
    failed = total(period.errors for period in periods).total()
    sent = sum(period.sent for period in periods)
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
) -> str | None:
    if len(points) < alarm.evaluation_periods:
        return (
            f"complete {_unit(alarm)}s: {len(points)}, the alarm needs {alarm.evaluation_periods}"
        )
    if None in points:
        return f"no data in {_unit(alarm)} {list(points).index(None) + 1}"
    offered = sum(period.offered for period in periods)
    missed = offered - sum(period.sent for period in periods)
    if missed * 100 > limits.shortfall_percent * offered:
        return f"the offered rate was missed: {missed} of {offered} requests never left"
    if states[-1] is not State.OK:
        return f"the alarm ended in {states[-1]}"
    return None


def _alarming(alarm: Alarm, points: Sequence[float | None], at: int) -> str:
    window = range(at - alarm.evaluation_periods + 1, at + 1)
    breaching = [index for index in window if _breaches(alarm, points[index])]
    seen = ", ".join(f"{_unit(alarm)} {index + 1}: {points[index]:.3f} s" for index in breaching)
    return f"{seen} → ALARM at {clock((at + 1) * alarm.period_seconds)}"


def _breaches(alarm: Alarm, value: float | None) -> bool:
    return value is not None and alarm.breaches(value)


def _series(alarm: Alarm, points: Sequence[float | None]) -> str:
    show: Callable[[float | None], str] = lambda value: (
        "no data" if value is None else f"{value:.3f} s"
    )
    return ", ".join(f"{_unit(alarm)} {n}: {show(value)}" for n, value in enumerate(points, 1))


def _unit(alarm: Alarm) -> str:
    return "minute" if alarm.period_seconds == 60 else f"{alarm.period_seconds} s period"


def _rates(measured: Measured) -> str:
    seconds = measured.seconds or 1
    offered = sum(period.offered for period in measured.periods) / seconds
    achieved = sum(len(period.response_times) for period in measured.periods) / seconds
    return f"offered {offered:.1f}/s, achieved {achieved:.1f}/s"


def _errors(periods: Sequence[Period]) -> str:
    return _counts(total(period.errors for period in periods))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} × {reason}" for reason, count in sorted(counts.items()))
