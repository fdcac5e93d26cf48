"""CloudWatch alarms: their first state, and their history."""

from __future__ import annotations

import datetime
import json
import time
from typing import Any

from tests.support.emulator.registry import (
    AwsError,
    Call,
    Document,
    State,
    Table,
    command,
    declare,
)

FIRST_STATE = declare(
    "cloudwatch",
    "first state",
    "A new alarm is OK instead of INSUFFICIENT_DATA, and a change of its settings resets it.",
)
HISTORY = declare("cloudwatch", "alarm history", "DescribeAlarmHistory is missing.")
_ITEMS_AT_ONCE = 100


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
        old, new = _described(found[0] if found else {}), _described(call.params)
        data = {"version": "1.0", "oldState": old, "newState": new}
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
    begin = asked.get("NextToken") or "0"
    if not begin.isdecimal():
        raise AwsError("InvalidNextToken", "The next token specified is invalid.")
    end = int(begin) + (asked.get("MaxRecords") or _ITEMS_AT_ONCE)
    page: Document = {"AlarmHistoryItems": items[int(begin) : end]}
    return {**page, "NextToken": str(end)} if end < len(items) else page


@command("alarm-actions")
def record_actions(state: State, region: str, actions: Any) -> None:
    """Keep what became of actions: `{"AlarmName", "Action"}`, and an "Error" if one failed.

    "Message" may tell what a topic was told. Whoever plays the region delivers: the control plane
    carries out no action by itself.
    """
    for action in actions:
        name, arn, error = action["AlarmName"], action["Action"], action.get("Error")
        summary = f"Successfully executed action {arn}"
        if error:
            summary = f'Failed to execute action {arn}. Received error: "{error}"'
        data = {
            "actionState": "Failed" if error else "Succeeded",
            "notificationResource": arn,
            "stateUpdateTimestamp": int(time.time() * 1000),
            "publishedMessage": action.get("Message"),
            "error": error,
        }
        _keep(state.table("cloudwatch", region, "history"), name, "Action", summary, data)


def _described(state: Document) -> Document:
    """A state as the history has it; `state` is an alarm or what SetAlarmState was asked."""
    described: Document = {"stateValue": state.get("StateValue", "INSUFFICIENT_DATA")}
    if "StateReason" in state:
        described["stateReason"] = state["StateReason"]
    if state.get("StateReasonData"):
        described["stateReasonData"] = json.loads(state["StateReasonData"])
    return described


def _within(moment: datetime.datetime, asked: Document) -> bool:
    start, end = asked.get("StartDate"), asked.get("EndDate")
    naive = moment.replace(tzinfo=None)  # as the times of a request, which are in UTC
    return (start is None or naive >= start) and (end is None or naive <= end)


def _record(call: Call, name: str, kind: str, summary: str, data: Document) -> None:
    _keep(call.table("history"), name, kind, summary, data)


def _keep(history: Table, name: str, kind: str, summary: str, data: Document) -> None:
    history.setdefault("items", []).append(
        {
            "AlarmName": name,
            "AlarmType": "MetricAlarm",
            "Timestamp": datetime.datetime.now(datetime.UTC),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps(data),
        }
    )
