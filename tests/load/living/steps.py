"""What ECS's service scheduler does next, as a function of the tasks that it sees.

Sources, in the Amazon ECS developer guide:
- "Amazon ECS services": a task that a health check fails is replaced; the replacement is started
  first, and once it is healthy the unhealthy task is stopped. Where `maximumPercent` leaves no room
  for it, one unhealthy task is stopped first, at random.
- "Deploy Amazon ECS services by replacing tasks": tasks of another revision than the service's make
  way as those of the new one become healthy; never fewer healthy tasks than
  `minimumHealthyPercent` (rounded up), never more tasks than `maximumPercent` (rounded down).
- "Update Amazon ECS service parameters": a task is stopped in the Availability Zone that has the
  most of the service's tasks; which one there is at random.

Nothing is random here: of tasks that are equal to ECS, the newest is stopped.
"""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_ALL = 100


class Health(enum.Enum):
    """How a task is: before it runs, while its checks have not decided, and after."""

    STARTING = "starting"
    UNPROVEN = "unproven"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True)
class Seen:
    """A task: `number` counts up with age, `current` is one of the service's revision."""

    number: int
    zone: str
    current: bool
    health: Health


@dataclass(frozen=True)
class Wanted:
    """The service's desired count, and between which percentages of it tasks are kept."""

    desired: int
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200

    @property
    def least(self) -> int:
        """Tasks that stay healthy while others are replaced."""
        return math.ceil(self.desired * self.minimum_healthy_percent / _ALL)

    @property
    def most(self) -> int:
        """Tasks that start or run at the same time."""
        return self.desired * self.maximum_percent // _ALL


@dataclass(frozen=True)
class Steps:
    """How many tasks to start, and the numbers of those to stop."""

    start: int = 0
    stop: tuple[int, ...] = ()


def steps(wanted: Wanted, tasks: Sequence[Seen]) -> Steps:
    """What to do now about these tasks, none of which is being stopped already."""
    current = [one for one in tasks if one.current and one.health is not Health.UNHEALTHY]
    missing = max(0, wanted.desired - len(current))
    start = min(missing, max(0, wanted.most - len(tasks)))
    surplus = _chosen(current, len(current) - wanted.desired)
    left = [one for one in tasks if one not in surplus]
    healthy = sum(one.health is Health.HEALTHY for one in left)
    leaving = [one for one in left if one not in current]
    unfit = [one for one in leaving if one.health is not Health.HEALTHY]
    replaced = healthy + len(unfit) - wanted.desired
    if missing and not start:
        replaced = max(1, replaced)
    fit = [one for one in leaving if one.health is Health.HEALTHY]
    stop = [*surplus, *_chosen(unfit, replaced), *_chosen(fit, healthy - wanted.least)]
    return Steps(start, tuple(one.number for one in stop))


def _chosen(tasks: Sequence[Seen], count: int) -> list[Seen]:
    """So many of the tasks: those first that do not run, then where there are the most."""
    left, chosen = list(tasks), list[Seen]()
    while left and len(chosen) < count:
        zones = Counter(one.zone for one in left)
        starting = [one for one in left if one.health is Health.STARTING]
        one = max(starting or left, key=lambda one: (zones[one.zone], one.number))
        left.remove(one)
        chosen.append(one)
    return chosen


def zone_for_next(zones: Sequence[str], tasks: Sequence[Seen]) -> str:
    """The zone with the fewest tasks, in the order given where there are several."""
    taken = Counter(one.zone for one in tasks)
    return min(zones, key=lambda zone: taken[zone])
