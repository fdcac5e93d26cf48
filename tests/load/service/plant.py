"""A model of the running service on a virtual clock: requests in, metrics, alarms and tasks out.

One step is a minute. The rate makes the metrics that CloudWatch would show; the alarms and target
tracking are the engines'; new tasks serve after a start-up delay. No request is sent.

Within a minute the rate is even. Requests that exceed the CPU wait and are carried into the next
minute; who would wait longer than the load balancer's idle timeout is answered 504.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tests.load.service.region import Region, Watched
from tests.load.service.workload import (
    CPU,
    MEMORY,
    PUBLISHED_AS,
    Workload,
    capacity_of,
    memory_percent,
    task_queue,
)
from tests.support import alarms, scaling
from tests.support.alarms import State
from tests.support.scaling import Activity, Minute, Status

_MINUTE: Final = 60
_ELB: Final = "AWS/ApplicationELB"
# A minute is too short for the mean wait of a nearly saturated queue to build up; what exceeds the
# CPU is carried over and reckoned by itself.
_MOST_UTILIZED: Final = 0.98

Metric = tuple[str, str]


@dataclass(frozen=True)
class Plant:
    """A service under a workload. A new task serves `start_up_minutes` after it is asked for.

    `timeout_seconds` is the load balancer's idle timeout; 60 unless it is set.
    """

    region: Region
    workload: Workload
    start_up_minutes: int = 2
    timeout_seconds: float = 60.0


@dataclass(frozen=True)
class Watching:
    """What an alarm has seen: the values in its unfinished period, its points and its state."""

    values: tuple[float, ...] = ()
    points: tuple[float | None, ...] = ()
    state: State = State.INSUFFICIENT_DATA


@dataclass(frozen=True)
class Running:
    """The service after a minute.

    `starting` holds the minute from which each task that is not running yet will serve,
    `waiting` how many requests wait.
    """

    status: Status
    running: int
    minute: int
    starting: tuple[int, ...] = ()
    waiting: float = 0.0
    watching: Mapping[str, Watching] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A minute as it could be observed.

    `rate` in requests per second, `response_seconds` the mean of those answered, None if there was
    none; `published` maps namespace and name to the value, `states` an alarm's name to its state.
    """

    minute: int
    rate: float
    running: int
    desired: int
    response_seconds: float | None
    published: Mapping[Metric, float]
    states: Mapping[str, State]
    activities: tuple[Activity, ...]


def start(plant: Plant, minute: int = 0, tasks: int | None = None) -> Running:
    """The service at rest before a minute of the week (0 is Monday 00:00 UTC).

    It runs `tasks`, as few as the bounds in force allow unless told.
    """
    capacity = plant.region.capacity_at(minute)
    count = capacity.minimum if tasks is None else tasks
    return Running(Status(count, capacity, minute - 1), count, minute - 1)


def run(
    plant: Plant,
    rates: Iterable[float],
    running: Running | None = None,
    deploying: Collection[int] = (),
) -> list[Seen]:
    """What is seen in each minute of these rates, in requests per second.

    A deployment is under way in the minutes of `deploying`.
    """
    now = start(plant) if running is None else running
    seen: list[Seen] = []
    for rate in rates:
        now, minute = step(plant, now, rate, now.minute + 1 in deploying)
        seen.append(minute)
    return seen


def step(
    plant: Plant, before: Running, rate: float, deploying: bool = False
) -> tuple[Running, Seen]:
    """One minute more, and what is seen in it."""
    minute = before.minute + 1
    ready = sum(at <= minute for at in before.starting)
    tasks = before.running + ready
    published, response, waiting = _serve(plant, rate, tasks, before.waiting)
    values = {one: published[name] for one, name in PUBLISHED_AS.items() if name in published}
    now = Minute(values, tasks, deploying, plant.region.fired(minute))
    status, activities = scaling.step(plant.region.scaling, before.status, now)
    watching = {
        one.name: _watch(one, before.watching.get(one.name, Watching()), minute, published)
        for one in plant.region.watched
    }
    starting = tuple(at for at in before.starting if at > minute)
    tasks_now, starting = follow(plant, status.desired, tasks, starting, minute)
    after = Running(status, tasks_now, minute, starting, waiting, watching)
    states = {name: one.state for name, one in watching.items()}
    return after, Seen(minute, rate, tasks, status.desired, response, published, states, activities)


def follow(
    plant: Plant, desired: int, running: int, starting: tuple[int, ...], minute: int
) -> tuple[int, tuple[int, ...]]:
    """Start or stop tasks until as many run or start as are desired; the newest go first."""
    missing = desired - running - len(starting)
    if missing >= 0:
        return running, (*starting, *[minute + 1 + plant.start_up_minutes] * missing)
    kept = starting[: max(0, len(starting) + missing)]
    return min(running, desired), kept


def _serve(
    plant: Plant, rate: float, tasks: int, waiting: float
) -> tuple[dict[Metric, float], float | None, float]:
    """The metrics of a minute, its mean response in seconds, and how many wait at its end."""
    published: dict[Metric, float] = {(_ELB, "HealthyHostCount"): float(tasks)}
    published[_ELB, "UnHealthyHostCount"] = 0.0
    published[_ELB, "RequestCount"] = rate * _MINUTE
    if tasks == 0:
        published[_ELB, "HTTPCode_ELB_503_Count"] = rate * _MINUTE + waiting
        return published, None, 0.0
    region, workload = plant.region, plant.workload
    capacity = capacity_of(region, workload, tasks)
    longest = capacity * plant.timeout_seconds
    grown = max(0.0, waiting + (rate - capacity) * _MINUTE)
    left = min(grown, longest)
    answered = waiting + rate * _MINUTE - grown
    utilization = answered / (capacity * _MINUTE)
    published[_ELB, "HTTPCode_ELB_504_Count"] = grown - left
    published[PUBLISHED_AS[CPU]] = 100 * min(1.0, utilization)
    published[_ELB, "RequestCountPerTarget"] = rate * _MINUTE / tasks
    steady_rate = min(rate, _MOST_UTILIZED * capacity) / tasks
    queue = task_queue(region, workload, steady_rate)
    response = (min(waiting, longest) + left) / 2 / capacity + queue.mean_response
    response += workload.other_seconds
    present = answered / _MINUTE * response / tasks
    published[PUBLISHED_AS[MEMORY]] = min(100.0, memory_percent(region, workload, present))
    if answered <= 0:
        return published, None, left
    published[_ELB, "TargetResponseTime"] = response
    return published, response, left


def _watch(
    watched: Watched, before: Watching, minute: int, published: Mapping[Metric, float]
) -> Watching:
    """The alarm after a minute: evaluated where one of its periods ends."""
    alarm, value = watched.alarm, published.get((watched.namespace, watched.metric))
    values = before.values if value is None else (*before.values, value)
    if (minute + 1) * _MINUTE % alarm.period_seconds:
        return replace(before, values=values)
    points = (*before.points, alarms.point(alarm, values))[-alarm.evaluation_range :]
    return Watching((), points, alarms.evaluate(alarm, points, before.state))
