"""CloudWatch alarms: their first state, and their history."""

from __future__ import annotations

import datetime
import json

from tests.support.emulator.registry import Call, Document, declare

FIRST_STATE = declare(
    "cloudwatch",
    "first state",
    "A new alarm is OK instead of INSUFFICIENT_DATA, and a change of its settings resets it.",
)
HISTORY = declare("cloudwatch", "alarm history", "DescribeAlarmHistory is missing.")


@FIRST_STATE.fills("PutMetricAlarm")
def put_alarm(call: Call) -> Document:
    """Put in moto; a new alarm has no data, a changed one keeps its state."""
    from moto.cloudwatch.models import cloudwatch_backends

    alarms = cloudwatch_backends[call.account_id][call.region].alarms
    name = call.params["AlarmName"]
    before = alarms.get(name)
    answer = call.proceed()
    alarm = alarms[name]
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
        alarm.state_reason = "Unchecked: Initial alarm creation"
    else:
        for field in (
            "state_value",
            "state_reason",
            "state_reason_data",
            "state_updated_timestamp",
        ):
            setattr(alarm, field, getattr(before, field))
    kind = "created" if before is None else "updated"
    _record(call, name, "ConfigurationUpdate", f'Alarm "{name}" {kind}', {"type": kind})
    return answer


@HISTORY.fills("SetAlarmState")
def set_state(call: Call) -> Document:
    """Set in moto and record the change."""
    name = call.params["AlarmName"]
    found = call.emulator("DescribeAlarms", {"AlarmNames": [name]})["MetricAlarms"]
    before = found[0]["StateValue"] if found else "INSUFFICIENT_DATA"
    answer = call.proceed()
    after = call.params["StateValue"]
    if after != before:
        data = {
            "version": "1.0",
            "oldState": {"stateValue": before},
            "newState": {"stateValue": after, "stateReason": call.params["StateReason"]},
        }
        _record(call, name, "StateUpdate", f"Alarm updated from {before} to {after}", data)
    return answer


@HISTORY.fills("DescribeAlarmHistory")
def describe_history(call: Call) -> Document:
    """The recorded changes, newest first unless asked otherwise."""
    asked = call.params
    items = [
        item
        for item in call.table("history").setdefault("items", [])
        if asked.get("AlarmName") in (None, item["AlarmName"])
        and asked.get("HistoryItemType") in (None, item["HistoryItemType"])
        and _within(item["Timestamp"], asked)
    ]
    if asked.get("ScanBy") != "TimestampAscending":
        items = items[::-1]
    return {"AlarmHistoryItems": items[: asked.get("MaxRecords", 100)]}


def _within(moment: datetime.datetime, asked: Document) -> bool:
    start, end = asked.get("StartDate"), asked.get("EndDate")
    naive = moment.replace(tzinfo=None)  # as the times of a request, which are in UTC
    return (start is None or naive >= start) and (end is None or naive <= end)


def _record(call: Call, name: str, kind: str, summary: str, data: Document) -> None:
    call.table("history").setdefault("items", []).append(
        {
            "AlarmName": name,
            "AlarmType": "MetricAlarm",
            "Timestamp": datetime.datetime.now(datetime.UTC),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps(data),
        }
    )
