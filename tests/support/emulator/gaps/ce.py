"""Cost Explorer: anomaly monitors and subscriptions."""

from __future__ import annotations

import uuid

from tests.support.emulator import tags
from tests.support.emulator.registry import AwsError, Call, Document, Table, declare

MONITORS = declare("ce", "anomaly monitors", "No operation on anomaly monitors exists.")
SUBSCRIPTIONS = declare(
    "ce", "anomaly subscriptions", "No operation on anomaly subscriptions exists."
)
TAGS = declare("ce", "tags", "Monitors and subscriptions have no tags.")


def _create(call: Call, kind: str, table: str, document: Document) -> str:
    """Keep a monitor or subscription; its id is a function of its place, so runs repeat."""
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"{call.account_id}/{kind}/{len(call.table(table))}")
    arn = call.arn(f"{kind}/{number}", region="")
    call.table(table)[arn] = document
    tags.of(call, arn).update(tags.from_list(call.params.get("ResourceTags")))
    return arn


def _existing(table: Table, arn: str) -> Document:
    if arn not in table:
        kind = "UnknownMonitorException" if "monitor" in arn else "UnknownSubscriptionException"
        raise AwsError(kind, f"Can not find {arn}")
    found: Document = table[arn]
    return found


@MONITORS.fills("CreateAnomalyMonitor")
def create_monitor(call: Call) -> Document:
    """A new monitor."""
    monitor = dict(call.params["AnomalyMonitor"])
    arn = _create(call, "anomalymonitor", "monitors", monitor)
    monitor["MonitorArn"] = arn
    return {"MonitorArn": arn}


@MONITORS.fills("GetAnomalyMonitors")
def get_monitors(call: Call) -> Document:
    """All monitors, or those asked for; unknown ones are left out, as by AWS."""
    wanted = call.params.get("MonitorArnList") or list(call.table("monitors"))
    return {
        "AnomalyMonitors": [
            call.table("monitors")[a] for a in wanted if a in call.table("monitors")
        ]
    }


@MONITORS.fills("UpdateAnomalyMonitor")
def update_monitor(call: Call) -> Document:
    """Rename a monitor."""
    monitor = _existing(call.table("monitors"), call.params["MonitorArn"])
    monitor["MonitorName"] = call.params.get("MonitorName", monitor["MonitorName"])
    return {"MonitorArn": monitor["MonitorArn"]}


@MONITORS.fills("DeleteAnomalyMonitor")
def delete_monitor(call: Call) -> Document:
    """Remove a monitor."""
    _existing(call.table("monitors"), call.params["MonitorArn"])
    del call.table("monitors")[call.params["MonitorArn"]]
    return {}


@SUBSCRIPTIONS.fills("CreateAnomalySubscription")
def create_subscription(call: Call) -> Document:
    """A new subscription; every monitor it names must exist."""
    subscription = dict(call.params["AnomalySubscription"])
    for monitor in subscription["MonitorArnList"]:
        _existing(call.table("monitors"), monitor)
    subscription["AccountId"] = call.account_id
    subscription["Subscribers"] = [
        {"Status": "CONFIRMED", **subscriber} for subscriber in subscription["Subscribers"]
    ]
    arn = _create(call, "anomalysubscription", "subscriptions", subscription)
    subscription["SubscriptionArn"] = arn
    return {"SubscriptionArn": arn}


@SUBSCRIPTIONS.fills("GetAnomalySubscriptions")
def get_subscriptions(call: Call) -> Document:
    """All subscriptions, or those asked for."""
    table = call.table("subscriptions")
    wanted = call.params.get("SubscriptionArnList") or list(table)
    monitor = call.params.get("MonitorArn")
    found = [table[arn] for arn in wanted if arn in table]
    return {
        "AnomalySubscriptions": [
            one for one in found if monitor is None or monitor in one["MonitorArnList"]
        ]
    }


@SUBSCRIPTIONS.fills("UpdateAnomalySubscription")
def update_subscription(call: Call) -> Document:
    """Change a subscription."""
    subscription = _existing(call.table("subscriptions"), call.params["SubscriptionArn"])
    subscription.update(call.params)
    return {"SubscriptionArn": subscription["SubscriptionArn"]}


@SUBSCRIPTIONS.fills("DeleteAnomalySubscription")
def delete_subscription(call: Call) -> Document:
    """Remove a subscription."""
    _existing(call.table("subscriptions"), call.params["SubscriptionArn"])
    del call.table("subscriptions")[call.params["SubscriptionArn"]]
    return {}


def _is_anomaly(call: Call) -> bool:
    return ":anomaly" in call.params["ResourceArn"]


@TAGS.fills("ListTagsForResource")
def list_tags(call: Call) -> Document:
    """Tags of monitors and subscriptions; moto keeps those of cost categories."""
    if not _is_anomaly(call):
        return call.proceed()
    return {"ResourceTags": tags.to_list(tags.of(call, call.params["ResourceArn"]))}


@TAGS.fills("TagResource", "UntagResource")
def change_tags(call: Call) -> Document:
    """Add or remove tags of monitors and subscriptions."""
    if not _is_anomaly(call):
        return call.proceed()
    kept = tags.of(call, call.params["ResourceArn"])
    kept.update(tags.from_list(call.params.get("ResourceTags")))
    for key in call.params.get("ResourceTagKeys", []):
        kept.pop(key, None)
    return {}
