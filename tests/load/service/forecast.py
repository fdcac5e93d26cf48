"""A steady rate on a service: the tasks it needs, which policy binds, what the alarm does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tests.load.service import plant
from tests.load.service.plant import Plant
from tests.load.service.region import Region
from tests.load.service.workload import Workload, steady
from tests.support import alarms
from tests.support.alarms import State
from tests.support.outcomes import SuiteError
from tests.support.scaling_policy import Policy

# More tasks than a service may have (5000 by ECS's quota): no number of tasks is enough.
_MOST_TASKS = 5000
SETTLING_MINUTES = 60
_RATE_STEP = 0.1


@dataclass(frozen=True)
class Forecast:
    """What a steady rate does to an environment; rates per second, times in seconds.

    `needed` is the number of tasks that each policy asks for and `for_response` what a quiet alarm
    needs, None if no number is enough. `tasks` run once all has settled, with the mean response
    and the alarm's state there. `alarm_minutes` is how many of the first minutes the alarm is in
    ALARM if the rate comes at once and finds the fewest tasks; `settled_after` the minutes until
    the count stays. `carries` is the highest rate within every target with a quiet alarm.
    """

    environment: str
    rate: float
    minimum: int
    maximum: int
    needed: Mapping[str, int | None]
    for_response: int | None
    binds: str
    tasks: int
    utilization: float
    response_seconds: float
    alarm: State
    alarm_minutes: int
    settled_after: int
    carries: float
    never_scale_in: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the largest service keeps every target, with the alarm quiet."""
        enough = all(one is not None and one <= self.maximum for one in self.needed.values())
        return enough and self.alarm is State.OK


def forecast(service: Region, workload: Workload, rate: float) -> Forecast:
    """The forecast for one environment at `rate` requests per second.

    Raises SuiteError where a policy or the alarm cannot be forecast.
    """
    needed = {
        policy.metric: _fewest(partial(_keeps, service, workload, rate, policy))
        for policy in service.scaling.policies
    }
    most = max(_MOST_TASKS if count is None else count for count in needed.values())
    tasks = service.capacity.bound(most)
    settled = steady(service, workload, rate, tasks)
    modelled = Plant(service, workload)
    rest = plant.start(modelled, tasks=service.capacity.minimum)
    seen = plant.run(modelled, [rate] * SETTLING_MINUTES, rest)
    name = f"mantisnxt-{service.environment}-api-response-time"
    return Forecast(
        environment=service.environment,
        rate=rate,
        minimum=service.capacity.minimum,
        maximum=service.capacity.maximum,
        needed=needed,
        for_response=_fewest(partial(_quiet, service, workload, rate)),
        binds=_binding(service, workload, rate, needed),
        tasks=tasks,
        utilization=settled.utilization,
        response_seconds=settled.response_seconds,
        alarm=_alarm(service, settled.response_seconds),
        alarm_minutes=sum(one.states[name] is State.ALARM for one in seen),
        settled_after=max(
            (1 + one.minute for one in seen if one.running != seen[-1].running), default=0
        ),
        carries=_carries(service, workload),
        never_scale_in=_never_scale_in(service, workload),
    )


def _keeps(service: Region, workload: Workload, rate: float, policy: Policy, tasks: int) -> bool:
    value = _tracked(service, workload, rate, tasks, policy.metric)
    return not math.isinf(value) and policy.asks_for(value, tasks) <= tasks


def _tracked(service: Region, workload: Workload, rate: float, tasks: int, metric: str) -> float:
    values = steady(service, workload, rate, tasks).values
    if metric not in values:
        raise SuiteError(f"a policy tracks {metric}, which cannot be forecast")
    return values[metric]


def _quiet(service: Region, workload: Workload, rate: float, tasks: int) -> bool:
    response = steady(service, workload, rate, tasks).response_seconds
    return _alarm(service, response) is State.OK


def _alarm(service: Region, response: float) -> State:
    """The state after as many periods with that mean as the alarm looks at."""
    alarm = service.response_alarm
    return alarms.evaluate(alarm, [response] * alarm.evaluation_periods)


def _fewest(enough: Callable[[int], bool]) -> int | None:
    """The smallest number of tasks that is enough, where more always are; None if none is."""
    if not enough(_MOST_TASKS):
        return None
    too_few, found = 0, _MOST_TASKS
    while found - too_few > 1:
        middle = (too_few + found) // 2
        too_few, found = (too_few, middle) if enough(middle) else (middle, found)
    return found


def _binding(
    service: Region, workload: Workload, rate: float, needed: Mapping[str, int | None]
) -> str:
    """The policy that asks for most, unless none asks for more than the minimum.

    Of two that ask for the same whole number it is the one that is nearer to its target there.
    """
    counts = [_MOST_TASKS if count is None else count for count in needed.values()]
    if max(counts) <= service.capacity.minimum:
        return "minimum"
    at_target = {
        policy.metric: _tracked(service, workload, rate, max(counts), policy.metric) / policy.target
        for policy in service.scaling.policies
    }
    return max(needed, key=lambda metric: at_target[metric])


def _carries(service: Region, workload: Workload) -> float:
    """The highest rate, to a tenth, within all targets and with a quiet alarm at the maximum."""
    tasks = service.capacity.maximum

    def carried(steps: int) -> bool:
        rate = steps * _RATE_STEP
        kept = (_keeps(service, workload, rate, one, tasks) for one in service.scaling.policies)
        return all(kept) and _quiet(service, workload, rate, tasks)

    if not carried(0):
        return 0.0
    most = math.ceil(tasks * service.vcpus / workload.cpu_seconds / _RATE_STEP) + 1
    steps, too_many = 0, most
    while too_many - steps > 1:
        middle = (steps + too_many) // 2
        steps, too_many = (middle, too_many) if carried(middle) else (steps, middle)
    return round(steps * _RATE_STEP, 1)


def _never_scale_in(service: Region, workload: Workload) -> tuple[str, ...]:
    """The policies that an idle service keeps from agreeing to scale in, for ever."""
    return tuple(
        policy.metric
        for policy in service.scaling.policies
        if not policy.disable_scale_in
        and not policy.low.breaches(_tracked(service, workload, 0, 1, policy.metric))
    )
