"""The scale scenario: each policy in turn is made to ask for one task more, and then nothing is.

A stage gives one policy a value that asks for clearly more than the tasks that run and clearly
less than two more, while what the others ask for is there already. Arrivals and service times are
even, so that a short minute shows the same as a long one. What fills the memory is requests that
wait long for something else, so the response-time alarm may go off in that stage.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.load.scenarios.shapes import Scenario, Stage, Unprovable
from tests.load.scenarios.situation import Course, Situation
from tests.load.service.region import Region
from tests.load.service.workload import CPU, MEMORY, REQUESTS, Workload
from tests.support.scaling_policy import Capacity, Policy

# How far a stage goes towards the next task: neither noise nor rounding makes it none or two.
_INTO_THE_TASK: Final = 0.6
# The most of its CPU that a task may be asked for: beyond, the metric no longer follows.
_FULL_PERCENT: Final = 94.0
# Over the target, and clear of what kills a task, though requests come in small crowds.
_MEMORY_PERCENT: Final = 86.0
# Many small requests make a steady sum; each is held as long as that takes.
_MEMORY_PERCENT_OF_A_REQUEST: Final = 3.0
_IDLE_SHARE: Final = 0.05
_REST_RATE: Final = 2.0
# Minutes; longer than the stages last.
_HORIZON: Final = 75
# Minutes beyond a scale-in that comes at once: what the catalogue allows it to be late, and one
# more in which it is missed.
_MISSED: Final = 5
# In this order the tasks that are there when a policy's turn comes are enough for it to ask in
# time: memory and CPU cannot ask for half as much again as runs, requests can.
_ORDER: Final = (REQUESTS, CPU, MEMORY)


def scale(situation: Situation) -> Scenario:
    """One stage for each policy, as long as the modelled service needs, then rest until scale-in.

    What cannot be shown here says so, with the reason.
    """
    region = situation.service
    floor = _bounds(situation)
    light = _light(region)
    course = Course(situation, light)
    confirmed = 1 + max(one.high.evaluation_periods for one in region.scaling.policies)
    given = light if situation.settable else None
    rest = _REST_RATE
    for _ in range(minutes := _until_scheduled(situation)):
        course.minute(rest)
    minutes += course.settle(rest, floor.minimum, 2)
    stages = [Stage("rest", minutes, rest, rest, given, tasks=floor.minimum)]
    unprovable: list[Unprovable] = []
    tasks, rate = floor.minimum, 0.0
    for policy in sorted(region.scaling.policies, key=lambda one: _ORDER.index(one.metric)):
        what = f"{policy.metric} asks for a task more"
        if tasks >= floor.maximum:
            unprovable.append(Unprovable(what, f"{tasks} tasks are the most that may run"))
            continue
        if policy.metric != REQUESTS and not situation.settable:
            unprovable.append(Unprovable(what, "what a request takes cannot be set there"))
            continue
        rate = rate or _rate(region, tasks)
        if rate > situation.most:
            unprovable.append(Unprovable(what, f"it takes {rate:.1f} requests/s, above the cap"))
            rate = 0.0
            continue
        workload = _asking(situation, policy, tasks, rate)
        course.workload, tasks = workload, tasks + 1
        stages.append(
            Stage(
                name=policy.metric,
                minutes=course.settle(rate, tasks, confirmed),
                rate_from=rate,
                rate_to=rate,
                workload=workload if situation.settable else None,
                judged=True,
                tasks=tasks,
                binds=policy.metric,
            )
        )
    course.workload = light
    minutes = course.settle(rest, floor.minimum, _MISSED) + _one_by_one(
        situation, tasks - floor.minimum
    )
    stages.append(Stage("scale in", minutes, rest, rest, given, judged=True, tasks=floor.minimum))
    return Scenario("scale", tuple(stages), "constant", tuple(unprovable))


def _until_scheduled(situation: Situation) -> int:
    """Minutes until the bounds have changed by schedule, if that would happen amid the stages."""
    begin, service = situation.minute, situation.service
    fired = [one for one in range(_HORIZON) if service.fired(begin + one) is not None]
    return fired[-1] + 1 if fired else 0


def _bounds(situation: Situation) -> Capacity:
    """The bounds that hold from there on."""
    last = situation.minute + _until_scheduled(situation) - 1
    return situation.service.fired(last) or situation.service.capacity


def _one_by_one(situation: Situation, removed: int) -> int:
    """Minutes more where AWS may take one task at a time, which it does not tell."""
    if situation.settable:
        return 0
    policies = situation.service.scaling.policies
    low = max(one.low.evaluation_periods * one.low.period_seconds for one in policies)
    cooldown = max(one.scale_in_cooldown for one in policies)
    return int((low + max(0, removed - 1) * cooldown) / 60)


def _light(region: Region) -> Workload:
    """Requests that no policy notices."""
    return Workload(0.005, idle_memory_mib=_IDLE_SHARE * region.memory_mib, variation=0.0)


def _rate(region: Region, tasks: int) -> float:
    """What makes the request-count policy ask for one task more than these."""
    targets = {one.metric: one.target for one in region.scaling.policies}
    return (tasks + _INTO_THE_TASK) * targets.get(REQUESTS, 1000.0) / 60


def _asking(situation: Situation, policy: Policy, tasks: int, rate: float) -> Workload:
    """What a request takes at that rate when this policy alone asks for more than these tasks."""
    region = situation.service
    light = _light(region)
    if policy.metric == REQUESTS:
        return light
    if policy.metric == CPU:
        most = tasks * _FULL_PERCENT / policy.target
        wanted = min(tasks + _INTO_THE_TASK, most) * policy.target / 100
        return replace(light, cpu_seconds=wanted * region.vcpus / rate)
    held = _MEMORY_PERCENT - 100 * light.idle_memory_mib / region.memory_mib
    present = tasks * held / _MEMORY_PERCENT_OF_A_REQUEST
    return replace(
        light,
        other_seconds=present / rate - light.cpu_seconds,
        request_memory_mib=_MEMORY_PERCENT_OF_A_REQUEST / 100 * region.memory_mib,
    )
