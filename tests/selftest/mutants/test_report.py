"""What has been judged is told as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import report
from tests.selftest.mutants.scripted import mutant, result

pytestmark = pytest.mark.selftest

RESULTS = {
    "killed": result("killed", checkov=["CKV_AWS_1 a.b"]),
    "survived": result("survived", "survived"),
    "equivalent": result("equivalent", "survived"),
    "invalid": result("invalid", "invalid", rejected_by="validate"),
    "unjudged": result("unjudged", "unjudged", reason="the tests took too long"),
}


@pytest.fixture
def told() -> dict[str, Any]:
    """The report on one mutant of each outcome, and on one that was not run."""
    names = [*RESULTS, "not run"]
    return report.document([mutant(n) for n in names], RESULTS, {"equivalent": "why"}, {})


def test_each_mutant_has_its_outcome(told: dict[str, Any]) -> None:
    assert [entry["outcome"] for entry in told["mutants"]] == [*RESULTS, "not run"]


def test_score_is_of_the_valid_ones_that_are_not_equivalent(told: dict[str, Any]) -> None:
    sums = told["summary"]["all"]
    assert (sums["valid"], sums["killed"], sums["survived"]) == (3, 1, 1)
    assert sums["score_percent"] == 50.0
    assert sums["checkov_alone"] == 1


def test_report_that_lacks_a_mutant_says_so(told: dict[str, Any]) -> None:
    assert told["complete"] is False


def test_table_has_a_row_for_each_category_and_one_for_all(told: dict[str, Any]) -> None:
    assert report.table(told).splitlines()[2:] == [
        "| security | 6 | 1 | 1 | 1 | plan 1 | 1 | 1 | 0 |",
        "| **all** | 6 | 1 | 1 | 1 | plan 1 | 1 | 1 | 0 |",
    ]


def test_report_is_json(told: dict[str, Any], tmp_path: Path) -> None:
    written = report.write(tmp_path / "reports", told)
    assert json.loads(written.read_text(encoding="utf-8")) == told
