"""Where a run's input comes from, and what it comes to when there can be no run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.load import plan
from tests.load.living.clock import Clock
from tests.load.plan import QUIET, Deployment, Plan
from tests.load.report import conclusion, report
from tests.load.report.report import Report
from tests.load.verdict import claims
from tests.load.verdict.claims import MEASURES
from tests.load.verdict.gate import Judgement
from tests.support import catalogue, traffic
from tests.support.catalogue import Catalogue
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.report import Verdict
from tests.support.traffic import Traffic


@cache
def _catalogue() -> Catalogue:
    """Read once: it is asked each minute, and reading it would hold up what is to be sent."""
    return catalogue.load()


def _find(requirement: str) -> Any:
    return _catalogue().requirement(requirement)


@dataclass(frozen=True)
class Sources:
    """The traffic file, what is deployed, the catalogue, and the clock where nothing is deployed.

    Each can be replaced, so that the gate itself can be tested.
    """

    load_traffic: Callable[[], Traffic] = traffic.load
    read_deployment: Callable[[str, str, Path], Deployment | None] = plan.read_deployment
    find: Callable[[str], Any] = _find
    clock: Callable[[], Clock] = lambda: Clock.starting(1)

    def check(self) -> None:
        """Raise SuiteError without the requirements, for then there is nothing to report on."""
        self.find(QUIET), self.find(MEASURES)

    def settle(self, options: Any) -> Plan:
        """The plan for parsed options; raises as `plan.make`, and Violation for other settings."""
        report.prepare(Path(options.reports))

        def read(host: str, environment: str, stack: Path) -> Deployment | None:
            found = self.read_deployment(host, environment, stack)
            if found is not None:
                claims.settings(found.region, found.alarm, self.find)
            return found

        expected = plan.expected_values(self.find)
        return plan.make(options, self.load_traffic(), read, expected, self.clock)

    def report_without_run(self, options: Any, problem: Violation | Invalid | SuiteError) -> Report:
        """What is written when what is deployed is not as it must be, or cannot be read."""
        host = where = str(options.host)
        judgement = Judgement(Verdict.invalid, "a run that can judge", str(problem))
        if isinstance(problem, Violation):
            judgement = Judgement(Verdict.failed, problem.expected, problem.actual)
            where = problem.where
        found = Report(
            options.environment, conclusion.target(host), host, scenario=options.scenario
        )
        found = found.with_result(self.find(QUIET), where, judgement)
        if options.service_judged_elsewhere:
            return found
        return found.with_unjudged(self.find(MEASURES), host, "no request was sent")
