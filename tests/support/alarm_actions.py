"""What CloudWatch does when an alarm changes its state: it keeps it, and tells the alarm's topics.

Amazon CloudWatch user guide, "Notifying users on alarm changes"; the message is the one that SNS
subscribers get. An emulator of AWS only keeps the state.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import botocore.session

from tests.support import deployed_alarms
from tests.support.alarms import State
from tests.support.target import Target
from tests.support.topics import Publisher, unheard

# The field of DescribeAlarms that says what happens when an alarm comes into a state.
FIELDS = {
    State.ALARM: "AlarmActions",
    State.OK: "OKActions",
    State.INSUFFICIENT_DATA: "InsufficientDataActions",
}


def change(
    target: Target,
    name: str,
    state: State,
    reason: str,
    publisher: Publisher,
    reason_data: str | None = None,
) -> list[str]:
    """Set an alarm's state; returns the ARNs of the topics that took its message.

    `reason_data` is the reason as JSON. Nobody is told of a state that the alarm has already. A
    topic takes nothing where its policy or its key's does not let the `publisher` in: AWS drops
    such a message without an error.
    """
    client = target.client("cloudwatch")
    (before,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    why = {"StateReason": reason} | ({"StateReasonData": reason_data} if reason_data else {})
    client.set_alarm_state(AlarmName=name, StateValue=state.value, **why)
    if before["StateValue"] == state or not before["ActionsEnabled"]:
        return []
    (after,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    told = [arn for arn in after[FIELDS[state]] if _takes(target, after, arn, publisher)]
    for arn in told:
        target.client("sns").publish(
            TopicArn=arn,
            Subject=f'{state}: "{name}" in {_region(after)}',
            Message=json.dumps(message(after, before["StateValue"], target.account_id)),
        )
    return told


def message(alarm: Mapping[str, Any], old_state: str, account_id: str) -> dict[str, Any]:
    """What a topic is told of an alarm on one metric, an entry of `DescribeAlarms`."""
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": account_id,
        "AlarmConfigurationUpdatedTimestamp": _time(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": _time(alarm.get("StateUpdatedTimestamp") or datetime.now(UTC)),
        "Region": _region(alarm),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old_state,
        **{field: alarm[field] for field in FIELDS.values()},
        "Trigger": {
            "MetricName": alarm["MetricName"],
            "Namespace": alarm["Namespace"],
            "StatisticType": "Statistic" if "Statistic" in alarm else "ExtendedStatistic",
            "Statistic": alarm.get("Statistic", alarm.get("ExtendedStatistic", "")).upper(),
            "Unit": alarm.get("Unit"),
            "Dimensions": [
                {"value": one["Value"], "name": one["Name"]} for one in alarm.get("Dimensions", [])
            ],
            "Period": alarm["Period"],
            "EvaluationPeriods": alarm["EvaluationPeriods"],
            "DatapointsToAlarm": alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"],
            "ComparisonOperator": alarm["ComparisonOperator"],
            "Threshold": alarm["Threshold"],
            "TreatMissingData": alarm.get("TreatMissingData") or "missing",
            "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile", ""),
        },
    }


def _takes(target: Target, alarm: Mapping[str, Any], arn: str, publisher: Publisher) -> bool:
    """Whether an action is a topic whose message CloudWatch can deliver to somebody."""
    if arn.split(":")[2] != "sns":
        return False
    watch = replace(deployed_alarms.watch(alarm), actions=(arn,))
    topic = deployed_alarms.topic(target, arn)
    return not unheard(watch, [topic], publisher, target.account_id)


def _region(alarm: Mapping[str, Any]) -> str:
    """The name for people of the alarm's region, such as `US East (N. Virginia)`."""
    return _names()[alarm["AlarmArn"].split(":")[3]]


@functools.cache
def _names() -> dict[str, str]:
    """The regions' names for people, by their codes."""
    partitions = botocore.session.get_session().get_data("endpoints")["partitions"]
    return {code: one["description"] for p in partitions for code, one in p["regions"].items()}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}+0000"
