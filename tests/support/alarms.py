"""CloudWatch alarm evaluation as a pure function of plain data.

Source of every rule: the Amazon CloudWatch user guide, "Using CloudWatch alarms" (evaluating an
alarm, configuring how alarms treat missing data, percentile-based alarms and low data samples).
No clock, socket or boto3: the emulator, the load gate and the tests all call this one.

Points are given oldest first, one per period, `None` where the period has no data. Metric math and
anomaly bands are refused, not guessed.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal


class State(StrEnum):
    """The states of an alarm; a new one starts in INSUFFICIENT_DATA."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """The values of TreatMissingData."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

_AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda samples: math.fsum(samples) / len(samples),
    "Sum": math.fsum,
    "Minimum": min,
    "Maximum": max,
    "SampleCount": lambda samples: float(len(samples)),
}

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")

# How many points beyond N are fetched is undocumented: "a higher number", which depends on the
# period. The guide's tables fetch 5 for N = 3.
_EXTRA_POINTS = 2
_POSSIBLE_EXTRA_POINTS = range(1, 6)

INDETERMINATE: Final = "indeterminate"
Answer = State | Literal["indeterminate"]


@dataclass(frozen=True)
class Alarm:
    """The part of a metric alarm that decides its state.

    `threshold` is in the unit of the metric, `period_seconds` in seconds; `datapoints_to_alarm`
    (M) of `evaluation_periods` (N) points must breach. `statistic` is a plain one (`Average`) or
    a percentile (`p99`). Raises ValueError for values CloudWatch does not take, and for
    comparison operators that belong to anomaly detection, which is not modelled.
    """

    threshold: float
    comparison_operator: str
    statistic: str
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: Missing = Missing.MISSING
    evaluate_low_samples: bool = True

    def __post_init__(self) -> None:
        if self.comparison_operator not in COMPARISONS:
            raise ValueError(f"comparison operator {self.comparison_operator!r} is not modelled")
        if self.statistic not in _AGGREGATES and percentile(self.statistic) is None:
            raise ValueError(f"statistic {self.statistic!r} is not modelled")
        if not 1 <= self.datapoints_to_alarm <= self.evaluation_periods:
            raise ValueError(
                f"{self.datapoints_to_alarm} of {self.evaluation_periods} points can never alarm"
            )
        if self.period_seconds < 1:
            raise ValueError(f"a period of {self.period_seconds} s is not a period")

    @property
    def evaluation_range(self) -> int:
        """How many of the latest points an evaluation looks at."""
        return self.evaluation_periods + _EXTRA_POINTS

    @property
    def possible_ranges(self) -> tuple[int, ...]:
        """The evaluation ranges that CloudWatch may use; it says none but more than N."""
        return tuple(self.evaluation_periods + extra for extra in _POSSIBLE_EXTRA_POINTS)

    def breaches(self, value: float) -> bool:
        """Whether one point of the metric is on the wrong side of the threshold."""
        return COMPARISONS[self.comparison_operator](value, self.threshold)


def from_description(description: Mapping[str, Any]) -> Alarm:
    """The alarm in one entry of `DescribeAlarms`' MetricAlarms.

    An absent DatapointsToAlarm means M = N, an absent TreatMissingData means `missing`. Raises
    ValueError when the alarm is not a plain one on a single metric (metric math, anomaly band).
    """
    if "Period" not in description or "Threshold" not in description:
        raise ValueError(f"alarm {description.get('AlarmName')} is not on a single metric")
    periods = int(description["EvaluationPeriods"])
    return Alarm(
        threshold=float(description["Threshold"]),
        comparison_operator=str(description["ComparisonOperator"]),
        statistic=str(description.get("ExtendedStatistic") or description["Statistic"]),
        period_seconds=int(description["Period"]),
        evaluation_periods=periods,
        datapoints_to_alarm=int(description.get("DatapointsToAlarm") or periods),
        treat_missing_data=Missing(description.get("TreatMissingData") or "missing"),
        evaluate_low_samples=description.get("EvaluateLowSampleCountPercentile") != "ignore",
    )


def percentile(statistic: str) -> float | None:
    """The fraction that a percentile statistic names (`p99.9` → 0.999), None for a plain one."""
    found = _PERCENTILE.fullmatch(statistic)
    return float(found[1]) / 100 if found else None


def point(alarm: Alarm, samples: Sequence[float]) -> float | None:
    """The alarm's statistic over the samples of one period; None when there are none.

    Percentiles interpolate between the closest ranks.
    """
    if not samples:
        return None
    fraction = percentile(alarm.statistic)
    if fraction is None:
        return _AGGREGATES[alarm.statistic](samples)
    ordered = sorted(samples)
    rank = fraction * (len(ordered) - 1)
    below, above = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    return below + (above - below) * (rank - math.floor(rank))


def too_few_samples(alarm: Alarm, sample_count: int) -> bool:
    """Whether a percentile alarm that ignores low samples must keep its state.

    The limit is 10 / (1 − p) samples for p ≥ 0.5 and 10 / p below.
    """
    fraction = percentile(alarm.statistic)
    if fraction is None or alarm.evaluate_low_samples:
        return False
    tail = 1 - fraction if fraction >= 0.5 else fraction
    # 100 samples are enough for p90, though 100 × (1 − 0.9) is a little less than 10 here.
    return round(sample_count * tail, 9) < 10


def evaluate(
    alarm: Alarm,
    points: Sequence[float | None],
    state: State = State.INSUFFICIENT_DATA,
    evaluation_range: int | None = None,
) -> State:
    """The alarm's next state.

    `points` holds the metric per period, oldest first, newest last, None where data is missing;
    only the last `evaluation_range` of them are looked at. `state` is the one before.
    """
    recent = points[-_fetched(alarm, evaluation_range) :]
    real = [value for value in recent if value is not None]
    if len(real) >= alarm.evaluation_periods:
        latest = real[-alarm.evaluation_periods :]
        return _alarm_if(_breaching(alarm, latest) >= alarm.datapoints_to_alarm)
    return _with_gaps(alarm, recent, real, state)


def replay(
    alarm: Alarm,
    points: Sequence[float | None],
    state: State = State.INSUFFICIENT_DATA,
    evaluation_range: int | None = None,
) -> list[State]:
    """The state after each point in turn: what the alarm showed while the series came in."""
    fetched = _fetched(alarm, evaluation_range)
    states: list[State] = []
    for end in range(1, len(points) + 1):
        state = evaluate(alarm, points[max(0, end - fetched) : end], state, fetched)
        states.append(state)
    return states


def replay_samples(
    alarm: Alarm,
    periods: Sequence[Sequence[float]],
    state: State = State.INSUFFICIENT_DATA,
) -> list[State]:
    """As `replay`, from the samples of each period; too few for a percentile keep the state."""
    points = [point(alarm, samples) for samples in periods]
    states: list[State] = []
    for end, samples in enumerate(periods, start=1):
        if not (samples and too_few_samples(alarm, len(samples))):
            state = evaluate(alarm, points[:end], state)
        states.append(state)
    return states


def answers(
    alarm: Alarm,
    points: Sequence[float | None],
    state: State = State.INSUFFICIENT_DATA,
    ranges: Sequence[int] = (),
) -> list[Answer]:
    """As `replay`, but INDETERMINATE where the evaluation ranges disagree on the state.

    `ranges` are the ranges to compare, the alarm's `possible_ranges` unless given. CloudWatch
    uses one of them throughout, so each is replayed by itself.
    """
    replays = [replay(alarm, points, state, one) for one in ranges or alarm.possible_ranges]
    return [
        shown[0] if len(set(shown)) == 1 else INDETERMINATE for shown in zip(*replays, strict=True)
    ]


def _fetched(alarm: Alarm, evaluation_range: int | None) -> int:
    fetched = alarm.evaluation_range if evaluation_range is None else evaluation_range
    if fetched < alarm.evaluation_periods:
        raise ValueError(f"a range of {fetched} is less than {alarm.evaluation_periods} periods")
    return fetched


def _with_gaps(
    alarm: Alarm, recent: Sequence[float | None], real: Sequence[float], state: State
) -> State:
    """Fewer than N real points: the gaps count as TreatMissingData says, real points always."""
    mode = alarm.treat_missing_data
    wanted = alarm.datapoints_to_alarm
    breaching = _breaching(alarm, real)
    if mode is Missing.BREACHING:
        return _alarm_if(breaching + alarm.evaluation_periods - len(real) >= wanted)
    if mode is Missing.NOT_BREACHING or breaching >= wanted:
        return _alarm_if(breaching >= wanted)
    if not real:
        return State.INSUFFICIENT_DATA if mode is Missing.MISSING else state
    if len(real) < wanted and _breach_has_aged(alarm, recent):
        return State.ALARM if mode is Missing.MISSING else state
    if mode is Missing.IGNORE and breaching == len(real):
        # Inferred: nothing but breaches, too young to alarm, is no evidence for OK either.
        return state
    return State.OK


def _breach_has_aged(alarm: Alarm, recent: Sequence[float | None]) -> bool:
    """The premature rule: the oldest breach is M periods old and nothing good came after it.

    The guide's row `0 − X − −` for 2 of 3 is OK, so the rule can only apply where fewer than M
    real points are in range (inferred); the caller checks that.
    """
    verdicts = [value is not None and alarm.breaches(value) for value in recent]
    if True not in verdicts:
        return False
    oldest = verdicts.index(True)
    age = len(recent) - oldest
    newer = [value for value in recent[oldest:] if value is not None]
    return age >= alarm.datapoints_to_alarm and _breaching(alarm, newer) == len(newer)


def _breaching(alarm: Alarm, values: Sequence[float]) -> int:
    return sum(alarm.breaches(value) for value in values)


def _alarm_if(condition: bool) -> State:
    return State.ALARM if condition else State.OK
