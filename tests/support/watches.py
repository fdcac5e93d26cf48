"""Whether an alarm watches what exists, by a statistic and a threshold that mean something.

Every rule is a pure function of an alarm given as data and says what is wrong in words; an alarm
on a metric that nobody knows raises Invalid. Sources: `PutMetricAlarm` in the CloudWatch API
reference; for single metrics metrics.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import get_args

from tests.support.metrics import Dimension, Metric, Metrics, Statistic
from tests.support.outcomes import Invalid, Violation

HOUR, DAY, WEEK = 3600, 86400, 604800
_RISING = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
_FALLING = ("LessThanThreshold", "LessThanOrEqualToThreshold")
_INCLUSIVE = ("GreaterThanOrEqualToThreshold", "LessThanOrEqualToThreshold")


@dataclass(frozen=True)
class LogMetric:
    """A metric that a filter of the stack makes of a log.

    `counts` is whether every matching line adds the same, so that only the sum says how many.
    """

    namespace: str
    name: str
    dimensions: frozenset[str]
    unit: str
    counts: bool

    @property
    def thresholds(self) -> tuple[float, float]:
        """Nothing is known of what makes sense."""
        return self.bounds

    @property
    def bounds(self) -> tuple[float, float]:
        """A count is none or more; a field of the log may be anything."""
        return (0 if self.counts else -inf), inf


@dataclass(frozen=True)
class Reading:
    """A metric as an alarm reads it: `dimensions` by name, `period_seconds` for each point."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    period_seconds: int


@dataclass(frozen=True)
class Watch:
    """A metric alarm as far as these rules go.

    `where` says which (file:line and address, or an ARN). `readings` are the metrics it reads;
    `threshold` is compared with the one at `compared`, None where that is an expression or a band.
    M (`datapoints_to_alarm`) of N (`evaluation_periods`) points must breach. `actions` are the ARNs
    of what it does when raised, none where it may not act; `arns` the spellings of its own.
    """

    where: str
    readings: tuple[Reading, ...]
    compared: int | None
    threshold: float | None
    comparison_operator: str
    evaluation_periods: int
    datapoints_to_alarm: int
    unit: str | None
    region: str | None
    actions: tuple[str, ...]
    arns: frozenset[str]

    @cached_property
    def compared_reading(self) -> Reading:
        """The metric that the threshold is compared with. Raises Invalid when it is none."""
        if self.compared is None or self.threshold is None:
            raise Invalid(f"{self.where}: what its threshold is compared with is no single metric")
        return self.readings[self.compared]


@dataclass(frozen=True)
class Rules:
    """The rules, with what they need to know: the table, and the stack's own metrics."""

    table: Metrics
    own: tuple[LogMetric, ...] = ()

    def dimensions(self, watch: Watch) -> list[str]:
        """Whether each metric is emitted by the alarm's dimensions, in the alarm's region."""
        return [fault for reading in watch.readings for fault in self._dimensions(watch, reading)]

    def _dimensions(self, watch: Watch, reading: Reading) -> list[str]:
        metric, given = self._metric(reading), frozenset(reading.dimensions)
        sets = [metric.dimensions] if isinstance(metric, LogMetric) else metric.dimensions
        if given not in sets:
            emitted = " or ".join(_listed(one) for one in sets)
            return [f"{reading.name} by {_listed(given)}: it is emitted by {emitted}"]
        region = None if isinstance(metric, LogMetric) else metric.region
        if region and watch.region is None:
            raise Invalid(f"{watch.where}: its region is not known, and {reading.name} has one")
        if region and watch.region != region:
            return [f"{reading.name} in {watch.region}: it is published in {region} alone"]
        return []

    def statistic(self, watch: Watch) -> list[str]:
        """Whether each statistic is one that means something for its metric."""
        return [
            f"{reading.statistic} of {reading.name}: only {', '.join(meant)} means something"
            for reading in watch.readings
            if (meant := self._statistics(reading)) and _kind(reading.statistic) not in meant
        ]

    def _statistics(self, reading: Reading) -> Collection[str]:
        metric = self._metric(reading)
        if isinstance(metric, LogMetric):
            return ["Sum", "SampleCount"] if metric.counts else []
        return metric.statistics

    def threshold(self, watch: Watch) -> list[str]:
        """Whether the threshold is in the metric's unit, and can be crossed either way."""
        reading, threshold = watch.compared_reading, watch.threshold or 0.0
        metric = self._metric(reading)
        told = f"{threshold:g} for {reading.name}"
        found = []
        if watch.unit not in (None, metric.unit):
            found.append(f"unit {watch.unit} for {reading.name}, which comes in {metric.unit}")
        least, most = metric.thresholds
        if not least <= threshold <= most:
            found.append(f"{told}: in {metric.unit} it lies between {least:g} and {most:g}")
        return found + _one_sided(watch.comparison_operator, threshold, metric.bounds, told)

    def periods(self, watch: Watch, shortest_seconds: int) -> list[str]:
        """Whether CloudWatch takes the periods, and a metric of AWS has a point in each."""
        found, n, m = [], watch.evaluation_periods, watch.datapoints_to_alarm
        if not 1 <= m <= n:
            found.append(f"{m} of {n} points can never breach")
        for period in sorted({reading.period_seconds for reading in watch.readings}):
            longest = DAY if period < HOUR else WEEK
            if period < shortest_seconds or period % 60:
                found.append(f"a period of {period} s is no multiple of {shortest_seconds} s")
            if period * n > longest:
                found.append(f"{n} periods of {period} s are longer than {longest} s")
        return found

    def watched(self, watch: Watch, held: Mapping[str, Collection[str]]) -> list[str]:
        """Whether each dimension has a value that the stack's own resources have.

        `held` gives these for each dimension that resources hold.
        """
        return [
            f"{name} = {value}, which is {_none_of(held.get(name, ()))}"
            for reading in watch.readings
            for name, value in reading.dimensions.items()
            if (rule := self.table.dimensions.get(name)) and not _fits(name, value, rule, held)
        ]

    def _metric(self, reading: Reading) -> Metric | LogMetric:
        for one in self.own:
            if (one.namespace, one.name) == (reading.namespace, reading.name):
                return one
        return self.table.find(reading.namespace, reading.name)


def _none_of(values: Collection[str]) -> str:
    return f"none of {', '.join(sorted(values))}" if values else "no resource of the stack"


def _fits(name: str, value: str, rule: Dimension, held: Mapping[str, Collection[str]]) -> bool:
    if rule.held_by:
        return value in held.get(name, ())
    return not rule.values or value in rule.values


def _kind(statistic: str) -> str:
    return statistic if statistic in get_args(Statistic) else "percentile"


def _one_sided(
    operator: str, threshold: float, bounds: tuple[float, float], told: str
) -> list[str]:
    """Whether every value of the metric, or none, is on the alarm's side of the threshold."""
    least, most = bounds
    inclusive = operator in _INCLUSIVE
    if operator in _RISING:
        never = threshold > most if inclusive else threshold >= most
        always = threshold <= least if inclusive else threshold < least
    elif operator in _FALLING:
        never = threshold < least if inclusive else threshold <= least
        always = threshold >= most if inclusive else threshold > most
    else:
        raise Invalid(f"{operator} compares with a band: its threshold is not judged")
    verdicts = {"never": never, "always": always}
    return [f"{operator} {told} is {word} true" for word, holds in verdicts.items() if holds]


def _listed(names: Iterable[str]) -> str:
    return "{" + ", ".join(sorted(names)) + "}"


def expect_sound(
    watches: Iterable[Watch | Invalid], rule: Callable[[Watch], list[str]], wanted: str
) -> None:
    """Fail if the rule finds a fault in an alarm; Invalid if one cannot be judged, or read."""
    faults: list[tuple[str, str]] = []
    unjudged: list[str] = []
    for watch in watches:
        try:
            if isinstance(watch, Invalid):
                raise watch
            faults += [(watch.where, fault) for fault in rule(watch)]
        except Invalid as reason:
            unjudged.append(str(reason))
    if faults:
        places = ", ".join(dict.fromkeys(where for where, _ in faults))
        raise Violation(places, wanted, "; ".join(fault for _, fault in faults))
    if unjudged:
        raise Invalid("; ".join(dict.fromkeys(unjudged)))
