"""Probes of the gaps in CloudWatch."""

from __future__ import annotations

import datetime
from typing import Any

from tests.selftest.emulator.probes import probe
from tests.support.emulator import EmulatorSession

MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 30, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
ONE, OTHER = {"Name": "One", "Value": "1"}, {"Name": "Other", "Value": "2"}


def alarm(session: EmulatorSession, name: str, threshold: float) -> None:
    """Put an alarm on the CPU of ECS."""
    session.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Statistic="Average",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=threshold,
        Period=60,
        EvaluationPeriods=2,
    )


def _state(session: EmulatorSession, name: str) -> str:
    found = session.client("cloudwatch").describe_alarms(AlarmNames=[name])
    return str(found["MetricAlarms"][0]["StateValue"])


@probe("cloudwatch/first state")
def first_state(session: EmulatorSession) -> None:
    """A new alarm has insufficient data; a changed one keeps its state."""
    alarm(session, "young", 50)
    assert _state(session, "young") == "INSUFFICIENT_DATA"
    session.client("cloudwatch").set_alarm_state(
        AlarmName="young", StateValue="ALARM", StateReason="probe"
    )
    alarm(session, "young", 60)
    assert _state(session, "young") == "ALARM"


@probe("cloudwatch/alarm history")
def alarm_history(session: EmulatorSession) -> None:
    """A change of state is in the history of its alarm, newest first."""
    alarm(session, "remembered", 50)
    cloudwatch = session.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName="remembered", StateValue="ALARM", StateReason="probe")
    items = cloudwatch.describe_alarm_history(AlarmName="remembered")["AlarmHistoryItems"]
    assert [item["HistoryItemType"] for item in items] == ["StateUpdate", "ConfigurationUpdate"]
    assert "to ALARM" in items[0]["HistorySummary"]
    place = {"AlarmName": "remembered", "HistoryItemType": "StateUpdate"}
    begin = items[0]["Timestamp"] + datetime.timedelta(seconds=1)
    later = cloudwatch.describe_alarm_history(**place, StartDate=begin)
    assert later["AlarmHistoryItems"] == []
    until = cloudwatch.describe_alarm_history(**place, EndDate=begin)
    assert len(until["AlarmHistoryItems"]) == 1
    session.tell("alarm-actions", [{"AlarmName": "remembered", "Action": "arn:topic"}])
    failed = {"AlarmName": "remembered", "Action": "arn:locked", "Error": "no key"}
    session.tell("alarm-actions", [failed])
    actions = {"AlarmName": "remembered", "HistoryItemType": "Action", "MaxRecords": 1}
    first = cloudwatch.describe_alarm_history(**actions)
    second = cloudwatch.describe_alarm_history(**actions, NextToken=first["NextToken"])
    summaries = [page["AlarmHistoryItems"][0]["HistorySummary"] for page in (first, second)]
    assert summaries == [
        'Failed to execute action arn:locked. Received error: "no key"',
        "Successfully executed action arn:topic",
    ]


@probe("cloudwatch/metric data")
def metric_data(session: EmulatorSession) -> None:
    """Data are found by their namespace and exact dimensions, in whatever order these come."""
    cloudwatch = session.client("cloudwatch")
    many: dict[str, Any] = {"Values": [1.0, 2.0, 10.0], "Counts": [98.0, 1.0, 1.0]}
    _put(session, "Mine", {"Dimensions": [OTHER, ONE], **many}, {"Dimensions": [ONE], "Value": 7})
    _put(session, "Theirs", {"Dimensions": [ONE, OTHER], "Value": 77})
    both = [ONE, OTHER]
    assert _read(session, "Average", both) == [(98 + 2 + 10) / 100]
    assert _read(session, "SampleCount", both) == [100]
    assert 1.01 < _read(session, "p99", both)[0] < 10
    assert _read(session, "Maximum", []) == []
    # So long that the client compresses it.
    many = {"Values": [number / 7 for number in range(150)]}
    _put(session, "Mine", *[{"MetricName": f"Length {n}", **many} for n in range(9)])
    place = {"Namespace": "Mine", "MetricName": "Length", "StartTime": MOMENT - 3 * MINUTE}
    found = cloudwatch.get_metric_statistics(
        **place, EndTime=MOMENT + MINUTE, Period=60, Dimensions=both, ExtendedStatistics=["p50"]
    )
    (point,) = found["Datapoints"]
    assert (point["ExtendedStatistics"], point["Unit"]) == ({"p50": 1.0}, "Seconds")
    listed = cloudwatch.list_metrics(Namespace="Mine", Dimensions=[OTHER])["Metrics"]
    assert [sorted(one["Name"] for one in found["Dimensions"]) for found in listed] == [
        ["One", "Other"]
    ]


def _put(session: EmulatorSession, namespace: str, *data: dict[str, Any]) -> None:
    known = {"MetricName": "Length", "Timestamp": MOMENT, "Unit": "Seconds"}
    session.client("cloudwatch").put_metric_data(
        Namespace=namespace, MetricData=[{**known, **datum} for datum in data]
    )


def _read(session: EmulatorSession, statistic: str, dimensions: list[Any]) -> list[float]:
    metric = {"Namespace": "Mine", "MetricName": "Length", "Dimensions": dimensions}
    stat = {"Metric": metric, "Period": 60, "Stat": statistic}
    answer = session.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "read", "MetricStat": stat}],
        StartTime=MOMENT - MINUTE,
        EndTime=MOMENT + MINUTE,
    )
    values: list[float] = answer["MetricDataResults"][0]["Values"]
    return values
