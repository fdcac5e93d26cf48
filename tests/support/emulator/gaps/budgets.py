"""Budgets: subscribers, tags and changes."""

from __future__ import annotations

import copy
import datetime
from typing import Any

from tests.support.emulator import tags
from tests.support.emulator.registry import AwsError, Call, Document, declare

NOTIFICATIONS = declare(
    "budgets", "notifications", "The subscribers of a notification added to a budget are lost."
)
SUBSCRIBERS = declare(
    "budgets",
    "subscribers",
    "DescribeSubscribersForNotification and the operations on single subscribers are missing.",
)
TAGS = declare("budgets", "tags", "ListTagsForResource and the operations on tags are missing.")
UPDATE = declare("budgets", "update", "UpdateBudget is missing.")


def _key(notification: Document) -> tuple[Any, ...]:
    """What identifies a notification of a budget; AWS fills in the default threshold type."""
    return (
        notification["NotificationType"],
        notification["ComparisonOperator"],
        float(notification["Threshold"]),
        notification.get("ThresholdType", "PERCENTAGE"),
    )


def _subscribers(call: Call, notification: Document) -> list[Document]:
    """The subscribers of a notification. Raises NotFoundException when there is none."""
    table = call.table("subscribers")
    place = (call.params["BudgetName"], _key(notification))
    if place not in table:
        raise AwsError("NotFoundException", "the notification doesn't exist", status=404)
    found: list[Document] = table[place]
    return found


@SUBSCRIBERS.fills("CreateBudget")
def create_budget(call: Call) -> Document:
    """Create in moto and remember the subscribers of each notification."""
    answer = call.proceed()
    name = call.params["Budget"]["BudgetName"]
    for entry in call.params.get("NotificationsWithSubscribers") or []:
        call.table("subscribers")[name, _key(entry["Notification"])] = entry["Subscribers"]
    return answer


@TAGS.fills("CreateBudget")
def create_tags(call: Call) -> Document:
    """Keep the tags a budget is created with."""
    answer = call.proceed()
    resource = call.arn(f"budget/{call.params['Budget']['BudgetName']}", region="")
    tags.of(call, resource).update(tags.from_list(call.params.get("ResourceTags")))
    return answer


@NOTIFICATIONS.fills("CreateNotification")
def create_notification(call: Call) -> Document:
    """Create in moto and remember the subscribers."""
    answer = call.proceed()
    place = (call.params["BudgetName"], _key(call.params["Notification"]))
    call.table("subscribers")[place] = call.params["Subscribers"]
    return answer


@NOTIFICATIONS.fills("DeleteNotification")
def delete_notification(call: Call) -> Document:
    """Delete in moto and forget the subscribers."""
    answer = call.proceed()
    place = (call.params["BudgetName"], _key(call.params["Notification"]))
    call.table("subscribers").pop(place, None)
    return answer


@SUBSCRIBERS.fills("DescribeSubscribersForNotification")
def describe_subscribers(call: Call) -> Document:
    """Who is told."""
    return {"Subscribers": _subscribers(call, call.params["Notification"])}


@SUBSCRIBERS.fills("CreateSubscriber")
def create_subscriber(call: Call) -> Document:
    """Add a subscriber."""
    _subscribers(call, call.params["Notification"]).append(call.params["Subscriber"])
    return {}


@SUBSCRIBERS.fills("DeleteSubscriber")
def delete_subscriber(call: Call) -> Document:
    """Remove a subscriber."""
    kept = _subscribers(call, call.params["Notification"])
    kept[:] = [one for one in kept if one != call.params["Subscriber"]]
    return {}


@UPDATE.fills("UpdateBudget")
def update(call: Call) -> Document:
    """Replace the budget's definition and keep its notifications."""
    from moto.budgets.models import Budget, budgets_backends

    wanted = copy.deepcopy(call.params["NewBudget"])
    if "TimePeriod" in wanted:
        # moto keeps times in the form it sends them, in seconds, and reads them as naive UTC.
        wanted["TimePeriod"] = {
            key: moment.replace(tzinfo=datetime.UTC).timestamp()
            for key, moment in wanted["TimePeriod"].items()
        }
    owned = budgets_backends[call.account_id]["aws"].budgets[call.params["AccountId"]]
    if wanted["BudgetName"] not in owned:
        raise AwsError("NotFoundException", "the budget doesn't exist", status=404)
    owned[wanted["BudgetName"]].budget = Budget(wanted, notifications=[]).budget
    return {}


@TAGS.fills("ListTagsForResource")
def list_tags(call: Call) -> Document:
    """The tags of a budget."""
    return {"ResourceTags": tags.to_list(tags.of(call, call.params["ResourceARN"]))}


@TAGS.fills("TagResource")
def tag(call: Call) -> Document:
    """Add tags to a budget."""
    tags.of(call, call.params["ResourceARN"]).update(tags.from_list(call.params["ResourceTags"]))
    return {}


@TAGS.fills("UntagResource")
def untag(call: Call) -> Document:
    """Remove tags from a budget."""
    kept = tags.of(call, call.params["ResourceARN"])
    for key in call.params["ResourceTagKeys"]:
        kept.pop(key, None)
    return {}
