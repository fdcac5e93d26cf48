"""What a run sends, minute by minute: scenarios as data, each a sequence of stages.

Minutes are the region's, rates are in requests per real second. A run begins with a minute of the
region, so that the client's periods are CloudWatch's minutes; minute 0 is the run's first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.load.service.workload import Workload

Arrivals = Literal["constant", "poisson"]


@dataclass(frozen=True)
class Stage:
    """Whole minutes in which the rate goes evenly from one to another.

    `workload` is what a request takes from here on; None leaves it as it is. `judged` marks the
    minutes that a claim about the environment rests on. `tasks` is how many must run when the stage
    ends and `binds` the metric of the policy that asks for them, None where nothing is claimed.
    """

    name: str
    minutes: int
    rate_from: float
    rate_to: float
    workload: Workload | None = None
    judged: bool = False
    tasks: int | None = None
    binds: str | None = None

    def rate(self, minutes: float) -> float:
        """The rate so many minutes after the stage began."""
        return self.rate_from + (self.rate_to - self.rate_from) * minutes / self.minutes


@dataclass(frozen=True)
class Unprovable:
    """What a scenario would show elsewhere and cannot show here: what, and why not."""

    what: str
    reason: str


@dataclass(frozen=True)
class Scenario:
    """Stages in their order; `arrivals` is how requests are spread at a rate."""

    name: str
    stages: tuple[Stage, ...]
    arrivals: Arrivals
    unprovable: tuple[Unprovable, ...] = ()

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return sum(stage.minutes for stage in self.stages)

    @property
    def most(self) -> float:
        """The highest rate in it."""
        return max(max(stage.rate_from, stage.rate_to) for stage in self.stages)

    def windows(self) -> Iterator[tuple[Stage, range]]:
        """Each stage with the minutes of the run that it has."""
        begin = 0
        for stage in self.stages:
            yield stage, range(begin, begin + stage.minutes)
            begin += stage.minutes

    def window(self, name: str) -> range:
        """The minutes of the stage of that name. Raises KeyError for one that is not there."""
        return {stage.name: minutes for stage, minutes in self.windows()}[name]

    @property
    def judged(self) -> tuple[int, ...]:
        """The minutes of the judged stages."""
        return tuple(
            minute for stage, minutes in self.windows() if stage.judged for minute in minutes
        )
