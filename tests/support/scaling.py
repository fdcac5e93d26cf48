"""Target tracking of an ECS service as a pure function of plain data, minute by minute.

Per-minute metric values in; desired count and activities out. No clock, socket or boto3: a minute
is a number, and everything that the next one depends on is in `Status`.

Sources: the Application Auto Scaling user guide ("How target tracking scaling works", "Suspend and
resume scaling", "How scheduled scaling works"), the Amazon ECS developer guide ("Automatically
scale your Amazon ECS service", "Use a target metric to scale", "Troubleshooting service auto
scaling"). What they leave open is marked *inferred*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.support import alarms
from tests.support.alarms import State
from tests.support.scaling_policy import PERIOD_SECONDS, Capacity, Policy


class Direction(StrEnum):
    """What an activity did to the desired count."""

    OUT = "scale out"
    IN = "scale in"


@dataclass(frozen=True)
class Suspended:
    """The processes that are suspended (`DynamicScalingInSuspended` and so on)."""

    scale_in: bool = False
    scale_out: bool = False
    scheduled: bool = False


@dataclass(frozen=True)
class Scaling:
    """A scalable target: its policies and what of it is suspended.

    AWS scales in "more gradually" than out and does not say how: `most_removed` tasks go at a
    time, as many as the metrics allow if None.
    """

    policies: tuple[Policy, ...]
    suspended: Suspended = field(default_factory=Suspended)
    most_removed: int | None = None


@dataclass(frozen=True)
class Minute:
    """What happened in one minute.

    `values` maps a policy's metric to its value, None or absent without data. `running` counts the
    tasks that run, `deploying` tells that a deployment is under way, and `scheduled` is what a
    scheduled action that fired sets.
    """

    values: Mapping[str, float | None]
    running: int
    deploying: bool = False
    scheduled: Capacity | None = None


@dataclass(frozen=True)
class Activity:
    """One change of the desired count; `cause` is a policy's metric, or `schedule`."""

    minute: int
    direction: Direction
    before: int
    after: int
    cause: str


@dataclass(frozen=True)
class _Cooldown:
    """The last activity of a direction: until when it lasts, and the count before it."""

    until: float
    before: int


@dataclass(frozen=True)
class Tracked:
    """What a policy's alarms show, and the points they look at."""

    points: tuple[float | None, ...] = ()
    high: State = State.INSUFFICIENT_DATA
    low: State = State.INSUFFICIENT_DATA

    @property
    def latest(self) -> float | None:
        """The newest value among the points, None without any."""
        return next((value for value in reversed(self.points) if value is not None), None)

    @property
    def is_high(self) -> bool:
        """Whether the policy asks for more tasks."""
        return self.high is State.ALARM and self.latest is not None

    @property
    def is_low(self) -> bool:
        """Whether the policy is ready to scale in: without a value it never is."""
        return self.low is State.ALARM and self.latest is not None


@dataclass(frozen=True)
class Status:
    """Where a service stands after a minute: its desired count, its bounds and its policies."""

    desired: int
    capacity: Capacity
    minute: int = -1
    tracked: Mapping[str, Tracked] = field(default_factory=dict)
    cooldown_out: _Cooldown | None = None
    cooldown_in: _Cooldown | None = None


def step(scaling: Scaling, status: Status, now: Minute) -> tuple[Status, tuple[Activity, ...]]:
    """The status after one more minute, and what was done in it."""
    tracked = {
        policy.metric: _observe(policy, status.tracked.get(policy.metric, Tracked()), now)
        for policy in scaling.policies
    }
    status = replace(status, minute=status.minute + 1, tracked=tracked)
    status, by_schedule = _follow_schedule(scaling, status, now)
    status, by_policy = _follow_policies(scaling, status, now)
    return status, (*by_schedule, *by_policy)


def run(
    scaling: Scaling, status: Status, minutes: Iterable[Minute]
) -> tuple[list[Status], list[Activity]]:
    """The status after each minute, and every activity, in order."""
    statuses: list[Status] = []
    activities: list[Activity] = []
    for now in minutes:
        status, done = step(scaling, status, now)
        statuses.append(status)
        activities += done
    return statuses, activities


def _observe(policy: Policy, tracked: Tracked, now: Minute) -> Tracked:
    value = now.values.get(policy.metric)
    points = (*tracked.points, value)[-policy.remembered :]
    return Tracked(
        points=points,
        high=alarms.evaluate(policy.high, points, tracked.high),
        low=alarms.evaluate(policy.low, points, tracked.low),
    )


def _follow_schedule(
    scaling: Scaling, status: Status, now: Minute
) -> tuple[Status, tuple[Activity, ...]]:
    """A scheduled action sets the bounds, and a count outside them moves to the nearest at once.

    It waits for no cooldown and starts none; that it acts during a deployment too is *inferred*:
    what a deployment turns off are the policies' scale-ins.
    """
    if now.scheduled is None or scaling.suspended.scheduled:
        return status, ()
    status = replace(status, capacity=now.scheduled)
    return _set(status, now.scheduled.bound(status.desired), "schedule")


def _follow_policies(
    scaling: Scaling, status: Status, now: Minute
) -> tuple[Status, tuple[Activity, ...]]:
    """Out if any policy asks, by the largest; in only if every policy agrees.

    While an alarm stays in ALARM its action is repeated every minute.
    """
    asking = [policy for policy in scaling.policies if status.tracked[policy.metric].is_high]
    if asking:
        return _scale_out(scaling, status, now, asking)
    return _scale_in(scaling, status, now)


def _scale_out(
    scaling: Scaling, status: Status, now: Minute, asking: Sequence[Policy]
) -> tuple[Status, tuple[Activity, ...]]:
    """Start from the running count, "not the desired count": what runs has made the metric.

    During a cooldown the capacity that its scale-out added is counted as part of the next, so only
    a larger one acts; that it is reckoned from the count before is *inferred*. It ends the cooldown
    of a scale-in. A count above the maximum stays as it is, one below the minimum is raised to it.
    """
    if scaling.suspended.scale_out:
        return status, ()
    base, cooldown = now.running, status.cooldown_out
    if cooldown is not None and _time(status) < cooldown.until:
        base = min(base, cooldown.before)
    wanted, policy = _largest(asking, status, base)
    after = status.capacity.bound(wanted)
    if after <= status.desired:
        return status, ()
    cooldown = _Cooldown(_time(status) + policy.scale_out_cooldown, status.desired)
    status = replace(status, cooldown_out=cooldown, cooldown_in=None)
    return _set(status, after, policy.metric)


def _scale_in(scaling: Scaling, status: Status, now: Minute) -> tuple[Status, tuple[Activity, ...]]:
    """All policies whose scale-in is on must be ready, and the largest of what they ask is kept.

    Insufficient data is no low utilization: such a policy is not ready (that its silence keeps the
    others from scaling in is *inferred*). Off during an ECS deployment. A count below the minimum
    stays as it is, one above the maximum comes down to it at least.
    """
    ready = [policy for policy in scaling.policies if not policy.disable_scale_in]
    agreed = all(status.tracked[policy.metric].is_low for policy in ready)
    if scaling.suspended.scale_in or now.deploying or not ready or not agreed:
        return status, ()
    if status.cooldown_in is not None and _time(status) < status.cooldown_in.until:
        return status, ()
    wanted, policy = _largest(ready, status, now.running)
    if scaling.most_removed is not None:
        wanted = max(wanted, status.desired - scaling.most_removed)
    after = status.capacity.bound(wanted)
    if after >= status.desired:
        return status, ()
    cooldown = _Cooldown(_time(status) + policy.scale_in_cooldown, status.desired)
    return _set(replace(status, cooldown_in=cooldown), after, policy.metric)


def _largest(policies: Sequence[Policy], status: Status, running: int) -> tuple[int, Policy]:
    """The most tasks that a policy asks for by its latest value, and which does."""
    asked = [
        (policy.asks_for(status.tracked[policy.metric].latest or 0.0, running), policy)
        for policy in policies
    ]
    return max(asked, key=lambda pair: pair[0])


def _set(status: Status, after: int, cause: str) -> tuple[Status, tuple[Activity, ...]]:
    before = status.desired
    if after == before:
        return status, ()
    direction = Direction.OUT if after > before else Direction.IN
    done = Activity(status.minute, direction, before, after, cause)
    return replace(status, desired=after), (done,)


def _time(status: Status) -> float:
    """Seconds since the first minute."""
    return float(status.minute * PERIOD_SECONDS)
