"""A report is read as it was written, or refused with one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.evidence import reading
from tests.selftest.evidence.documents import PLAN, outcome, report
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

REFUSED = [
    pytest.param("{", "no JSON", id="cut-off"),
    pytest.param("", "no JSON", id="empty"),
    pytest.param("[]", "the document: Input should be", id="a-list"),
    pytest.param("[" * 100_000, "no JSON", id="nested-without-end"),
    pytest.param('{"tier": "static", "tier": "load"}', "a key is there twice", id="key-twice"),
    pytest.param('{"tier": "static", "complete": true}', "tests: Field required", id="no-tests"),
    pytest.param(
        json.dumps(report("static", outcome("plan", "passed"))),
        "tests.0.outcome: Input should be 'pass'",
        id="unknown-outcome",
    ),
    pytest.param(
        json.dumps(report("static", provenance={"started": "yesterday"})),
        "provenance.started: Input should be a valid datetime",
        id="no-time",
    ),
    pytest.param(
        json.dumps(report("static", provenance={"ended": "2026-11-29T11:04:00"})),
        "provenance.ended: Input should have timezone info",
        id="no-time-zone",
    ),
    pytest.param(
        json.dumps(report("static", provenance={"ended": "9999-12-31T23:59:59-14:00"})),
        "provenance.ended: Value error, no such time",
        id="no-time-in-UTC",
    ),
    pytest.param(json.dumps(PLAN).replace("NET-01", r"\ud800"), "no JSON", id="half-a-character"),
    pytest.param(json.dumps(report("load")), "the report is the load tier's", id="another-tiers"),
]


@pytest.mark.parametrize(("content", "says"), REFUSED)
def test_what_is_no_report_is_refused_in_one_line(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "static.json").write_text(content, encoding="utf-8")
    with pytest.raises(SuiteError) as refusal:
        reading.tier(tmp_path, "static")
    assert says in str(refusal.value)
    assert str(refusal.value).count("\n") == 0
    assert "static.json" in str(refusal.value)


def test_report_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "static.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(SuiteError, match=r"static\.json: no JSON"):
        reading.tier(tmp_path, "static")


def test_directory_in_the_place_of_a_report_is_refused(tmp_path: Path) -> None:
    (tmp_path / "static.json").mkdir()
    with pytest.raises(SuiteError, match="cannot read"):
        reading.tier(tmp_path, "static")


def test_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "static.json").write_text(json.dumps(PLAN), encoding="utf-8")
    found = reading.tier(tmp_path, "static")
    assert found is not None
    assert [test.requirement for test in found.tests] == ["NET-01"]


def test_no_report_is_none(tmp_path: Path) -> None:
    assert reading.tier(tmp_path, "static") is None
    assert reading.mutants(tmp_path) is None


def test_mutants_report_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mutants.json").write_text('{"mutants": [{}]}', encoding="utf-8")
    with pytest.raises(SuiteError, match=r"mutants\.json: mutants\.0\.id: Field required"):
        reading.mutants(tmp_path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{ROOT}/terraform/ecs.tf:3", "terraform/ecs.tf:3"),
        (f"cannot read {Path.home()}/.aws/config", "cannot read ~/.aws/config"),
    ],
)
def test_no_path_of_this_machine_is_left(text: str, shown: str) -> None:
    assert reading.without_places(text) == shown
