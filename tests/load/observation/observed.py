"""What the environment itself told of a run, as plain data: the service's side, minute by minute.

Minute 0 is the run's first; times are in the region's seconds since it began. `observe.py` reads
it by boto3, the judgements take it from wherever it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.alarms import State

MINUTE = 60
SCHEDULE = "schedule"


@dataclass(frozen=True)
class Minute:
    """One minute as CloudWatch has it; None where it has nothing.

    `response_seconds` is the alarm's metric by the alarm's statistic, `requests` how many the load
    balancer gave to a target, `failed` how many were answered 5xx by a task or by the load
    balancer. `running` are the healthy tasks, `desired` the count asked for at the minute's end,
    `values` each policy's metric by its name.
    """

    response_seconds: float | None
    requests: float | None
    failed: float
    running: float | None
    desired: int
    values: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """The alarm went from one state to another at `at` seconds."""

    at: float
    before: State
    after: State


@dataclass(frozen=True)
class Action:
    """The alarm's message was given to `arn` at `at` seconds, or could not be."""

    at: float
    arn: str
    succeeded: bool


@dataclass(frozen=True)
class Activity:
    """The desired count was changed at `at` seconds.

    `cause` is the metric of the policy that asked for it, or SCHEDULE, or what Application Auto
    Scaling says where it is neither.
    """

    at: float
    before: int
    after: int
    cause: str
    succeeded: bool = True


@dataclass(frozen=True)
class Observed:
    """The minutes of a run, and what happened in them, oldest first.

    `state` is the alarm's when the run began. `deployments` names those under way in the run.
    `subscribers` get the alarm's messages; `messages` are the states that one of them was told of,
    None where nobody listened for this run.
    """

    minutes: tuple[Minute, ...]
    state: State
    changes: tuple[Change, ...] = ()
    actions: tuple[Action, ...] = ()
    activities: tuple[Activity, ...] = ()
    deployments: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()
    messages: tuple[State, ...] | None = None

    @property
    def points(self) -> list[float | None]:
        """The alarm's metric, minute by minute."""
        return [minute.response_seconds for minute in self.minutes]

    @property
    def states(self) -> list[State]:
        """The alarm's state at the end of each minute.

        A change takes a moment after the minute that it is reckoned from, so it counts for that
        one, where it comes before the next minute's middle.
        """
        half = MINUTE / 2
        return [self.state_at((n + 1) * MINUTE + half) for n in range(len(self.minutes))]

    def state_at(self, at: float) -> State:
        """The alarm's state so many seconds after the run began."""
        reached = [change.after for change in self.changes if change.at <= at]
        return reached[-1] if reached else self.state
