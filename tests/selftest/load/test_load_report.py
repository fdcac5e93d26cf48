"""Reports keep the outcomes apart and say when they are partial."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest

from tests.load import report
from tests.load.gate import Outcome, Verdict
from tests.load.report import Report, Result
from tests.support import report as support_report
from tests.support.catalogue import Place, Requirement, Severity
from tests.support.outcomes import Violation
from tests.support.report import Record, failure_text

pytestmark = pytest.mark.selftest

REQUIREMENT = Requirement(
    id="LOAD-02",
    title="The alarm stays quiet",
    severity=Severity.high,
    section="Monitoring",
    why="because it pages people",
    fix="make it faster",
    expected={},
    controls=("PERF05",),
    proven=(Place.load,),
)
RESULT = Result.of(REQUIREMENT, "arn:alarm", Verdict("fail", "quiet", "loud"))


def outcomes(*seen: Outcome) -> Report:
    """A report with one result per outcome."""
    results = [
        dataclasses.replace(RESULT, outcome=one, requirement=f"LOAD-{number:02}")
        for number, one in enumerate(seen)
    ]
    return Report("staging", "http://127.0.0.1", tuple(results))


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (["pass", "pass"], 0),
        (["pass", "not_provable"], 0),
        (["pass", "fail"], 1),
        (["invalid", "fail"], 1),
        (["pass", "invalid"], 3),
        (["not_provable"], 3),
        ([], 3),
    ],
    ids=str,
)
def test_the_exit_code_is_the_worst_outcomes(seen: list[Outcome], code: int) -> None:
    assert outcomes(*seen).exit_code == code


def test_a_failure_reads_as_the_suites_failures_do() -> None:
    violation = Violation("arn:alarm", "quiet", "loud")
    assert report.told(RESULT) == f"fail: {failure_text(REQUIREMENT, violation)}"


def test_a_report_has_what_every_tiers_report_has(tmp_path: Path) -> None:
    report.write(outcomes("fail"), tmp_path)
    document = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    assert (document["tier"], document["complete"]) == ("load", True)
    assert {field.name for field in dataclasses.fields(Record)} <= set(document["tests"][0])


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_the_load_tier_knows_only_the_suites_outcomes(outcome: str) -> None:
    assert outcome in set(support_report.Verdict)


def test_junit_tells_the_outcomes_apart(tmp_path: Path) -> None:
    report.write(outcomes("pass", "fail", "invalid", "not_provable"), tmp_path)
    suite = ElementTree.parse(tmp_path / "load.junit.xml").getroot()[0]
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        "4",
        "1",
        "1",
        "1",
    ]
    found = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert found == [[], ["failure"], ["error"], ["skipped"]]


def test_a_report_survives_being_written_and_completed(tmp_path: Path) -> None:
    report.write(outcomes("pass"), tmp_path)
    found = report.read(tmp_path)
    assert found == outcomes("pass")
    complete = found.with_result(RESULT, partial=True)
    assert (complete.partial, complete.outcome, len(complete.results)) == (True, "fail", 2)


def test_an_earlier_report_is_not_taken_for_this_runs(tmp_path: Path) -> None:
    report.write(outcomes("pass"), tmp_path)
    report.discard(tmp_path)
    assert report.read(tmp_path) is None
