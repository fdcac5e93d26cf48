"""Reports keep the outcomes apart and say when they are partial."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.load.hosts import UsageError
from tests.load.report import page, report
from tests.load.report.report import Report
from tests.load.verdict.gate import Judgement
from tests.selftest.load import reported
from tests.selftest.load.observations import STEADY
from tests.support.catalogue import Place, Requirement, Severity
from tests.support.outcomes import SuiteError, Violation
from tests.support.report import Record, Verdict, failure_text

pytestmark = pytest.mark.selftest

REQUIREMENT = Requirement(
    id="LOAD-02",
    title="The alarm stays quiet",
    severity=Severity.high,
    section="Monitoring",
    why="because it pages people",
    fix="make it faster",
    expected={},
    controls=("Well-Architected PERF05-BP04",),
    proven=(Place.load,),
)
EMPTY = Report("staging", "emulator", "http://127.0.0.1:3000")


def outcomes(*seen: str) -> Report:
    """A report with one result per outcome, on LOAD-00 and so on."""
    found = EMPTY
    for number, outcome in enumerate(seen):
        requirement = REQUIREMENT.model_copy(update={"id": f"LOAD-{number:02}"})
        found = found.with_result(
            requirement, "arn:alarm", Judgement(Verdict(outcome), "quiet", "loud")
        )
    return found


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (["pass", "pass"], 0),
        (["pass", "not_provable"], 0),
        (["pass", "waived"], 0),
        (["pass", "fail"], 1),
        (["invalid", "fail"], 1),
        (["pass", "invalid"], 3),
        (["not_provable"], 3),
        (["waived"], 3),
        ([], 3),
    ],
    ids=str,
)
def test_the_exit_code_is_the_worst_outcomes(seen: list[str], code: int) -> None:
    assert outcomes(*seen).exit_code == code


def test_a_failure_reads_as_the_suites_failures_do() -> None:
    judgement = Judgement(Verdict.failed, "quiet", "loud")
    (result,) = EMPTY.with_result(REQUIREMENT, "arn:alarm", judgement).results
    violation = Violation("arn:alarm", "quiet", "loud")
    assert report.told(result) == f"fail: {failure_text(REQUIREMENT, violation)}"


def test_a_report_has_what_every_tiers_report_has(tmp_path: Path) -> None:
    report.write(outcomes("fail"), tmp_path)
    document = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    assert (document["tier"], document["complete"]) == ("load", True)
    assert {field.name for field in dataclasses.fields(Record)} <= set(document["tests"][0])
    assert (document["tests"][0]["target"], document["outcome"]) == ("emulator", "fail")


def test_junit_tells_the_outcomes_apart(tmp_path: Path) -> None:
    report.write(outcomes("pass", "fail", "invalid", "not_provable"), tmp_path)
    suite = ElementTree.parse(tmp_path / "load.xml").getroot()[0]
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["4", "1", "1", "1"]
    found = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert found == [[], ["failure"], ["error"], ["skipped"]]


def test_a_report_survives_being_written_and_read(tmp_path: Path) -> None:
    report.write(outcomes("pass", "not_provable"), tmp_path)
    assert report.read(tmp_path) == outcomes("pass", "not_provable")


def test_a_report_cut_short_says_so_when_read_again(tmp_path: Path) -> None:
    report.write(outcomes("pass").cut_short(), tmp_path)
    found = report.read(tmp_path)
    assert found is not None
    assert found.partial


def test_a_later_result_replaces_the_earlier_on_the_same_requirement() -> None:
    first = EMPTY.with_result(REQUIREMENT, "arn:alarm", Judgement(Verdict.passed, "", ""))
    second = first.with_result(REQUIREMENT, "arn:alarm", Judgement(Verdict.failed, "", ""))
    assert [result.outcome for result in second.results] == [Verdict.failed]


def test_a_requirement_without_a_result_is_invalid_and_one_with_it_keeps_it() -> None:
    other = REQUIREMENT.model_copy(update={"id": "LOAD-01"})
    judged = EMPTY.with_result(REQUIREMENT, "arn:alarm", Judgement(Verdict.passed, "", ""))
    found = judged.with_unjudged(REQUIREMENT, "here", "why").with_unjudged(other, "here", "why")
    assert [result.outcome for result in found.results] == [Verdict.invalid, Verdict.passed]


def test_scenarios_that_were_run_one_after_the_other_make_one_report(tmp_path: Path) -> None:
    quiet = dataclasses.replace(outcomes("pass"), figures={"periods": [1]})
    loud = dataclasses.replace(EMPTY, scenario="breach", figures={"periods": [2]})
    judged = loud.with_result(REQUIREMENT, "arn:alarm", Judgement(Verdict.failed, "", ""))
    report.write(judged.after(quiet), tmp_path)
    found = report.read(tmp_path)
    assert found == judged.after(quiet)
    assert (found.outcome, found.scenarios) == (
        "fail",
        {"steady": {"periods": [1]}, "breach": {"periods": [2]}},
    )


def test_a_run_cut_short_cuts_the_whole_report_short() -> None:
    breach = dataclasses.replace(EMPTY, scenario="breach")
    assert breach.after(outcomes("pass").cut_short()).partial


def test_each_scenario_keeps_its_own_judgement_on_a_requirement() -> None:
    breach = dataclasses.replace(outcomes("pass"), scenario="breach")
    found = breach.with_unjudged(REQUIREMENT.model_copy(update={"id": "LOAD-00"}), "here", "why")
    assert {result.test: result.outcome for result in found.results} == {
        "tests/load::breach::LOAD-00": Verdict.invalid,
        "tests/load::steady::LOAD-00": Verdict.passed,
    }


def test_junit_has_a_case_for_each_claim_of_each_scenario(tmp_path: Path) -> None:
    breach = dataclasses.replace(EMPTY, scenario="breach")
    judged = breach.with_result(REQUIREMENT, "arn:alarm", Judgement(Verdict.passed, "", ""))
    report.write(judged.after(outcomes("pass")), tmp_path)
    cases = ElementTree.parse(tmp_path / "load.xml").getroot().iter("testcase")
    assert [case.get("classname") for case in cases] == ["tests.load.steady", "tests.load.breach"]


def test_an_earlier_report_is_not_taken_for_this_runs(tmp_path: Path) -> None:
    report.write(outcomes("pass"), tmp_path)
    (tmp_path / report.PAGE).touch()
    report.prepare(tmp_path)
    assert report.read(tmp_path) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("file", report.FILES)
def test_a_report_that_cannot_be_written_is_one_error(file: str, tmp_path: Path) -> None:
    (tmp_path / file).mkdir()
    with pytest.raises(SuiteError, match=f"cannot write {tmp_path}: Is a directory; free some"):
        report.write(outcomes("pass"), tmp_path)


def test_a_page_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    report.write(reported.of(STEADY), tmp_path)
    (tmp_path / report.PAGE).mkdir()
    with pytest.raises(SuiteError, match=f"cannot write {tmp_path / report.PAGE}: Is a directory"):
        page.write(tmp_path / report.FILES[0])


def test_a_report_directory_that_cannot_be_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--reports"):
        report.prepare(tmp_path / "file" / "reports")
