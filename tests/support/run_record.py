"""The pytest plugin that keeps every test's outcome, sums them up and writes the tier's record."""

from __future__ import annotations

import os
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support import provenance, staging
from tests.support.catalogue import Catalogue, Place
from tests.support.project import ROOT
from tests.support.report import CHECKLIST, Record, Verdict, for_people, write
from tests.support.target import DEFAULT_ENVIRONMENT

TIERS = {"static": ROOT / "tests" / "unit", "integration": ROOT / "tests" / "integration"}
# Options of pytest's that leave tests out, as they are typed; `environment` is the suite's own.
_NARROWING = {
    "markexpr": "-m",
    "keyword": "-k",
    "deselect": "--deselect",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
    "lf": "--last-failed",
    "stepwise": "--stepwise",
}
# What the suite's own runs set (pytest makes it of `--strict-…`) and which plugins they switch off:
# these leave no test out.
_SETTINGS = ("strict_config", "strict_markers")
_PLUGINS = ("no:cacheprovider", "no:hypothesispytest")
_TEST = re.compile(r"^def (test\w*)", re.MULTILINE)
# Where, below the reports, the records of the last runs lie that went wrong.
FAILURES, MOST_FAILURES = "failures", 20
# Whether the run leaves out a test that was collected.
_PARTIAL = pytest.StashKey[bool]()
_REACHED = pytest.StashKey[str]()


def reached(config: pytest.Config) -> str:
    """What `--target` leads to, as records call it; found out once a run."""
    if _REACHED not in config.stash:
        config.stash[_REACHED] = staging.reached(config.getoption("--target"))
    return config.stash[_REACHED]


def report_places(config: pytest.Config) -> list[Path]:
    """The directories that reports of this run go into."""
    own = [Path(config.getoption("--reports"))] if os.environ.get("SUITE_TIER") else []
    junit = getattr(config.option, "xmlpath", None)
    return [*own, Path(junit).parent] if junit else own


def narrowed(config: pytest.Config, tier: str) -> list[str]:
    """What keeps the run from being a whole one of the tier, in words of the command line."""
    chosen = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    found = [
        f"{typed} {_shown(value)}".rstrip()
        for option, typed in _NARROWING.items()
        if (value := config.getoption(option, None))
    ]
    # Settings other than the suite's, and plugins, decide what is collected at all.
    names = [one.partition("=")[0] for one in config.getoption("override_ini", None) or ()]
    found += [f"-o {name}" for name in names if name not in _SETTINGS]
    if settings := config.getoption("inifilename", None):
        found.append(f"-c {Path(settings).name}")
    plugins = config.getoption("plugins", None) or ()
    found += [f"-p {one}" for one in plugins if one not in _PLUGINS]
    # The other tiers look at one environment at a time.
    if tier == "static" and (environment := config.getoption("environment")):
        found.append(f"--environment {environment}")
    if not any(TIERS[tier].is_relative_to(path) for path in chosen):
        found.append(f"only {', '.join(_below(path) for path in chosen)}")
    if config.stash.get(_PARTIAL, False) and not found:
        found.append("tests were deselected")
    return found


def without_result(tier: str, tests: Iterable[str], root: Path) -> list[str]:
    """What a run left out without being told to, in one line; none if it left nothing out.

    `tests` are the ids of the tests that have a result, below `root`; each function of the tier's
    modules must be among them.
    """
    parts = [one.partition("[")[0].split("::") for one in tests]
    seen = {((root / file).resolve(), names[-1]) for file, *names in parts if names}
    written = {
        (path, name)
        for path in TIERS[tier].rglob("test_*.py")
        for name in _TEST.findall(path.read_text(encoding="utf-8"))
    }
    if not (left := sorted(written - seen)):
        return []
    path, name = left[0]
    more = f" and {len(left) - 1} more" if left[1:] else ""
    return [f"no result of {_below(path)}::{name}{more}"]


def _shown(value: object) -> str:
    match value:
        case bool():
            return ""
        case list():
            return ", ".join(_below(Path(one)) for one in value)
    return str(value)


def _below(path: Path) -> str:
    """The path within the project; of one outside, the name alone."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


class Outcomes:
    """Collects every test's outcome, summarises and writes them."""

    def __init__(self, config: pytest.Config, read: Callable[[pytest.Config], Catalogue]) -> None:
        self.config = config
        self.read = read
        self.records: dict[str, Record] = {}
        self.waived: list[Record] = []
        self.tier = os.environ.get("SUITE_TIER")
        self.begun = provenance.begin(Path(config.getoption("--stack"))) if self.tier else None
        self.target = reached(config)
        self.uncollected = False

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember that tests could not be collected, which need not end the run."""
        self.uncollected |= report.failed

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Remember that the run leaves tests out."""
        self.config.stash[_PARTIAL] = self.config.stash.get(_PARTIAL, False) or bool(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep each test's outcome, and that of a phase around it only if it is not a pass."""
        verdict = _verdict(report)
        if report.when != "call" and verdict is Verdict.passed:
            return
        details: dict[str, Any] = dict(report.user_properties)
        record = Record(
            test=report.nodeid,
            requirement=details.get("requirement"),
            place=details.get("place"),
            outcome=verdict,
            message="" if verdict is Verdict.passed else _message(report),
            environment=details.get("environment"),
            target=details.get("target"),
        )
        self.records[report.nodeid] = record
        self.waived += [
            replace(record, outcome=Verdict.waived, message=str(value))
            for name, value in report.user_properties
            if name == "waived"
        ]

    def with_outcome(self, verdict: Verdict) -> dict[str, list[str]]:
        """The tests that ended so, by message."""
        groups = defaultdict(list)
        for record in self.records.values():
            if record.outcome is verdict:
                groups[record.message].append(record.test)
        return groups

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """List what could not be judged, each reason once, and what cannot be proven here."""
        for title, verdict in (
            ("INVALID: the run could not judge", Verdict.invalid),
            ("NOT PROVABLE HERE", Verdict.not_provable),
        ):
            groups = self.with_outcome(verdict)
            if groups:
                terminalreporter.section(title)
            for message, tests in groups.items():
                more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
                terminalreporter.write_line(f"{message}\n    {tests[0]}{more}")
        waived = {record.message for record in self.waived} | set(self.with_outcome(Verdict.waived))
        if waived:
            terminalreporter.section("WAIVED: accepted in tests/waivers.yaml")
            terminalreporter.write_line(f"{len(waived)} accepted, each with its reason in reports/")
        if self.tier and self.records:
            left = for_people(self.read(self.config).requirements)
            terminalreporter.section("FOR PEOPLE: no machine can prove these")
            terminalreporter.write_line(f"{', '.join(one.id for one in left)}: {CHECKLIST}")

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the tier's record; an interrupted one says that it is partial."""
        if self.tier and self.begun and self.records:
            complete = _ran_to_the_end(session, exitstatus) and not self.uncollected
            path = write(
                Path(self.config.getoption("--reports")),
                self.tier,
                [*self.records.values(), *self.waived],
                complete=complete,
                requirements=self.read(self.config).requirements,
                provenance=self.provenance(self.tier, self.begun, complete),
            )
            outcomes = {record.outcome for record in self.records.values()}
            if not complete or outcomes & {Verdict.failed, Verdict.invalid}:
                _keep(path)

    def provenance(self, tier: str, begun: provenance.Begun, complete: bool) -> dict[str, Any]:
        """Where and when this run's results came to be."""
        deployed = tier != "static"
        environment = self.config.getoption("--environment") or DEFAULT_ENVIRONMENT
        return provenance.describe(
            begun,
            {Place(record.place) for record in self.records.values() if record.place},
            target=self.target if deployed else None,
            environment=environment if deployed else None,
            narrowed=self.left_out(tier, complete) if tier in TIERS else (),
        )

    def left_out(self, tier: str, complete: bool) -> list[str]:
        """Why the run is not a whole one of the tier; empty if it is, or was cut short."""
        told = narrowed(self.config, tier)
        if told or not complete:
            return told
        return without_result(tier, self.records, self.config.rootpath)


def _keep(record: Path) -> None:
    """Keep the record of a run that went wrong: what happens once in many runs is written over."""
    place = record.parent / FAILURES
    place.mkdir(exist_ok=True)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    shutil.copyfile(record, place / f"{record.stem}-{moment}.json")
    for old in sorted(place.glob(f"{record.stem}-*.json"))[:-MOST_FAILURES]:
        old.unlink(missing_ok=True)


def _verdict(report: pytest.TestReport) -> Verdict:
    """The outcome that was told with the report; one that none was told with is no pass by that.

    A process that dies under a test (`-n`) leaves a failure of nobody's telling.
    """
    told = getattr(report, "verdict", None)
    by_itself = {"passed": Verdict.passed, "skipped": Verdict.not_provable}
    return Verdict(told) if told else by_itself.get(report.outcome, Verdict.invalid)


def _message(report: pytest.TestReport) -> str:
    """What the report says, without the line about the process that ran the test (`-n`)."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    text = report.longreprtext
    return text.partition("\n")[2].strip() if hasattr(report, "node") else text


def _ran_to_the_end(session: pytest.Session, exitstatus: int) -> bool:
    """Whether no test was left out for what happened to another, as `-x` does."""
    finished = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    return finished and not session.shouldfail and not session.shouldstop
