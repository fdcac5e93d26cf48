"""What a load run leaves behind: load.json, load.xml (JUnit), load.html, and what it tells."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.load.hosts import UsageError
from tests.load.verdict.claims import Claim
from tests.load.verdict.gate import Judgement
from tests.support.catalogue import Place, Requirement
from tests.support.outcomes import SuiteError, Violation
from tests.support.project import unwritable, write_whole
from tests.support.report import Record, Verdict, failure_text

EXIT_CODES = {Verdict.passed: 0, Verdict.failed: 1, Verdict.invalid: 3}
USAGE = 2
FILES = ("load.json", "load.xml")
PAGE = "load.html"  # made of the first by page.py
# What decides the run as a whole, the worst first; the others decide nothing.
_DECIDING = (Verdict.failed, Verdict.invalid, Verdict.passed)
_JUNIT_TAGS = {
    Verdict.failed: "failure",
    Verdict.invalid: "error",
    Verdict.not_provable: "skipped",
    Verdict.waived: "skipped",
}


@dataclass(frozen=True)
class Result(Record):
    """One requirement's outcome in one scenario; `message` tells it to people."""

    title: str
    where: str
    expected: str
    actual: str
    scenario: str = "steady"


@dataclass(frozen=True)
class Report:
    """A run on an environment at `host`, its results and the figures behind them.

    `target` is `emulator` or `staging`, as everywhere in the suite; `partial` says that the run
    was cut short. `scenario` is the one that is run, and `figures` its numbers; `earlier` has those
    of scenarios that were run before it, by name. `provenance` says where and when, as in the
    other tiers' reports.
    """

    environment: str
    target: str
    host: str = ""
    results: tuple[Result, ...] = ()
    partial: bool = False
    figures: dict[str, Any] = field(default_factory=dict)
    scenario: str = "steady"
    earlier: dict[str, dict[str, Any]] = field(default_factory=dict)
    provenance: dict[str, Any] | None = None

    @property
    def outcome(self) -> Verdict:
        """The worst result; a run without results, or with nothing proven, is invalid."""
        seen = {result.outcome for result in self.results}
        return next((outcome for outcome in _DECIDING if outcome in seen), Verdict.invalid)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 invalid."""
        return EXIT_CODES[self.outcome]

    def with_result(self, requirement: Requirement, where: str, judgement: Judgement) -> Report:
        """The same report with the judgement on this requirement added or replaced.

        Of another scenario's judgement on it, this one takes no place.
        """
        test = f"tests/load::{self.scenario}::{requirement.id}"
        others = [other for other in self.results if other.test != test]
        result = Result(
            test=test,
            requirement=requirement.id,
            place=Place.load,
            outcome=judgement.outcome,
            message=_message(requirement, where, judgement),
            environment=self.environment,
            target=self.target,
            title=requirement.title,
            where=where,
            expected=judgement.expected,
            actual=judgement.actual,
            scenario=self.scenario,
        )
        return replace(self, results=tuple(sorted((*others, result), key=lambda one: one.test)))

    def with_claims(self, claims: Iterable[Claim], find: Callable[[str], Requirement]) -> Report:
        """The same report with the judgement on each claim of its scenario."""
        found = self
        for claim in claims:
            found = found.with_result(find(claim.requirement), claim.where, claim.judgement)
        return found

    def with_unjudged(self, requirement: Requirement, where: str, reason: str) -> Report:
        """The same report, in which a requirement that has no result is invalid for this reason."""
        known = {(result.requirement, result.scenario) for result in self.results}
        if (requirement.id, self.scenario) in known:
            return self
        judgement = Judgement(Verdict.invalid, "a run that can judge", reason)
        return self.with_result(requirement, where, judgement)

    def cut_short(self) -> Report:
        """The same report, which says that it is partial."""
        return replace(self, partial=True)

    @property
    def scenarios(self) -> dict[str, dict[str, Any]]:
        """The figures of every scenario that has any, by name, in the order they were run."""
        own = {self.scenario: self.figures} if self.figures else {}
        return {**self.earlier, **own}

    def after(self, before: Report) -> Report:
        """One report of two runs, one after the other, on the same environment."""
        return replace(
            self,
            results=(*before.results, *self.results),
            partial=before.partial or self.partial,
            earlier={**before.scenarios, **self.earlier},
        )


def told(result: Result) -> str:
    """One result for people, its outcome first."""
    return f"{result.outcome.replace('_', ' ')}: {result.message}"


def succeeded(report: Report) -> int:
    """How many answers that visitors want the generator got in the last scenario."""
    periods = report.figures.get("periods", [])
    return sum(period["sent"] - sum(period["errors"].values()) for period in periods)


def write(report: Report, directory: Path) -> None:
    """Write load.json and load.xml into the directory, made if needed.

    Each by rename, so that no reader sees half of it. The JSON has what every tier's has (`tier`,
    `complete`, `provenance`, and per test its requirement, outcome, message, environment and
    target), the figures of the last scenario and, under `scenarios`, of each by name.
    """
    directory.mkdir(parents=True, exist_ok=True)
    document = {
        "tier": "load",
        "complete": not report.partial,
        "provenance": report.provenance,
        "outcome": report.outcome,
        "environment": report.environment,
        "target": report.target,
        "host": report.host,
        "scenario": report.scenario,
        "tests": [asdict(result) for result in report.results],
        "figures": report.figures,
        "scenarios": report.scenarios,
    }
    junit = ElementTree.tostring(_junit(report), encoding="unicode", xml_declaration=True)
    try:
        for name, content in zip(FILES, (json.dumps(document, indent=1), junit), strict=True):
            write_whole(directory / name, content + "\n")
    except OSError as error:
        raise unwritable(directory, error) from error


def kept(found: Report, directory: Path) -> bool:
    """Whether the report could be written; a verdict that is not kept is none.

    Nothing is raised: Locust would never be told to end.
    """
    try:
        write(found, directory)
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return False
    return True


def read(directory: Path) -> Report | None:
    """The report written there, None when there is none."""
    try:
        document = json.loads((directory / FILES[0]).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    figures, scenarios = document["figures"], document["scenarios"]
    scenario = document["scenario"]
    return Report(
        environment=document["environment"],
        target=document["target"],
        host=document["host"],
        results=tuple(
            Result(**{**test, "outcome": Verdict(test["outcome"])}) for test in document["tests"]
        ),
        partial=not document["complete"],
        figures=figures,
        scenario=scenario,
        earlier={name: one for name, one in scenarios.items() if name != scenario},
        provenance=document["provenance"],
    )


def prepare(directory: Path) -> None:
    """Make the directory and remove an earlier run's report, lest it be taken for this run's.

    Raises UsageError when nothing can be written there.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in (*FILES, PAGE):
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"--reports {directory}: {error.strerror}") from error


def _message(requirement: Requirement, where: str, judgement: Judgement) -> str:
    """The suite's failure format; what has found nothing wrong does not say how to fix it."""
    if judgement.outcome is Verdict.failed:
        return failure_text(requirement, Violation(where, judgement.expected, judgement.actual))
    head = f"{requirement.id} [{requirement.severity}] {requirement.title}"
    return f"{head}\n  where     {where}\n  actual    {judgement.actual}"


def _junit(report: Report) -> ElementTree.Element:
    def count(tag: str) -> str:
        return str(sum(_JUNIT_TAGS.get(result.outcome) == tag for result in report.results))

    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name="load",
        tests=str(len(report.results)),
        failures=count("failure"),
        errors=count("error"),
        skipped=count("skipped"),
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name in ("environment", "target", "host", "partial"):
        ElementTree.SubElement(properties, "property", name=name, value=str(getattr(report, name)))
    for result in report.results:
        name = f"{result.requirement} {result.title}"
        scenario = f"tests.load.{result.scenario}"
        case = ElementTree.SubElement(suite, "testcase", classname=scenario, name=name)
        if tag := _JUNIT_TAGS.get(result.outcome):
            ElementTree.SubElement(case, tag, message=result.actual).text = result.message
    return root
