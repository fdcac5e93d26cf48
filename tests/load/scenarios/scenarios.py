"""The scenarios as pure functions of what is deployed, what is expected and where it runs.

How long a stage lasts is found by `tests.load.service.plant`: as long as the modelled service
needs, and a little more for what a model leaves out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tests.load.hosts import UsageError
from tests.load.scenarios import scaling_steps
from tests.load.scenarios.shapes import Scenario, Stage
from tests.load.scenarios.situation import LONGEST, Course, Situation, calm, limit
from tests.load.service.plant import Seen
from tests.load.service.workload import REQUESTS, Workload
from tests.support.alarms import Alarm, State

# How far below a limit is far enough for the noise of a minute's requests.
CLEAR_OF_LIMITS: Final = 0.7
# Minutes; a ramp that is slower than this gains nothing.
_LONGEST_RAMP: Final = 60
# What the client alone can see something of.
_WITHOUT_A_DEPLOYMENT: Final = frozenset({"steady"})
# Minutes after a spike: what the catalogue allows the alarm to take, and one more in which it is
# missed.
_RECOVERY_MISSED: Final = 11


def _steady(situation: Situation) -> Scenario:
    return _at_the_peak("steady", situation, situation.scenarios.steady_minutes)


def _soak(situation: Situation) -> Scenario:
    return _at_the_peak("soak", situation, situation.scenarios.soak_minutes)


def _at_the_peak(name: str, situation: Situation, judged: int) -> Scenario:
    """Up to the peak as slowly as capacity can follow, and then judged.

    Poisson arrivals, as visitors come and as the forecast takes them.
    """
    asked = situation.judged_minutes
    minutes = max(judged, situation.alarming_minutes) if asked is None else asked
    peak = situation.rate
    stages = (*approach(situation, peak), Stage("peak", minutes, peak, peak, judged=True))
    return Scenario(name, stages, "poisson")


def approach(situation: Situation, peak: float) -> tuple[Stage, ...]:
    """Stages that lead to the peak with as few slow minutes as can be: without any, mostly.

    They begin with what the tasks that run carry, and are as short as the model allows.
    """
    region, workload = situation.region, situation.workload
    if region is None:
        return (Stage("settle", 1, peak, peak),)
    if workload is None:
        return _approach_unknown(situation, peak)
    first = min(peak, 0.95 * limit(region, workload, max(1, situation.tasks)))
    if first >= peak:
        return (Stage("settle", 1 + situation.delay_minutes, peak, peak),)
    begin = Stage("begin", 1, first, first)
    fewest = math.inf
    chosen: tuple[Stage, ...] = ()
    for minutes in range(1, _LONGEST_RAMP):
        ramp = Stage("ramp", minutes, first, peak)
        course = Course(situation, workload)
        seen = [course.minute(begin.rate(0))]
        seen += [course.minute(ramp.rate(minute + 1)) for minute in range(minutes)]
        settle = _until_still(course, peak, seen)
        slow = sum(_close(situation.alarm, one) for one in seen)
        if slow < fewest:
            still = Stage("settle", settle + situation.delay_minutes, peak, peak)
            fewest, chosen = slow, (begin, ramp, still)
        if not slow:
            break
    return chosen


def _approach_unknown(situation: Situation, peak: float) -> tuple[Stage, ...]:
    """Where it is not known what a request takes: so slowly that each task more has its time."""
    targets = {one.metric: one.target for one in situation.service.scaling.policies}
    carried = situation.tasks * targets[REQUESTS] / 60 if REQUESTS in targets else peak
    first = min(peak, CLEAR_OF_LIMITS * carried)
    steps = math.ceil(situation.tasks * peak / first) - situation.tasks
    ramp = max(1, steps * (_reaction(situation) + situation.delay_minutes))
    settle = situation.alarming_minutes + situation.delay_minutes
    return (Stage("ramp", ramp, first, peak), Stage("settle", settle, peak, peak))


def _until_still(course: Course, rate: float, seen: list[Seen]) -> int:
    """Minutes until no task is missing and none was for as long as a policy needs to ask."""
    still = minutes = 0
    while still < 4 and minutes < LONGEST:
        one = course.minute(rate)
        seen.append(one)
        still = still + 1 if one.running == one.desired else 0
        minutes += 1
    return minutes


def _close(alarm: Alarm, seen: Seen) -> bool:
    return seen.response_seconds is not None and (
        seen.response_seconds > CLEAR_OF_LIMITS * alarm.threshold
    )


def _reaction(situation: Situation) -> int:
    """Minutes from too much load until one more task serves."""
    policies = situation.service.scaling.policies
    asked = max(one.high.evaluation_periods * one.high.period_seconds for one in policies)
    return asked // 60 + situation.start_up_minutes + 1


def _breach(situation: Situation) -> Scenario:
    """A quiet minute or two, slowness until the alarm must have fired, and back.

    Where what a request takes cannot be set, only more load than can be carried is slow enough.
    """
    rate, shown = calm(situation), situation.alarming_minutes + 1 + situation.delay_minutes
    before = Stage("before", shown, rate, rate, situation.workload)
    if not situation.settable or situation.workload is None:
        if not situation.overload:
            raise UsageError("--scenario breach: the service cannot be made slow; --overload it")
        most = Stage("slow", shown + _reaction(situation), situation.most, situation.most)
        return Scenario("breach", (before, most, _after(situation, rate, shown + 5)), "constant")
    workload = situation.workload
    wanted = situation.scenarios.breach_times * situation.alarm.threshold
    slow = replace(workload, other_seconds=wanted - workload.cpu_seconds)
    stages = (
        before,
        Stage("slow", shown + 2, rate, rate, slow, judged=True),
        _after(situation, rate, shown + 1),
    )
    return Scenario("breach", stages, "constant")


def _after(situation: Situation, rate: float, minutes: int) -> Stage:
    return Stage("after", minutes, rate, rate, situation.workload, judged=True)


def _spike(situation: Situation) -> Scenario:
    """The peak, so many times the peak at once, and the peak again until all is quiet."""
    peak, mix = situation.rate, situation.scenarios
    most = min(situation.most, mix.spike_times * peak)
    approached = approach(situation, peak)
    stages = (*approached, Stage("spike", mix.spike_minutes, most, most))
    after = situation.alarming_minutes + 1 + situation.delay_minutes
    if situation.workload is not None:
        after += _recovery(situation, situation.workload, stages, peak)
    judged = situation.judged_minutes or situation.alarming_minutes
    after = max(after, _RECOVERY_MISSED - judged)
    stages = (*stages, Stage("recover", after, peak, peak))
    return Scenario("spike", (*stages, Stage("peak", judged, peak, peak, judged=True)), "poisson")


def _recovery(
    situation: Situation, workload: Workload, stages: tuple[Stage, ...], rate: float
) -> int:
    """Minutes until the alarm of the modelled service is quiet again."""
    course, minutes = Course(situation, workload), 0
    for stage in stages:
        for minute in range(stage.minutes):
            course.minute(stage.rate(minute + 0.5))
    name = f"mantisnxt-{situation.service.environment}-api-response-time"
    while course.minute(rate).states[name] is State.ALARM and minutes < LONGEST:
        minutes += 1
    return minutes


def make(name: str, situation: Situation) -> Scenario:
    """The scenario of that name. Raises UsageError where it cannot be run at all."""
    if situation.region is None and name not in _WITHOUT_A_DEPLOYMENT:
        raise UsageError(f"--scenario {name} needs a deployment to read: set AWS_ENDPOINT_URL")
    scenario = SCENARIOS[name](situation)
    if scenario.most > situation.most:
        raise UsageError(
            f"--scenario {name} needs {scenario.most:g} requests/s, and traffic.yaml allows"
            f" {situation.most:g}"
        )
    return scenario


SCENARIOS: Mapping[str, Callable[[Situation], Scenario]] = {
    "steady": _steady,
    "scale": scaling_steps.scale,
    "breach": _breach,
    "spike": _spike,
    "soak": _soak,
}
