"""CloudTrail event selectors."""

from __future__ import annotations

import copy

from tests.support.emulator.registry import Call, Document, declare

SELECTORS = declare(
    "cloudtrail",
    "event selectors",
    "A trail without selectors of its own reports none, where AWS reports that management events "
    "are logged; the trail does not tell whether it has its own.",
)
# CloudTrail user guide: a trail logs all management events unless told otherwise.
_DEFAULT: Document = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


@SELECTORS.fills("PutEventSelectors")
def put(call: Call) -> Document:
    """Remember the selectors; one kind replaces the other."""
    answer = call.proceed()
    kept: Document = {}
    if call.params.get("EventSelectors"):
        kept["EventSelectors"] = [
            {**copy.deepcopy(_DEFAULT), **selector} for selector in call.params["EventSelectors"]
        ]
    if call.params.get("AdvancedEventSelectors"):
        kept = {"AdvancedEventSelectors": call.params["AdvancedEventSelectors"]}
    call.table("selectors")[answer["TrailARN"]] = kept
    return {"TrailARN": answer["TrailARN"], **kept}


@SELECTORS.fills("GetEventSelectors")
def get(call: Call) -> Document:
    """The trail's own selectors, else the default one."""
    arn = call.proceed()["TrailARN"]
    kept = call.table("selectors").get(arn) or {"EventSelectors": [copy.deepcopy(_DEFAULT)]}
    return {"TrailARN": arn, **kept}


@SELECTORS.fills("GetTrail", "DescribeTrails")
def describe(call: Call) -> Document:
    """Say whether a trail has selectors of its own, and of which kind."""
    answer = call.proceed()
    for trail in answer.get("trailList") or [answer.get("Trail", {})]:
        kept = call.table("selectors").get(trail.get("TrailARN"), {})
        data = any(selector["DataResources"] for selector in kept.get("EventSelectors", []))
        custom = kept.get("EventSelectors", [_DEFAULT]) != [_DEFAULT]
        trail["HasCustomEventSelectors"] = bool(data or custom or "AdvancedEventSelectors" in kept)
    return answer
