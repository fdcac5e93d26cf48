"""Metric data put where AWS's services would put it, and read back as an alarm reads it.

Only an emulator takes data in AWS's own namespaces; in a real account the services alone write
there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support import alarms
from tests.support.target import Target

# AWS's services write a point a minute.
_EMITTED_SECONDS = 60
# How far from the threshold a series is, as a part of it.
_MARGIN = 0.2
_QUIET_PERIODS = 3


@dataclass(frozen=True)
class Series:
    """A metric that is quiet for a while and then beyond its threshold for `periods` periods.

    `threshold` is in the metric's unit; `rising` is whether it is beyond when it is above.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    threshold: float
    rising: bool
    period_seconds: int
    periods: int

    @property
    def values(self) -> list[float]:
        """One value per period, oldest first."""
        over, under = self.threshold * (1 + _MARGIN), self.threshold * (1 - _MARGIN)
        quiet, beyond = (under, over) if self.rising else (over, under)
        return [quiet] * _QUIET_PERIODS + [beyond] * self.periods


def series(expected: Mapping[str, Any], emitters: Mapping[str, str]) -> Series:
    """The series that must raise an alarm of which the catalogue expects that.

    `emitters` are the values of dimensions by their names.
    """
    names = expected.get("dimensions") or [expected["dimension"]]
    (threshold,) = [value for key, value in expected.items() if key.startswith("threshold_")]
    return Series(
        namespace=expected["namespace"],
        name=expected["metric"],
        dimensions={name: emitters[name] for name in names},
        threshold=threshold,
        rising=expected["comparison"].startswith("GreaterThan"),
        period_seconds=expected["period_seconds"],
        periods=expected["evaluation_periods"],
    )


def emit(target: Target, series: Series) -> datetime:
    """Put the series, a point a minute; returns the end of its last period."""
    length = timedelta(seconds=series.period_seconds)
    end = _whole(datetime.now(UTC), series.period_seconds)
    begin = end - length * len(series.values)
    step = timedelta(seconds=min(_EMITTED_SECONDS, series.period_seconds))
    data = [
        {
            "MetricName": series.name,
            "Dimensions": [{"Name": k, "Value": v} for k, v in series.dimensions.items()],
            "Timestamp": begin + length * number + step * minute,
            "Value": value,
        }
        for number, value in enumerate(series.values)
        for minute in range(int(length / step))
    ]
    target.client("cloudwatch").put_metric_data(Namespace=series.namespace, MetricData=data)
    return end


def states(target: Target, description: Mapping[str, Any], end: datetime) -> list[alarms.Answer]:
    """What an entry of `DescribeAlarms` showed up to `end`, period by period, oldest first.

    Raises ValueError for an alarm that is not on a single metric.
    """
    alarm = alarms.from_description(description)
    return alarms.answers(alarm, points(target, description, end))


def points(target: Target, description: Mapping[str, Any], end: datetime) -> list[float | None]:
    """The alarm's metric by its own period and statistic, up to `end`, None where nothing came."""
    alarm = alarms.from_description(description)
    length = timedelta(seconds=alarm.period_seconds)
    count = max(alarm.possible_ranges)
    begin = _whole(end, alarm.period_seconds) - length * count
    metric = {
        "Namespace": description["Namespace"],
        "MetricName": description["MetricName"],
        "Dimensions": description.get("Dimensions", []),
    }
    query = {"Metric": metric, "Period": alarm.period_seconds, "Stat": alarm.statistic}
    answer = target.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "read", "MetricStat": query}],
        StartTime=begin, EndTime=begin + length * count,
    )  # fmt: skip
    (read,) = answer["MetricDataResults"]
    found = dict(zip(read["Timestamps"], read["Values"], strict=True))
    return [found.get(begin + length * number) for number in range(count)]


def _whole(moment: datetime, seconds: int) -> datetime:
    """The begin of the period in which the moment lies."""
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
