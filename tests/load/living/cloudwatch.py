"""CloudWatch of a living region: it keeps what is emitted, judges the alarms and delivers.

Each minute every deployed alarm on one metric is judged by `tests.support.alarms`, on what was
emitted with exactly its dimensions. A metric that nobody emits has no data, and the alarm shows
what its TreatMissingData says.

Amazon CloudWatch API reference, PutMetricAlarm, Period: an alarm is judged every minute over the
periods that end with it, so that one of five minutes looks at the latest five. PutMetricData,
MetricDatum: at most 150 different values at a time.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from tests.load.living import alarm_reasons
from tests.load.living.clock import MINUTE
from tests.load.living.metrics import Datum
from tests.support import alarm_actions, alarms, samples
from tests.support.alarms import Alarm, State
from tests.support.outcomes import SuiteError
from tests.support.samples import Sample
from tests.support.target import Target
from tests.support.topics import Publisher

_MOST_VALUES = 150
_MOST_DATA = 1000
# Of many values so many of the lowest and of the highest are published as they are.
_KEPT_AT_EACH_END = 25
UNHEARD = "CloudWatch may not publish to the topic, or nobody has subscribed to it"

_One = TypeVar("_One")
Key = tuple[str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Watched:
    """A deployed alarm on one metric: `description` is DescribeAlarms', `key` what it looks at."""

    name: str
    alarm: Alarm
    key: Key
    unit: str | None
    state: State
    description: Mapping[str, Any]

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Watched:
        """From an entry of DescribeAlarms. Raises SuiteError naming what is not modelled."""
        dimensions = frozenset((d["Name"], d["Value"]) for d in description.get("Dimensions", []))
        try:
            alarm = alarms.from_description(description)
        except ValueError as error:
            raise SuiteError(f"{description['AlarmArn']}: {error}") from error
        if alarm.period_seconds % MINUTE:
            raise SuiteError(f"{description['AlarmArn']}: a period of part of a minute")
        return cls(
            name=description["AlarmName"],
            alarm=alarm,
            key=(description["Namespace"], description["MetricName"], dimensions),
            unit=description.get("Unit"),
            state=State(description["StateValue"]),
            description=description,
        )


class CloudWatch:
    """The alarms of a target's account, fed minute by minute. Times are POSIX, of the region.

    `target` has the emulator's session; `publisher` is what CloudWatch publishes as.
    """

    def __init__(self, target: Target, publisher: Publisher) -> None:
        self._target = target
        self._publisher = publisher
        self._watched: dict[str, Watched] = {}
        self._kept: dict[tuple[Key, str], dict[int, list[Sample]]] = {}

    def refresh(self) -> None:
        """Read the alarms as they are now, states included."""
        described = self._target.pages("cloudwatch", "describe_alarms", "MetricAlarms")
        single = [Watched.of(one) for one in described if "MetricName" in one]
        self._watched = {one.name: one for one in single}

    def states(self) -> dict[str, State]:
        """The state of each alarm, by its name."""
        return {one.name: one.state for one in self._watched.values()}

    def publish(self, begin: float, data: Iterable[Datum]) -> None:
        """Keep what was emitted in the minute from `begin` on, and put it into CloudWatch."""
        by_namespace: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for datum in data:
            minutes = self._kept.setdefault((datum.key, datum.unit), {})
            minutes.setdefault(int(begin), []).extend((one, datum.times) for one in datum.values)
            by_namespace[datum.namespace] += _put(datum, begin)
        client = self._target.client("cloudwatch")
        for namespace, put in by_namespace.items():
            for some in _parts(put, _MOST_DATA):
                client.put_metric_data(Namespace=namespace, MetricData=some)
        self._forget(begin)

    def evaluate(self, end: float) -> list[str]:
        """Judge every alarm on the minutes before `end`; the names of those that changed.

        A change is kept, told to the alarm's topics, and both are in its history.
        """
        changed = []
        for watched in list(self._watched.values()):
            points = self.points(watched.name, end)
            state = self._judged(watched, points, end)
            if state is not watched.state:
                self._change(watched, state, points, end)
                changed.append(watched.name)
        return changed

    def newest(self, name: str, end: float) -> float | None:
        """What the alarm of that name sees in its last period before `end`; None without data."""
        return self.points(name, end)[-1] if name in self._watched else None

    def points(self, name: str, end: float) -> list[float | None]:
        """The alarm's statistic per period up to `end`, oldest first."""
        watched = self._watched[name]
        statistic = partial(samples.statistic, watched.alarm.statistic)
        return [statistic(self._samples(watched, *period)) for period in _periods(watched, end)]

    def _judged(self, watched: Watched, points: Sequence[float | None], end: float) -> State:
        newest = self._samples(watched, *list(_periods(watched, end))[-1])
        if newest and alarms.too_few_samples(watched.alarm, int(samples.count(newest))):
            return watched.state
        return alarms.evaluate(watched.alarm, points, watched.state)

    def _samples(self, watched: Watched, begin: int, end: int) -> list[Sample]:
        """What was emitted, in the alarm's unit if it names one."""
        return [
            sample
            for (key, unit), minutes in self._kept.items()
            if key == watched.key and watched.unit in (None, unit)
            for minute in range(begin, end, MINUTE)
            for sample in minutes.get(minute, ())
        ]

    def _change(
        self, watched: Watched, state: State, points: Sequence[float | None], end: float
    ) -> None:
        reason = alarm_reasons.sentence(watched.alarm, state, points, end)
        data = alarm_reasons.data(watched.alarm, points, end)
        told = alarm_actions.change(
            self._target, watched.name, state, reason, self._publisher, data
        )
        self._watched[watched.name] = replace(watched, state=state)
        named = watched.description[alarm_actions.FIELDS[state]]
        actions = named if watched.description["ActionsEnabled"] else []
        # Whoever scales by the alarm carries that action out.
        done = [arn for arn in actions if arn in told or arn.split(":")[2] != "sns"]
        items = [{"AlarmName": watched.name, "Action": arn} for arn in actions]
        failed = [item | {"Error": UNHEARD} for item in items if item["Action"] not in done]
        done_items = [item for item in items if item["Action"] in done]
        if items:
            self._target.session.tell("alarm-actions", [*done_items, *failed])

    def _forget(self, begin: float) -> None:
        """Drop what no alarm looks at any more."""
        watched = [one.alarm for one in self._watched.values()]
        oldest = begin - max((a.period_seconds * a.evaluation_range for a in watched), default=0)
        for minutes in self._kept.values():
            for minute in [one for one in minutes if one < oldest]:
                del minutes[minute]


def _periods(watched: Watched, end: float) -> Iterator[tuple[int, int]]:
    length = watched.alarm.period_seconds
    for back in range(watched.alarm.evaluation_range, 0, -1):
        begin = int(end) - back * length
        yield begin, begin + length


def _put(datum: Datum, begin: float) -> Iterator[dict[str, Any]]:
    """As PutMetricData takes it, in one piece."""
    pairs = distribution(datum.values)
    if pairs:
        yield {
            "MetricName": datum.name,
            "Dimensions": [{"Name": k, "Value": v} for k, v in sorted(datum.dimensions.items())],
            "Timestamp": datetime.fromtimestamp(begin, UTC),
            "Unit": datum.unit,
            "Values": [value for value, _ in pairs],
            "Counts": [times * datum.times for _, times in pairs],
        }


def distribution(values: Sequence[float]) -> list[Sample]:
    """The values and how often each came, in as many pairs as CloudWatch takes.

    Where there are more, those in between are put together by their mean, so that count, sum and
    both ends stay as they are.
    """
    seen = Counter(values)
    if len(seen) <= _MOST_VALUES:
        return sorted((value, float(times)) for value, times in seen.items())
    ordered, ends = sorted(values), _KEPT_AT_EACH_END
    low, between, high = ordered[:ends], ordered[ends:-ends], ordered[-ends:]
    size = math.ceil(len(between) / (_MOST_VALUES - 2 * ends))
    groups = [(math.fsum(some) / len(some), float(len(some))) for some in _parts(between, size)]
    return [*((one, 1.0) for one in low), *groups, *((one, 1.0) for one in high)]


def _parts(whole: Sequence[_One], size: int) -> Iterator[Sequence[_One]]:
    for begin in range(0, len(whole), size):
        yield whole[begin : begin + size]
