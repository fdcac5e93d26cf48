"""What a run says of target tracking: which policy binds, when tasks come, on how many it settles.

Pure: a run as data in, a judgement out. Minutes in messages are counted from 1, as the run's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tests.load.observation.observed import MINUTE, Activity, Minute, Observed
from tests.load.scenarios.shapes import Stage
from tests.load.service.region import Region
from tests.load.verdict.evidence import Expected, Part, Run, gaps, minute, together
from tests.load.verdict.gate import Judgement
from tests.support.report import Verdict
from tests.support.scaling_policy import Policy

Staged = tuple[Stage, range]


def binds(run: Run, _: Expected, region: Region, observed: Observed) -> Judgement:
    """LOAD-03: in each stage that exceeds a target, that policy is the first to add tasks.

    A first scale-out that failed added none.
    """
    parts = [_bound(stage, window, region, observed) for stage, window in _exceeding(run)]
    tested = {stage.binds for stage, _ in _exceeding(run)}
    parts += [
        _untested(run, policy.metric)
        for policy in region.scaling.policies
        if policy.metric not in tested
    ]
    return together("the policy whose target is exceeded is the first to add tasks", parts)


def comes_in_time(run: Run, expected: Expected, region: Region, observed: Observed) -> Judgement:
    """LOAD-04: a task more serves within the alarm's periods, evaluation, start-up and slack."""
    extra = sum(int(expected[f"{name}_minutes"]) for name in ("evaluation", "start_up", "slack"))
    parts = [
        _came(_policy(region, stage), window, observed, extra) for stage, window in _exceeding(run)
    ]
    periods = max(policy.high.evaluation_periods for policy in region.scaling.policies)
    return together(f"one task more within {periods + extra} minutes over the target", parts)


def settles(run: Run, expected: Expected, region: Region, observed: Observed) -> Judgement:
    """LOAD-05: each stage that has a forecast ends with as many tasks; a peak before may be higher.

    What is too many and could still scale in is not settled.
    """
    tolerated = int(expected["tolerated_tasks"])
    forecast = [(stage, window) for stage, window in run.scenario.windows() if stage.tasks]
    parts = [_settled(one, region, observed, tolerated) for one in forecast if one[0].binds]
    wanted = ", ".join(f"{stage.name}: {stage.tasks}" for stage, _ in forecast if stage.binds)
    return together(f"the forecast number of tasks at the end ({wanted or 'none'})", parts)


def scales_in(run: Run, expected: Expected, region: Region, observed: Observed) -> Judgement:
    """LOAD-06: after the load, the minimum runs as soon as alarms and cooldowns let it."""
    ends = [
        (stage, window)
        for stage, window in run.scenario.windows()
        if stage.tasks is not None and stage.binds is None and window.start > 0
    ]
    extra = int(expected["evaluation_minutes"]) + int(expected["slack_minutes"])
    parts = [_went(stage, window, region, observed, extra) for stage, window in ends[-1:]]
    wanted = ends[-1][0].tasks if ends else region.capacity.minimum
    return together(f"{wanted} tasks as soon as every policy lets them go, and not fewer", parts)


def _exceeding(run: Run) -> Iterator[Staged]:
    """The stages in which a policy's target is exceeded."""
    return ((stage, window) for stage, window in run.scenario.windows() if stage.binds)


def _policy(region: Region, stage: Stage) -> Policy | None:
    return next((one for one in region.scaling.policies if one.metric == stage.binds), None)


def _bound(stage: Stage, window: range, region: Region, observed: Observed) -> Part:
    policy = _policy(region, stage)
    if policy is None:
        return Part(Verdict.failed, f"no policy tracks {stage.binds}")
    added = _added(observed, window)
    if not added:
        over = _first_over(policy, window, observed.minutes)
        highest = _highest(policy, window, observed.minutes)
        if over is None:
            return Part(Verdict.invalid, f"{stage.binds} was not exceeded: {highest}")
        return Part(
            Verdict.failed,
            f"{stage.binds} was over its target from minute {over + 1} on ({highest}) and no task"
            " was added",
        )
    first = added[0]
    seen = f"{_told(first)} by {first.cause}"
    if first.cause != stage.binds:
        return Part(Verdict.failed, f"{seen}, in the stage that exceeds {stage.binds}")
    if not first.succeeded:
        return Part(Verdict.failed, f"{seen}, which failed")
    return Part(Verdict.passed, seen)


def _untested(run: Run, metric: str) -> Part:
    for one in run.scenario.unprovable:
        if metric in one.what:
            return Part(Verdict.not_provable, f"{metric}: {one.reason}")
    return Part(Verdict.invalid, f"no stage exceeds the target of {metric}")


def _came(policy: Policy | None, window: range, observed: Observed, extra: int) -> Part:
    if policy is None:
        return Part(Verdict.failed, "no policy tracks what the stage exceeds")
    seen = observed.minutes
    over = _first_over(policy, window, seen)
    if over is None:
        highest = _highest(policy, window, seen)
        return Part(Verdict.invalid, f"{policy.metric} was not exceeded: {highest}")
    before = seen[over].running
    if before is None:
        return Part(Verdict.invalid, f"CloudWatch has no task count of minute {over + 1}")
    allowed = policy.high.evaluation_periods + extra
    served = next((n for n in range(over, len(seen)) if (seen[n].running or 0) > before), None)
    since = f"{policy.metric} over its target from minute {over + 1}"
    if served is not None and served - over <= allowed:
        took = f"{seen[served].running:.0f} tasks after {served - over} min"
        return Part(Verdict.passed, f"{since}, {took}")
    if served is None and len(seen) - over <= allowed:
        return Part(Verdict.invalid, f"{since}, and the run ended before {allowed} min had passed")
    late = "no task more" if served is None else f"one more only after {served - over} min"
    return Part(Verdict.failed, f"{since}, {late}; {allowed} are allowed")


def _settled(staged: Staged, region: Region, observed: Observed, tolerated: int) -> Part:
    stage, window = staged
    if window.stop > len(observed.minutes):
        return Part(Verdict.invalid, f"{stage.name} was not seen to its end")
    last, wanted = observed.minutes[window.stop - 1], stage.tasks or 0
    peak = max(observed.minutes[n].desired for n in window)
    seen = f"{stage.name}: {last.desired} tasks, forecast {wanted}"
    seen += f" (after {peak})" if peak > last.desired else ""
    if abs(last.desired - wanted) > tolerated:
        if last.desired > wanted and _may_still_go(window, region, observed):
            return Part(Verdict.invalid, f"{seen}, and it may still scale in")
        return Part(Verdict.failed, seen)
    if last.running is None or round(last.running) != last.desired:
        running = "unknown" if last.running is None else f"{last.running:.0f}"
        return Part(Verdict.invalid, f"{seen}, of which {running} run: not settled")
    return Part(Verdict.passed, seen)


def _may_still_go(window: range, region: Region, observed: Observed) -> bool:
    """Whether the stage ended before a scale-in of what was too many had to come."""
    outs = [one for one in observed.activities if one.after > one.before]
    since = max((one.at // MINUTE for one in outs if one.at <= window.stop * MINUTE), default=-1)
    return window.stop - since <= _low_periods(region) + 1 and since >= 0


def _went(stage: Stage, window: range, region: Region, observed: Observed, extra: int) -> Part:
    wanted, seen = stage.tasks or 0, observed.minutes
    least = min(one.desired for one in seen[window.start :]) if len(seen) > window.start else wanted
    if least < wanted:
        return Part(Verdict.failed, f"{least} tasks were asked for, the minimum is {wanted}")
    quiet = next((n for n in window if n < len(seen) and not _holding(region, seen[n])), None)
    if quiet is None:
        held = _holding(region, seen[min(window.stop, len(seen)) - 1])
        return Part(Verdict.failed, f"kept from scaling in by {', '.join(held)} to the end")
    before = seen[quiet].desired
    # Alarms remember: what was low before the load ended counts.
    while quiet and seen[quiet - 1].desired == before and not _holding(region, seen[quiet - 1]):
        quiet -= 1
    if before <= wanted:
        return Part(Verdict.invalid, f"no more than {wanted} tasks ran when the load ended")
    first = _low_periods(region) + extra
    allowed = first + (before - wanted - 1) * _cooldown_minutes(region)
    left = range(quiet, len(seen))
    begun = next((n - quiet for n in left if seen[n].desired < before), None)
    reached = next((n - quiet for n in left if _at(seen[n], wanted)), None)
    since = f"{before} tasks and every metric low from minute {quiet + 1}"
    if reached is not None and reached <= allowed:
        return Part(Verdict.passed, f"{since}, {wanted} after {reached} min")
    if reached is not None:
        return Part(Verdict.failed, f"{since}, {wanted} only after {reached} min, not {allowed}")
    if len(left) <= (first if begun is None else allowed):
        return Part(Verdict.invalid, f"{since}, and the run ended {len(left)} min later")
    return Part(
        Verdict.failed, f"{since}, {seen[-1].desired} still {len(left)} min later, not {wanted}"
    )


def _at(one: Minute, tasks: int) -> bool:
    return one.desired <= tasks and one.running is not None and round(one.running) <= tasks


def _holding(region: Region, one: Minute) -> list[str]:
    """The policies that are not low in that minute, with their values; no data is not low."""
    ready = [policy for policy in region.scaling.policies if not policy.disable_scale_in]
    values = [(policy, one.values.get(policy.metric)) for policy in ready]
    return [
        f"{policy.metric} {'without data' if value is None else f'at {value:.1f}'}"
        f" (low below {policy.low.threshold:g})"
        for policy, value in values
        if value is None or not policy.low.breaches(value)
    ]


def _first_over(policy: Policy, window: range, seen: Sequence[Minute]) -> int | None:
    """The first of as many minutes in a row over the target as the policy's alarm asks for."""
    wanted, run = policy.high.evaluation_periods, 0
    for n in window:
        value = seen[n].values.get(policy.metric) if n < len(seen) else None
        run = run + 1 if value is not None and policy.high.breaches(value) else 0
        if run == wanted:
            return n - wanted + 1
    return None


def _highest(policy: Policy, window: range, seen: Sequence[Minute]) -> str:
    values = [seen[n].values.get(policy.metric) for n in window if n < len(seen)]
    known = [value for value in values if value is not None]
    missing = gaps(values, window.start)
    said = f"at most {max(known):.1f} of {policy.target:g}" if known else "no data"
    return f"{said}, no data in {missing}" if missing and known else said


def _added(observed: Observed, window: range) -> list[Activity]:
    """The scale-outs of that stage, failed ones too; its last minute's come just after it."""
    begin, end = window.start * MINUTE, window.stop * MINUTE + MINUTE / 2
    return [one for one in observed.activities if begin < one.at < end and one.after > one.before]


def _told(activity: Activity) -> str:
    return f"{activity.before} → {activity.after} tasks after {minute(activity.at - MINUTE)}"


def _low_periods(region: Region) -> int:
    return max(policy.low.evaluation_periods for policy in region.scaling.policies)


def _cooldown_minutes(region: Region) -> int:
    return math.ceil(max(one.scale_in_cooldown for one in region.scaling.policies) / MINUTE)
