"""Where a scenario runs, and the modelled service that tells how long its stages must last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tests.load.service import plant
from tests.load.service.plant import Plant, Running, Seen
from tests.load.service.region import Region
from tests.load.service.workload import PUBLISHED_AS, Workload, steady
from tests.support import traffic
from tests.support.alarms import Alarm
from tests.support.outcomes import SuiteError
from tests.support.scaling import Scaling, Status

# Longer than any scale-in of the deployed bounds; what has not come about by then never will.
LONGEST: Final = 180
_LIMIT_ACCURACY: Final = 0.01


@dataclass(frozen=True)
class Situation:
    """Where a scenario runs; rates in requests per second, minutes are the region's.

    `region` is None where nothing deployed can be read. `workload` is what a request takes there,
    None if that is not known; `settable` tells whether the run may change it. `tasks` run when the
    scenario begins, in the `minute` of the week. `delay_minutes` is how much later than modelled a
    metric or a task may show. `judged_minutes` and `rate` are asked for or expected, `most` is the
    highest rate allowed. `overload` permits the scenarios that need more than the expected load.
    """

    region: Region | None
    alarm: Alarm
    scenarios: traffic.Scenarios
    rate: float
    most: float
    workload: Workload | None = None
    settable: bool = False
    tasks: int = 1
    minute: int = 0
    start_up_minutes: int = 2
    delay_minutes: int = 1
    judged_minutes: int | None = None
    overload: bool = False

    @property
    def service(self) -> Region:
        """The region, where there is one. Raises SuiteError for policies that are not modelled."""
        assert self.region is not None
        for policy in self.region.scaling.policies:
            if policy.metric not in PUBLISHED_AS:
                raise SuiteError(f"a policy tracks {policy.metric}, which cannot be forecast")
        return self.region

    @property
    def alarming_minutes(self) -> int:
        """How many minutes the alarm looks at."""
        return self.alarm.evaluation_periods * self.alarm.period_seconds // 60


class Course:
    """A service that is led through minutes before it is really done; see `plant`.

    Scale-in is modelled as if it were on: a scenario must wait for it to be missed.
    """

    def __init__(self, situation: Situation, workload: Workload) -> None:
        region = situation.service
        policies = tuple(replace(one, disable_scale_in=False) for one in region.scaling.policies)
        self._region = replace(region, scaling=Scaling(policies))
        self._situation = situation
        self.workload = workload
        # The bounds as they are, not as the schedule would have them: what was read is newer.
        status = Status(situation.tasks, region.capacity, situation.minute - 1)
        self.now = Running(status, situation.tasks, situation.minute - 1)

    def minute(self, rate: float) -> Seen:
        """One minute more at that rate."""
        modelled = Plant(self._region, self.workload, self._situation.start_up_minutes)
        self.now, seen = plant.step(modelled, self.now, rate)
        return seen

    def settle(self, rate: float, tasks: int, confirmed: int) -> int:
        """Minutes at that rate until so many tasks run, have done so for `confirmed` minutes."""
        steady_for = minutes = 0
        while steady_for < confirmed and minutes < LONGEST:
            steady_for = steady_for + 1 if self.minute(rate).running == tasks else 0
            minutes += 1
        return minutes + self._situation.delay_minutes


def limit(region: Region, workload: Workload, tasks: int) -> float:
    """The highest rate at which so many tasks keep every target."""

    def keeps(rate: float) -> bool:
        values: Mapping[str, float] = steady(region, workload, rate, tasks).values
        return all(values[one.metric] <= one.target for one in region.scaling.policies)

    low, high = 0.0, tasks * region.vcpus / workload.cpu_seconds
    while high - low > _LIMIT_ACCURACY:
        middle = (low + high) / 2
        low, high = (middle, high) if keeps(middle) else (low, middle)
    return low


def calm(situation: Situation) -> float:
    """A rate that clearly moves nothing, at most the one expected."""
    if situation.region is None or situation.workload is None:
        return situation.rate / 2
    least = min(situation.tasks, situation.region.capacity.minimum) or 1
    return min(situation.rate, limit(situation.region, situation.workload, least) / 2)
