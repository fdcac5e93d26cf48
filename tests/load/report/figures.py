"""A run in numbers: what the report keeps of it, as JSON has it.

Minutes are the run's, counted from 0; times in seconds, rates in requests per second. Samples are
summed up, not listed: as counts, as quantiles, and as the means that the alarm sees.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from tests.load.generator.measure import Period, mean, quantile, total
from tests.load.observation.observed import MINUTE, Minute
from tests.load.plan import QUIET
from tests.load.service import plant
from tests.load.service.plant import Plant, Seen
from tests.load.service.workload import Workload
from tests.load.verdict import alarm_claims, claims, gate
from tests.load.verdict.evidence import Run
from tests.support import alarms

Section = dict[str, Any]
# Of the answers' times; the tail finer, where visitors feel it.
_FRACTIONS = (*(n / 100 for n in range(1, 100)), 0.995, 0.999, 1.0)


def section(run: Run, forecast: Sequence[Seen] = (), workload: Workload | None = None) -> Section:
    """What a run was, what the client and the service showed, and what was forecast.

    `forecast` is what the modelled service shows, minute by minute; nothing where none could be
    made. `workload` is what a request takes where the stages do not say, None if nobody knows.
    """
    measured, alarm, observed = run.measured, run.plan.alarm, run.observed
    points = [alarms.point(alarm, period.samples) for period in measured.periods]
    states = gate.judged_states(alarm, points)
    return {
        "scenario": run.scenario.name,
        "settings": settings(run, workload),
        "stages": list(_stages(run, forecast)),
        "period_seconds": measured.period_seconds,
        "alarm": asdict(alarm),
        "periods": [
            {
                **_client(period, measured.period_seconds),
                "alarm_point": points[n],
                "alarm_state": states[n],
                "service": _service(run, n),
                "forecast": _foreseen(forecast, n),
            }
            for n, period in enumerate(measured.periods)
        ],
        "errors": dict(total(period.errors for period in measured.periods)),
        "distribution": _distribution(run),
        "alarm_changes": [asdict(one) for one in observed.changes] if observed else [],
        "alarm_actions": [asdict(one) for one in observed.actions] if observed else [],
        "scaling_activities": [asdict(one) for one in observed.activities] if observed else [],
        "headroom": _headroom(run),
    }


def settings(run: Run, workload: Workload | None = None) -> Section:
    """What two runs must have in common for their figures to be compared.

    Of the stages the judged ones: how long the others last depends on what was running before.
    """
    region, alarm = run.region, run.plan.alarm
    found: Section = {
        "environment": run.plan.environment,
        "time scale": run.weight,
        "arrivals": run.scenario.arrivals,
        "stages": [
            [one.name, one.minutes, one.rate_from, one.rate_to]
            for one in run.scenario.stages
            if one.judged
        ],
        "a request takes": [
            asdict(takes) if (takes := one.workload or workload) else None
            for one in run.scenario.stages
            if one.judged
        ],
        "threshold": alarm.threshold,
        "evaluation": f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods}",
    }
    if region is not None:
        found |= {
            "bounds": [region.capacity.minimum, region.capacity.maximum],
            "targets": {one.metric: one.target for one in region.scaling.policies},
            "task": {"vcpus": region.vcpus, "memory_mib": region.memory_mib},
        }
    return found


def foresee(
    run: Run, workload: Workload | None, tasks: int, start_up_minutes: int = 2, minute: int = 0
) -> list[Seen]:
    """The scenario on the modelled service, which begins with so many tasks.

    `workload` is what a request takes until a stage says otherwise, None where nobody knows: then
    nothing is foreseen. `minute` is the one of the week in which the run begins.
    """
    given = next((one.workload for one in run.scenario.stages[:1] if one.workload), workload)
    if run.region is None or given is None:
        return []
    modelled, seen = Plant(run.region, given, start_up_minutes), list[Seen]()
    running = plant.start(modelled, minute, tasks)
    for stage in run.scenario.stages:
        modelled = replace(modelled, workload=stage.workload or modelled.workload)
        for passed in range(stage.minutes):
            running, one = plant.step(modelled, running, stage.rate(passed + 0.5))
            seen.append(one)
    return seen


def _client(period: Period, seconds: float) -> Section:
    return {
        "offered": period.offered,
        "sent": period.sent,
        "dropped": period.dropped,
        "answered": len(period.response_times),
        "abandoned": len(period.abandoned),
        "errors": dict(period.errors),
        "offered_per_second": period.offered / seconds,
        "answered_per_second": len(period.response_times) / seconds,
        "mean_seconds": mean(period.samples),
        "p99_seconds": quantile(period.samples, 0.99),
        "wait_p99_seconds": quantile(period.waits, 0.99),
        "lateness_p50_seconds": quantile(period.lateness, 0.5),
        "lateness_p99_seconds": quantile(period.lateness, 0.99),
        "generator_cpu_percent": period.cpu_percent,
    }


def _service(run: Run, n: int) -> Section | None:
    """The service's own view of a minute, None where there is none."""
    if run.observed is None or n >= len(run.observed.minutes):
        return None
    return {**asdict(run.observed.minutes[n]), "alarm_state": run.observed.states[n]}


def _foreseen(forecast: Sequence[Seen], n: int) -> Section | None:
    if n >= len(forecast):
        return None
    return {"running": forecast[n].running, "response_seconds": forecast[n].response_seconds}


def _stages(run: Run, forecast: Sequence[Seen]) -> Iterator[Section]:
    """Each stage with what was forecast for its end and what was there."""
    for stage, window in run.scenario.windows():
        yield {
            "name": stage.name,
            "begin": window.start,
            "minutes": stage.minutes,
            "rate_from": stage.rate_from,
            "rate_to": stage.rate_to,
            "judged": stage.judged,
            "workload": asdict(stage.workload) if stage.workload else None,
            "forecast": _forecast_end(run, stage.tasks, stage.binds, forecast[slice_of(window)]),
            "measured": _measured_end(run, window),
        }


def slice_of(window: range) -> slice:
    """The part of a sequence by minutes that a stage has."""
    return slice(window.start, window.stop)


def _forecast_end(
    run: Run, tasks: int | None, binds: str | None, seen: Sequence[Seen]
) -> Section | None:
    if not seen:
        return None if tasks is None else {"tasks": tasks, "binds": binds, "response_seconds": None}
    moved = [done.cause for one in seen for done in one.activities if done.after > done.before]
    return {
        "tasks": seen[-1].running if tasks is None else tasks,
        "binds": binds or next(iter(moved), None),
        "response_seconds": seen[-1].response_seconds,
    }


def _measured_end(run: Run, window: range) -> Section | None:
    """The count at a stage's end, what first added a task in it, and the mean of its last minutes.

    As many as the alarm looks at: a single one of a few seconds holds few requests.
    """
    observed = run.observed
    if observed is None or window.stop > len(observed.minutes):
        return None
    minutes: tuple[Minute, ...] = observed.minutes[slice_of(window)]
    begin, end = window.start * MINUTE, window.stop * MINUTE + MINUTE / 2
    moved = [
        one.cause
        for one in observed.activities
        if begin < one.at < end and one.after > one.before and one.succeeded
    ]
    latest = [one.response_seconds for one in minutes[-run.plan.alarm.evaluation_periods :]]
    known = [value for value in latest if value is not None]
    return {
        "tasks": minutes[-1].running,
        "binds": next(iter(moved), None),
        "response_seconds": statistics.fmean(known) if known else None,
    }


def _distribution(run: Run) -> list[list[float]]:
    """Fraction and quantile of the answers' times in the judged minutes, of all where none is.

    The client's: from the actual send to the headers.
    """
    periods = run.measured.periods
    judged = [periods[n] for n in run.scenario.judged if n < len(periods)] or list(periods)
    ordered = sorted(time for period in judged for time in period.samples)
    if not ordered:
        return []
    return [[part, ordered[max(0, math.ceil(part * len(ordered)) - 1)]] for part in _FRACTIONS]


def _headroom(run: Run) -> Section | None:
    """What is left at the expected load; one that is meant to exceed something leaves nothing."""
    expected = QUIET in claims.OF_SCENARIO[run.scenario.name]
    if run.observed is None or run.region is None or not expected:
        return None
    return dict(alarm_claims.headroom(run, run.observed, run.region))
