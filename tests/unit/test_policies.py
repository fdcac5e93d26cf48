"""What Checkov says of the stack: its own checks, the policies of `policies/`, the waivers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.support import checkov, checkov_reports, waivers
from tests.support.catalogue import Requirement
from tests.support.expectations import MOST_IN_A_LINE, expect_equal, expect_none, found
from tests.support.findings import Finding, Result
from tests.support.source import SourceTree
from tests.support.waivers import Applied, Ledger, Waived

pytestmark = pytest.mark.policy

PROVEN_BY_POLICIES = [
    "NET-03",
    "DB-02",
    "DB-04",
    "DB-05",
    "DB-07",
    "DB-08",
    "DB-09",
    "REDIS-02",
    "REDIS-03",
    "REDIS-04",
    "REDIS-05",
    "WIN-01",
    "ECS-01",
    "ECS-02",
    "ECS-05",
    "ECS-06",
    "IAM-06",
    "IAM-08",
    "ALB-02",
    "ALB-03",
    "ALB-04",
    "SCALE-01",
    "SCALE-07",
    "MON-03",
    "MON-04",
    "MON-06",
    "MON-10",
    "MON-11",
    "CDN-01",
    "DR-01",
    "COST-01",
]


@pytest.fixture(scope="session")
def result(pytestconfig: pytest.Config, stack: Path, source: SourceTree) -> Result:
    """What Checkov found; it has been running since the tests were collected.

    What is no HCL is told by the source model, which names the line; then nothing was found.
    """
    assert source.modules
    return checkov.running(stack, pytestconfig.getoption("--fresh")).result()


@pytest.fixture(scope="session")
def applied(pytestconfig: pytest.Config, stack: Path, result: Result, ledger: Ledger) -> Applied:
    """The findings with the waivers applied; also written to the reports."""
    applied = waivers.beside(stack).apply(result.findings, ledger.today)
    ledger.note(applied.waived)
    checkov_reports.publish(result, applied.waived, Path(pytestconfig.getoption("--reports")))
    return applied


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[Iterable[Waived]], None]:
    """Writes accepted findings into the test's record, from which they are reported as waived."""

    def each(accepted: Iterable[Waived]) -> None:
        for entry in accepted:
            record_property("waived", str(entry))

    return each


def places(findings: Iterable[Finding]) -> str:
    """Where the findings are."""
    every = sorted({finding.where for finding in findings}) or ["the stack"]
    return ", ".join(
        every if len(every) <= MOST_IN_A_LINE else [every[0], f"{len(every) - 1} more"]
    )


@pytest.mark.parametrize(
    "identifier",
    [pytest.param(i, marks=pytest.mark.requirement(i), id=i) for i in PROVEN_BY_POLICIES],
)
def test_policy_holds(
    identifier: str, result: Result, applied: Applied, tell: Callable[[Iterable[Waived]], None]
) -> None:
    policies = found("policies/", f"policy for {identifier}", result.policies_for(identifier))
    violations = [f for f in applied.open if f.requirement == identifier]
    accepted = [w for w in applied.waived if w.finding.requirement == identifier]
    tell(accepted)
    expect_none(places(violations), f"violation of {policies[0].name!r}", violations)
    result.refuse_unjudged(policies)
    found("the stack", f"resource for {identifier}", [*result.passed_by(policies), *accepted])


@pytest.mark.requirement("POL-01")
def test_no_finding_is_open(
    applied: Applied,
    stack: Path,
    requirement: Requirement,
    tell: Callable[[Iterable[Waived]], None],
) -> None:
    tell(applied.waived)
    expect_none(places(applied.open), f"open finding; {waivers.told(stack)}", applied.open)
    expect_equal("the stack", "findings", len(applied.open), requirement.expected["open_findings"])


@pytest.mark.requirement("POL-01")
def test_every_waiver_still_holds(applied: Applied) -> None:
    expect_none("tests/waivers.yaml", "waiver that does not hold", applied.problems)


@pytest.mark.requirement("POL-01")
def test_every_resource_is_judged(result: Result) -> None:
    found("policies/", "policy", result.policies)
    result.refuse_unjudged(result.policies)
