"""Metric data: kept by metric and minute, and read back by namespace and exact dimensions."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.support import samples
from tests.support.emulator.registry import AwsError, Call, Document, declare

DATA = declare(
    "cloudwatch",
    "metric data",
    "Data of a metric by dimensions are those of any namespace, and are found only if put with the "
    "dimensions in the same order; there are no percentiles, and every read goes through all data.",
)
_MINUTE = 60
_LISTED_AT_ONCE = 500

# A metric: namespace, name, dimensions. Of each, by minute, by unit: value and times seen.
Metric = tuple[str, str, frozenset[tuple[str, str]]]
Minutes = dict[int, dict[str, list[samples.Sample]]]


@DATA.fills("PutMetricData")
def put(call: Call) -> Document:
    """Keep data a minute apart, as CloudWatch does without a finer resolution."""
    for datum in call.params["MetricData"]:
        moment = datum.get("Timestamp") or datetime.datetime.now(datetime.UTC)
        minute = int(_posix(moment)) // _MINUTE * _MINUTE
        units = _kept(call, (call.params["Namespace"], *_named(datum))).setdefault(minute, {})
        units.setdefault(datum.get("Unit", "None"), []).extend(_samples(datum))
    return {}


def _samples(datum: Document) -> Iterator[samples.Sample]:
    """A datum's values and how often each was seen; of a set only its count, sum and ends."""
    values = datum.get("Values")
    if values:
        counts = datum.get("Counts") or [1.0] * len(values)
        if len(counts) != len(values):
            raise AwsError("InvalidParameterValue", "Values and Counts must be of the same size.")
        yield from zip(map(float, values), map(float, counts), strict=True)
    elif "StatisticValues" in datum:
        yield from _of_set({key: float(one) for key, one in datum["StatisticValues"].items()})
    else:
        value = float(datum.get("Value", math.nan))
        if math.isnan(value):
            raise AwsError("InvalidParameterValue", "NaN is no value of a metric.")
        yield value, 1.0


def _of_set(known: dict[str, float]) -> Iterator[samples.Sample]:
    """Samples of the same count, sum, minimum and maximum."""
    low, high, number = known["Minimum"], known["Maximum"], known["SampleCount"]
    if number <= 2 or low == high:
        yield known["Sum"] / number, number
        return
    yield low, 1.0
    yield high, 1.0
    yield (known["Sum"] - low - high) / (number - 2), number - 2


@DATA.fills("GetMetricData")
def get_data(call: Call) -> Document:
    """The values of each query, newest first unless asked otherwise."""
    asked = call.params
    results = []
    for query in asked["MetricDataQueries"]:
        if "MetricStat" not in query:
            raise AwsError("ValidationError", f"query {query['Id']}: no expressions here")
        stat = query["MetricStat"]
        metric = (stat["Metric"]["Namespace"], *_named(stat["Metric"]))
        read = list(_read(call, metric, stat["Period"], [stat["Stat"]], stat.get("Unit")))
        if asked.get("ScanBy") != "TimestampAscending":
            read.reverse()
        if query.get("ReturnData", True):
            results.append(
                {
                    "Id": query["Id"],
                    "Label": query.get("Label") or stat["Metric"]["MetricName"],
                    "Timestamps": [moment for moment, _ in read],
                    "Values": [values[stat["Stat"]] for _, values in read],
                    "StatusCode": "Complete",
                }
            )
    return {"MetricDataResults": results, "Messages": []}


@DATA.fills("GetMetricStatistics")
def get_statistics(call: Call) -> Document:
    """The statistics of one metric, oldest first."""
    asked = call.params
    metric = (asked["Namespace"], *_named(asked))
    plain, ranked = asked.get("Statistics") or [], asked.get("ExtendedStatistics") or []
    datapoints = []
    for moment, values in _read(call, metric, asked["Period"], plain + ranked, asked.get("Unit")):
        point: Document = {"Timestamp": moment, **{name: values[name] for name in plain}}
        units = _kept(call, metric)[next(_minutes(call, metric, moment, asked["Period"]))]
        point["Unit"] = asked.get("Unit") or next(iter(units))
        if ranked:
            point["ExtendedStatistics"] = {name: values[name] for name in ranked}
        datapoints.append(point)
    return {"Label": asked["MetricName"], "Datapoints": datapoints}


@DATA.fills("ListMetrics")
def list_metrics(call: Call) -> Document:
    """The metrics that have data, and those that moto reckons from what it keeps."""
    asked = call.params
    begin = asked.get("NextToken") or "0"
    if not begin.isdecimal():
        raise AwsError("InvalidParameterValue", "Request parameter NextToken is invalid")
    found = [
        {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in sorted(dimensions)],
        }
        for namespace, name, dimensions in call.table("metrics")
        if asked.get("Namespace") in (None, namespace)
        and asked.get("MetricName") in (None, name)
        and all(_has(dimensions, one) for one in asked.get("Dimensions") or [])
    ]
    if begin == "0":
        own = call.proceed({key: one for key, one in asked.items() if key != "NextToken"})
        found += own.get("Metrics", [])
    end = int(begin) + _LISTED_AT_ONCE
    page: Document = {"Metrics": found[int(begin) : end]}
    return {**page, "NextToken": str(end)} if end < len(found) else page


def _read(
    call: Call, metric: Metric, period: int, statistics: list[str], unit: str | None
) -> Iterator[tuple[datetime.datetime, dict[str, float]]]:
    """Begin and statistics of each period with data, oldest first.

    The first period begins with the whole minute of StartTime.
    """
    begin = int(_posix(call.params["StartTime"])) // _MINUTE * _MINUTE
    end = _posix(call.params["EndTime"])
    if begin >= end:
        raise AwsError("ValidationError", "StartTime must be less than EndTime.")
    if period < 1 or period % _MINUTE:
        raise AwsError("ValidationError", f"a period of {period} s is no whole number of minutes")
    periods: dict[int, list[samples.Sample]] = defaultdict(list)
    for minute, units in sorted(_kept(call, metric).items()):
        if begin <= minute < end:
            wanted: Iterable[list[samples.Sample]] = (
                units.values() if unit is None else [units.get(unit, [])]
            )
            for seen in wanted:
                periods[begin + (minute - begin) // period * period] += seen
    for moment, seen in periods.items():
        if seen:
            try:
                values = {name: samples.statistic(name, seen) for name in statistics}
            except ValueError as error:
                raise AwsError("ValidationError", str(error)) from error
            known = {name: value for name, value in values.items() if value is not None}
            yield datetime.datetime.fromtimestamp(moment, datetime.UTC), known


def _minutes(call: Call, metric: Metric, moment: datetime.datetime, period: int) -> Iterator[int]:
    """The minutes of a period that have data."""
    begin = int(moment.timestamp())
    return (one for one in sorted(_kept(call, metric)) if begin <= one < begin + period)


def _kept(call: Call, metric: Metric) -> Minutes:
    """What is kept of a metric; to be written to when something is put only."""
    table = call.table("metrics")
    if call.operation != "PutMetricData":
        found: Minutes = table.get(metric, {})
        return found
    made: Minutes = table.setdefault(metric, {})
    return made


def _named(place: Document) -> tuple[str, frozenset[tuple[str, str]]]:
    dimensions = place.get("Dimensions") or []
    return place["MetricName"], frozenset((one["Name"], one["Value"]) for one in dimensions)


def _has(dimensions: frozenset[tuple[str, str]], wanted: Document) -> bool:
    """Whether one of the dimensions has the name, and the value if one is wanted."""
    return any(
        name == wanted["Name"] and wanted.get("Value") in (None, value)
        for name, value in dimensions
    )


def _posix(moment: Any) -> float:
    """POSIX seconds of a time in a request, which is in UTC whether it says so or not."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return float(aware.timestamp())
