"""A subscriber of a run's own, where an emulator takes one: what the alarm says must reach it.

Only an emulator is written to. In a real account people are subscribed, and the alarm's history
tells that its topics took the message.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.alarms import State
from tests.support.deployed import aws_errors
from tests.support.subscriber import Subscriber
from tests.support.target import Target

QUEUE = "load-run"


def listen(target: Target, alarm_actions: Sequence[str]) -> Subscriber | None:
    """Subscribed to the alarm's topics from now on; None where the target is no emulator."""
    if not target.emulated:
        return None
    with aws_errors():
        subscriber = Subscriber(target, QUEUE)
        for arn in topics(alarm_actions):
            subscriber.subscribe(arn)
        while subscriber.messages():
            pass  # what an earlier run has left
    return subscriber


def heard(subscriber: Subscriber, alarm: str) -> tuple[State, ...]:
    """The states that it was told this alarm went to, oldest first."""
    states: list[State] = []
    with aws_errors():
        while batch := subscriber.messages():
            states += [
                State(one["NewStateValue"]) for one in batch if one.get("AlarmName") == alarm
            ]
    return tuple(states)


def topics(alarm_actions: Sequence[str]) -> list[str]:
    """Those of an alarm's actions that are topics."""
    return [arn for arn in alarm_actions if arn.split(":")[2] == "sns"]
