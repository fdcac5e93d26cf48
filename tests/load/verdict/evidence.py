"""What a verdict rests on, and whether it can: a run as data, and every reason not to judge it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.load.generator.measure import Measured, total
from tests.load.observation.observed import MINUTE, SCHEDULE, Observed
from tests.load.scenarios.shapes import Scenario
from tests.load.service.region import Region
from tests.load.verdict import gate
from tests.load.verdict.gate import Judgement
from tests.support.alarms import Alarm
from tests.support.report import Verdict
from tests.support.traffic import Traffic

Expected = Mapping[str, Any]
# The load balancer's own answer where there is no task to give a request to: no request of a task.
_WITHOUT_A_TASK = "status 503"
# The worst first: what a judgement made of several parts is worth.
_WORST = (Verdict.failed, Verdict.invalid, Verdict.not_provable, Verdict.passed)


class Planned(Protocol):
    """Of a plan what a verdict looks at."""

    @property
    def environment(self) -> str:
        """Whose service is loaded."""

    @property
    def host(self) -> str:
        """Where its requests go."""

    @property
    def where(self) -> str:
        """The alarm's ARN."""

    @property
    def alarm(self) -> Alarm:
        """The alarm, as it is deployed and as it must be."""

    @property
    def traffic(self) -> Traffic:
        """The mix, its error budget and the generator's limits."""


@dataclass(frozen=True)
class Run:
    """A run: what was to be sent, what the client saw, what the environment told of it.

    `observed` and `region` are None where nothing deployed could be read. `fault` is why the
    generator itself could not go on, such as a lost worker.
    """

    scenario: Scenario
    plan: Planned
    measured: Measured
    observed: Observed | None = None
    region: Region | None = None
    fault: str | None = None

    @property
    def service(self) -> str:
        """The scalable target's resource id."""
        name = f"mantisnxt-{self.plan.environment}"
        return f"service/{name}/{name}-app"

    @property
    def complete(self) -> bool:
        """Whether every minute of the scenario was measured."""
        return len(self.measured.periods) >= self.scenario.minutes

    @property
    def weight(self) -> float:
        """How many requests in the region's metrics each of the client's stands for.

        The region's minute lasts a period of the client's.
        """
        return MINUTE / self.measured.period_seconds


@dataclass(frozen=True)
class Part:
    """One of the things that a claim is made of, such as one policy's."""

    outcome: Verdict
    actual: str


def together(expected: str, parts: Iterable[Part]) -> Judgement:
    """The judgement on all parts: the worst of them, and what was seen in each."""
    seen = list(parts)
    found = {part.outcome for part in seen}
    outcome = next((one for one in _WORST if one in found), Verdict.invalid)
    return Judgement(outcome, expected, "; ".join(part.actual for part in seen) or "nothing to see")


def spoilt(run: Run, ended: bool = True) -> str | None:
    """Why nothing of this run can be judged, None where it can.

    One that has not `ended` may still get better in what is judged by the minute.
    """
    periods, alarm = run.measured.periods, run.plan.alarm
    if run.fault:
        return run.fault
    if run.measured.partial:
        return f"interrupted after {len(periods)} complete minutes"
    if unsound := gate.generator_unsound(alarm, run.measured, run.plan.traffic.generator, ended):
        return unsound
    if run.observed and run.observed.deployments:
        return f"a deployment was under way: {', '.join(run.observed.deployments)}"
    return gate.nothing_answered(periods)


def doubtful(run: Run, tolerated_percent: float) -> str | None:
    """Why what was seen may not be what the scenario would show, None where it is.

    `tolerated_percent` is how far the client's and the service's counts may be apart.
    """
    periods, limits = run.measured.periods, run.plan.traffic.generator
    if missed := gate.rate_missed(run.plan.alarm, periods, limits):
        return missed
    if not run.complete:
        return f"the run ended after {len(periods)} of {run.scenario.minutes} minutes"
    return rescheduled(run) or disagreement(run, tolerated_percent)


def disagreement(run: Run, tolerated_percent: float) -> str | None:
    """How far the client's and the service's counts of requests are apart, None if not too far.

    Of the client's those count that some task was given: answered, but not by the load balancer
    for want of a task, or given up while waiting.
    """
    if run.observed is None:
        return None
    periods = run.measured.periods
    errors = total(period.errors for period in periods)
    given = sum(len(period.response_times) + len(period.abandoned) for period in periods)
    client = (given - errors[_WITHOUT_A_TASK]) * run.weight
    counts = [minute.requests for minute in run.observed.minutes]
    service = sum(count for count in counts if count is not None)
    if counts and all(count is None for count in counts):
        return "CloudWatch has no request of this run: no data"
    if abs(client - service) * 100 <= tolerated_percent * max(client, service):
        return None
    return (
        f"the client counted {client:.0f} requests, the load balancer {service:.0f}:"
        f" more than {tolerated_percent:g} % apart"
    )


def rescheduled(run: Run) -> str | None:
    """When a scheduled action moved the count since the judged part began, None if none did."""
    begin = min(run.scenario.judged, default=0) * MINUTE
    for activity in run.observed.activities if run.observed else ():
        if activity.cause == SCHEDULE and activity.at >= begin:
            return (
                f"a scheduled action set the count in {minute(activity.at)}: begin at another hour"
            )
    return None


def minute(at: float) -> str:
    """The minute of the run, counted from 1, that lies so many seconds after its begin."""
    return f"minute {int(at // MINUTE) + 1}"


def gaps(values: Sequence[float | None], first: int = 0) -> str | None:
    """The first minute without a value, counted from 1 in the run, None if each has one."""
    return f"minute {first + values.index(None) + 1}" if None in values else None
