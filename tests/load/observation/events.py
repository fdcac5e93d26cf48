"""What happened in a run, read by boto3: changes of the desired count and of the alarm's state.

Read only. Times are POSIX seconds of the region's clock in, seconds since the run began out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.load.observation.observed import MINUTE, SCHEDULE, Action, Activity, Change
from tests.support.alarms import State
from tests.support.outcomes import Invalid
from tests.support.target import Target

# A change that the run's last minute causes comes a little after it.
_AFTERWARDS = MINUTE
_COUNT = re.compile(r"[Ss]etting desired count to (\d+)")
_POLICY = re.compile(r"triggered policy (\S+)")
_BY_SCHEDULE = re.compile(r"(?:minimum|maximum) capacity was set to")

# When a run began and when it ended.
Span = tuple[float, float]


def activities(
    target: Target,
    policies: Mapping[str, str],
    span: Span,
    known: tuple[int, frozenset[str]] | None,
) -> tuple[Activity, ...]:
    """The changes of the desired count, oldest first; of bounds alone none is told.

    `policies` has what a policy tracks by its name; `known` the count and the activities that
    there were shortly before the run. AWS says what a count became, not what it was: that is what
    the one before made it, and where nobody knows of any, what it became.
    """
    start, end = span
    desired, before = known or (None, frozenset[str]())
    told = sorted(described(target), key=lambda one: one["StartTime"])
    made = [(one, int(to[1])) for one in told if (to := _COUNT.search(one["Description"]))]
    earlier = [
        after
        for one, after in made
        if one["StartTime"].timestamp() < start and one["ActivityId"] not in before
    ]
    within = [
        (one, after)
        for one, after in made
        if start <= one["StartTime"].timestamp() < end + _AFTERWARDS
    ]
    kept = [] if desired is None else [desired]
    count = next(iter([*earlier[-1:], *kept, *(after for _, after in within[:1])]), 0)
    found: list[Activity] = []
    for one, after in within:
        # Of one that was overridden, or not fulfilled in time, the count was set all the same.
        succeeded = one["StatusCode"] != "Failed"
        at = one["StartTime"].timestamp() - start
        found.append(Activity(at, count, after, _cause(one["Cause"], policies), succeeded))
        count = after if succeeded else count
    return tuple(found)


def described(target: Target) -> list[Mapping[str, Any]]:
    """Every scaling activity of the service that Application Auto Scaling remembers."""
    return target.pages(
        "application-autoscaling", "describe_scaling_activities", "ScalingActivities",
        ServiceNamespace="ecs", ResourceId=resource(target),
    )  # fmt: skip


def _cause(said: str, policies: Mapping[str, str]) -> str:
    if found := _POLICY.search(said):
        return policies.get(found[1].rstrip(".,"), said)
    return SCHEDULE if _BY_SCHEDULE.search(said) else said


def history(
    target: Target, alarm: str, span: Span
) -> tuple[tuple[Change, ...], tuple[Action, ...]]:
    """The alarm's changes of state, and what became of its actions, oldest first."""
    start, end = span
    items = target.pages(
        "cloudwatch", "describe_alarm_history", "AlarmHistoryItems", AlarmName=alarm,
        StartDate=moment(start), EndDate=moment(end + _AFTERWARDS),
    )  # fmt: skip
    changes, actions = list[Change](), list[Action]()
    for item in sorted(items, key=lambda one: one["Timestamp"]):
        at, kind = item["Timestamp"].timestamp() - start, item["HistoryItemType"]
        told = json.loads(item["HistoryData"])
        if kind == "StateUpdate":
            states = (State(told[name]["stateValue"]) for name in ("oldState", "newState"))
            changes.append(Change(at, *states))
        if kind == "Action":
            done = told["actionState"] == "Succeeded"
            actions.append(Action(at, told["notificationResource"], done))
    return tuple(changes), tuple(actions)


def resource(target: Target) -> str:
    """The scalable target's id."""
    return f"service/{target.prefix}/{target.prefix}-app"


def moment(posix: float) -> datetime:
    """A time as boto3 takes it. Raises Invalid where it is no whole minute."""
    if posix % MINUTE:
        raise Invalid(f"{posix:g} is no whole minute: CloudWatch's minutes would be others")
    return datetime.fromtimestamp(posix, UTC)
