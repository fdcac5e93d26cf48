"""Scaling activities of Application Auto Scaling, told by the region that scales."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from tests.support.emulator.registry import AwsError, Call, Document, State, command, declare

ACTIVITIES = declare(
    "application-autoscaling", "activities", "DescribeScalingActivities is missing."
)
_SERVICE = "application-autoscaling"
_TIMES = ("StartTime", "EndTime")
_AT_ONCE = 50
_FILTERS = ("ServiceNamespace", "ResourceId", "ScalableDimension")


@command("activities")
def record(state: State, region: str, activities: Any) -> None:
    """Keep a list of activities as the API describes them, times in POSIX seconds.

    One that has the ActivityId of another takes its place; one without gets an id.
    """
    kept = state.table(_SERVICE, region, "activities")
    for activity in activities:
        times = {
            name: datetime.datetime.fromtimestamp(activity[name], datetime.UTC)
            for name in _TIMES
            if name in activity
        }
        known = {"ActivityId": str(uuid.uuid4()), **activity, **times}
        kept[known["ActivityId"]] = known


@ACTIVITIES.fills("DescribeScalingActivities")
def describe(call: Call) -> Document:
    """Newest first; of a resource and a dimension, if they are named."""
    asked = call.params
    found = [
        activity
        for activity in reversed(call.table("activities").values())
        if all(asked.get(name) in (None, activity[name]) for name in _FILTERS)
    ]
    size = asked.get("MaxResults") or _AT_ONCE
    begin = asked.get("NextToken") or "0"
    if not begin.isdecimal():
        raise AwsError("InvalidNextTokenException", "The next token is invalid.")
    end = int(begin) + size
    page: Document = {"ScalingActivities": found[int(begin) : end]}
    return {**page, "NextToken": str(end)} if end < len(found) else page
