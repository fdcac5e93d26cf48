"""What a run says of errors, and of what creeps in while a load lasts.

Pure: a run as data in, a judgement out.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from tests.load.generator.measure import total
from tests.load.observation.observed import MINUTE, Observed
from tests.load.service.region import Region
from tests.load.service.workload import MEMORY
from tests.load.verdict import gate
from tests.load.verdict.evidence import Expected, Run, gaps, minute
from tests.load.verdict.gate import Judgement
from tests.support.report import Verdict
from tests.support.scaling_policy import Policy

# Of each third of a soak as many minutes as a mean needs to say something.
_FEWEST_IN_A_THIRD = 3
_MINUTES_AN_HOUR = 60


def errors_within_budget(run: Run, _: Expected) -> Judgement:
    """LOAD-10: of all requests of the run, refused ones too, no more failed than may."""
    budget, periods = run.plan.traffic.error_budget_percent, run.measured.periods
    wanted = f"at most {budget:g} % of the requests fail"
    if excess := gate.over_budget(periods, budget):
        return Judgement(Verdict.failed, wanted, excess)
    failed = total(period.errors for period in periods).total()
    sent = sum(period.sent for period in periods)
    return Judgement(Verdict.passed, wanted, f"{failed} of {sent} failed")


def response_stays(run: Run, expected: Expected, observed: Observed) -> Judgement:
    """LOAD-12: the last third of the judged minutes is not slower than the first."""
    percent, seconds = float(expected["drift_percent"]), float(expected["drift_seconds"])
    wanted = f"a last third at most {percent:g} % and {seconds:g} s slower than the first"
    window = [n for n in run.scenario.judged if n < len(observed.minutes)]
    points = [observed.points[n] for n in window]
    if unknown := _unknown(points, window):
        return Judgement(Verdict.invalid, wanted, unknown)
    values = [value for value in points if value is not None]
    third = len(values) // 3
    first, last = statistics.fmean(values[:third]), statistics.fmean(values[-third:])
    seen = f"first third {first:.3f} s, last third {last:.3f} s"
    drifts = last - first > seconds and (last - first) * 100 > percent * first
    return Judgement(Verdict.failed if drifts else Verdict.passed, wanted, seen)


def memory_stays(run: Run, expected: Expected, region: Region, observed: Observed) -> Judgement:
    """LOAD-13: the memory is below its target and, as it grew, stays so long enough.

    Both by the judged minutes.
    """
    hours, noise = float(expected["hours_to_target"]), float(expected["noise_percentage_points"])
    wanted = f"below the target, and no growth that would reach it within {hours:g} h"
    policy = next((one for one in region.scaling.policies if one.metric == MEMORY), None)
    if policy is None:
        return Judgement(Verdict.invalid, wanted, f"no policy tracks {MEMORY}")
    window = [n for n in run.scenario.judged if n < len(observed.minutes)]
    points = [observed.minutes[n].values.get(MEMORY) for n in window]
    if unknown := _unknown(points, window):
        return Judgement(Verdict.invalid, wanted, unknown)
    values = [value for value in points if value is not None]
    seen = f"{points[0]:.1f} % to {points[-1]:.1f} %, target {policy.target:g} %"
    if max(values) >= policy.target:
        at = minute(window[values.index(max(values))] * MINUTE)
        return Judgement(Verdict.failed, wanted, f"{seen}: {max(values):.1f} % in {at}")
    grown, left = _growth(values, policy)
    if grown <= noise or left > hours:
        return Judgement(Verdict.passed, wanted, seen)
    return Judgement(Verdict.failed, wanted, f"{seen}: reached {left:.1f} h later")


def _unknown(points: Sequence[float | None], window: Sequence[int]) -> str | None:
    """Why no trend can be seen in these minutes, None if one can."""
    if len(points) < 3 * _FEWEST_IN_A_THIRD:
        return f"{len(points)} judged minutes: too few to see a trend in"
    missing = gaps(points, window[0])
    return f"no data in {missing}" if missing else None


def _growth(values: Sequence[float], policy: Policy) -> tuple[float, float]:
    """By how much a straight line grows over these minutes, and the hours until the target."""
    slope, intercept = statistics.linear_regression(range(len(values)), values)
    now = intercept + slope * (len(values) - 1)
    left = (policy.target - now) / slope / _MINUTES_AN_HOUR if slope > 0 else math.inf
    return slope * (len(values) - 1), max(left, 0.0)
