"""What a load run leaves behind: reports/load.json, reports/load.junit.xml and text for people."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from tests.load.gate import Outcome, Verdict
from tests.load.hosts import is_loopback
from tests.load.measure import Measured, mean, quantile, total
from tests.support.alarms import Alarm
from tests.support.catalogue import Requirement
from tests.support.outcomes import Violation
from tests.support.report import failure_text

EXIT_CODES = {"pass": 0, "fail": 1, "usage": 2, "invalid": 3}
_WORST_FIRST: tuple[Outcome, ...] = ("fail", "invalid", "pass")


@dataclass(frozen=True)
class Result:
    """One requirement's outcome in this run; `message` tells it to people."""

    requirement: str
    title: str
    outcome: Outcome
    where: str
    expected: str
    actual: str
    message: str

    @classmethod
    def of(cls, requirement: Requirement, where: str, verdict: Verdict) -> Result:
        """The verdict on a requirement, at an ARN or host."""
        return cls(
            requirement=requirement.id,
            title=requirement.title,
            outcome=verdict.outcome,
            where=where,
            expected=verdict.expected,
            actual=verdict.actual,
            message=_message(requirement, where, verdict),
        )


@dataclass(frozen=True)
class Report:
    """A run's results and the figures behind them, as plain data."""

    environment: str
    host: str
    results: tuple[Result, ...]
    partial: bool = False
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """The worst result; a run without results, or with nothing proven, is invalid."""
        seen = {result.outcome for result in self.results}
        return next((outcome for outcome in _WORST_FIRST if outcome in seen), "invalid")

    @property
    def text(self) -> str:
        """Every result for people, its outcome first."""
        return "\n".join(told(result) for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 invalid."""
        return EXIT_CODES[self.outcome]

    def with_result(self, result: Result, partial: bool = False) -> Report:
        """The same report with this requirement's result added or replaced."""
        others = [other for other in self.results if other.requirement != result.requirement]
        results = sorted((*others, result), key=lambda entry: entry.requirement)
        return Report(
            environment=self.environment,
            host=self.host,
            results=tuple(results),
            partial=self.partial or partial,
            figures=self.figures,
        )


def told(result: Result) -> str:
    """One result for people, its outcome first."""
    return f"{result.outcome.replace('_', ' ')}: {result.message}"


def figures(alarm: Alarm, measured: Measured, verdict: Verdict) -> dict[str, Any]:
    """The run in numbers, times in seconds; samples are summed up, not listed."""
    periods = []
    for period, state in zip(measured.periods, verdict.states, strict=True):
        periods.append(
            {
                "offered": period.offered,
                "sent": period.sent,
                "dropped": period.dropped,
                "answered": len(period.response_times),
                "errors": dict(period.errors),
                "mean_seconds": mean(period.response_times),
                "p99_seconds": quantile(period.response_times, 0.99),
                "wait_p99_seconds": quantile(period.waits, 0.99),
                "lateness_p99_seconds": quantile(period.lateness, 0.99),
                "generator_cpu_percent": period.cpu_percent,
                "alarm_state": state,
            }
        )
    return {
        "alarm": asdict(alarm),
        "period_seconds": measured.period_seconds,
        "periods": periods,
        "errors": dict(total(period.errors for period in measured.periods)),
    }


def write(report: Report, directory: Path) -> None:
    """Write load.json and load.junit.xml into the directory, made if needed.

    Each by rename, so that no reader sees half of it. The JSON has what every tier's has (`tier`,
    `complete`, and per test its requirement, outcome, message, environment and target) and the
    figures behind it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    target = "emulator" if is_loopback(urlsplit(report.host).hostname) else "staging"
    document = {
        "tier": "load",
        "complete": not report.partial,
        "outcome": report.outcome,
        "environment": report.environment,
        "host": report.host,
        "tests": [
            {
                "test": f"tests/load::{result.requirement}",
                "environment": report.environment,
                "target": target,
                **asdict(result),
            }
            for result in report.results
        ],
        "figures": report.figures,
    }
    junit = ElementTree.tostring(_junit(report), encoding="unicode", xml_declaration=True)
    _replace(directory / "load.json", json.dumps(document, indent=2) + "\n")
    _replace(directory / "load.junit.xml", junit + "\n")


def read(directory: Path) -> Report | None:
    """The report written there, None when there is none."""
    try:
        document = json.loads((directory / "load.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    names = [each.name for each in fields(Result)]
    return Report(
        environment=document["environment"],
        host=document["host"],
        results=tuple(Result(**{name: test[name] for name in names}) for test in document["tests"]),
        partial=not document["complete"],
        figures=document["figures"],
    )


def discard(directory: Path) -> None:
    """Remove an earlier run's report, so that it cannot be taken for this run's."""
    for name in ("load.json", "load.junit.xml"):
        (directory / name).unlink(missing_ok=True)


def _message(requirement: Requirement, where: str, verdict: Verdict) -> str:
    """The suite's failure format; what has found nothing wrong does not say how to fix it."""
    if verdict.outcome == "fail":
        return failure_text(requirement, Violation(where, verdict.expected, verdict.actual))
    head = f"{requirement.id} [{requirement.severity}] {requirement.title}"
    return f"{head}\n  where     {where}\n  actual    {verdict.actual}"


def _replace(path: Path, content: str) -> None:
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(content, encoding="utf-8")
    scratch.replace(path)


def _junit(report: Report) -> ElementTree.Element:
    def count(outcomes: Sequence[Outcome]) -> str:
        return str(sum(result.outcome in outcomes for result in report.results))

    suite = ElementTree.Element(
        "testsuite",
        name="load",
        tests=str(len(report.results)),
        failures=count(["fail"]),
        errors=count(["invalid"]),
        skipped=count(["not_provable"]),
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name in ("environment", "host", "partial"):
        ElementTree.SubElement(properties, "property", name=name, value=str(getattr(report, name)))
    tags = {"fail": "failure", "invalid": "error", "not_provable": "skipped"}
    for result in report.results:
        case = ElementTree.SubElement(
            suite, "testcase", classname="tests.load", name=f"{result.requirement} {result.title}"
        )
        if result.outcome in tags:
            tag = ElementTree.SubElement(case, tags[result.outcome], message=result.actual)
            tag.text = result.message
    root = ElementTree.Element("testsuites")
    root.append(suite)
    return root
