"""What a run comes to: its claims judged on both views, as a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tests.load.generator.measure import Measured
from tests.load.hosts import is_loopback
from tests.load.living.clock import MINUTE
from tests.load.observation import observe
from tests.load.observation.observe import Begun
from tests.load.plan import Plan
from tests.load.report import figures
from tests.load.report.report import Report
from tests.load.service.plant import Seen
from tests.load.service.region_client import Living
from tests.load.verdict import claims
from tests.load.verdict.claims import MEASURES
from tests.load.verdict.evidence import Run
from tests.load.verdict.gate import Judgement
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.report import Verdict

Find = Callable[[str], Any]


def run_of(
    plan: Plan,
    measured: Measured,
    fault: str | None = None,
    begin: float | None = None,
    begun: Begun | None = None,
) -> Run:
    """The run with what the environment tells of it, if it can be read.

    `begin` is the region's time at which it began, None for a run that never did.
    """
    region = plan.deployment.region if plan.deployment else None
    run = Run(plan.scenario, plan, measured, None, region, fault)
    if plan.deployment is None or begin is None or measured.partial or fault:
        return run
    end = begin + MINUTE * len(measured.periods)
    try:
        observe.settle(plan.deployment.target, end)
        observed = observe.read(plan.deployment.target, begin, end, begun)
    except (Invalid, SuiteError) as error:
        return replace(run, fault=str(error))
    except Violation as violation:
        return replace(run, fault=f"{violation.where}: {violation.actual}")
    return replace(run, observed=observed)


def conclude(plan: Plan, run: Run, find: Find, service_judged_elsewhere: bool) -> Report:
    """The report on a run, finished or not."""
    judged = claims.judge(run, find)
    found = Report(
        environment=plan.environment,
        target=target(plan.host),
        host=plan.host,
        partial=run.measured.partial,
        figures=figures.section(run, _foreseen(plan, run), plan.situation.workload),
        scenario=run.scenario.name,
    ).with_claims(judged, find)
    if not service_judged_elsewhere:
        outcomes = {claim.judgement.outcome for claim in judged}
        measures = _measures(plan, run.measured, outcomes)
        found = found.with_result(find(MEASURES), plan.host, measures)
    return found


def answered_by_tasks(before: Living, after: Living, scenario: str, answered: int) -> Judgement:
    """LOAD-01: tasks of the deployed revision gave the answers that the scenario's visitors got.

    `before` and `after` are the region around the scenario. `answered` counts those that visitors
    want; others may be the load balancer's own.
    """
    made = ", ".join(f"{arn} ({count} variables)" for arn, count in after.revisions.items())
    served = after.served - before.served
    outcome = Verdict.passed if served >= answered else Verdict.failed
    return Judgement(
        outcome if answered else Verdict.invalid,
        "every answer comes from tasks that the service runs, as it is deployed",
        f"tasks of {made} gave {served} answers; visitors of {scenario} got {answered}",
    )


def target(host: str) -> str:
    """What a host belongs to, in the suite's word for it."""
    return "emulator" if is_loopback(urlsplit(host).hostname) else "staging"


def _foreseen(plan: Plan, run: Run) -> list[Seen]:
    where = plan.situation
    return figures.foresee(run, where.workload, where.tasks, where.start_up_minutes, where.minute)


def _measures(plan: Plan, measured: Measured, outcomes: set[Verdict]) -> Judgement:
    """Whether this process can say that what it measured is what is deployed.

    A host shows that it is the environment's own by the certificate that comes with each answer.
    """
    expected = f"{plan.environment}'s own host, answering"
    if is_loopback(urlsplit(plan.host).hostname):
        reason = "loopback: only who started the service can say what it is (python -m tests.load)"
        return Judgement(Verdict.not_provable, expected, reason)
    if Verdict.invalid in outcomes:
        return Judgement(Verdict.invalid, expected, "the run is invalid")
    if not any(period.response_times for period in measured.periods):
        reason = "no request was answered: nobody showed a certificate"
        return Judgement(Verdict.invalid, expected, reason)
    return Judgement(Verdict.passed, expected, f"{plan.host}, its certificate verified")
