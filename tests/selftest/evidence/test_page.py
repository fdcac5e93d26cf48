"""The page says plainly what is proven and what not, and nothing in it can run."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.evidence import rendering
from tests.evidence.model import Evidence, Standing
from tests.selftest.evidence.conftest import chromium
from tests.selftest.evidence.documents import (
    CHECKOUT,
    DEPLOYED,
    PLAN,
    evidence,
    outcome,
    report,
)
from tests.support.outcomes import Invalid
from tests.support.waivers import Waiver, Waivers

pytestmark = pytest.mark.selftest

EXPIRED = Waiver(
    check="CKV_AWS_18",
    addresses=("module.logs.aws_s3_bucket.this",),
    file="modules/bucket/main.tf",
    reason="A log of the log would need a bucket of its own.",
    owner="DevOps",
    expires="2026-11-28",
)


def text(found: Evidence) -> str:
    """What a reader reads: the page without its tags."""
    body = rendering.page(found).partition("<body>")[2].partition("<script>")[0]
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", body)).split())


@pytest.mark.parametrize(
    ("reports", "says"),
    [
        pytest.param([PLAN, DEPLOYED, report("load", outcome("load"))],
                     "1 of 1 requirements that a machine can prove are proven", id="all"),
        pytest.param([], "0 of 1 requirements that a machine can prove are proven. 1 is not proven",
                     id="nothing"),
        pytest.param([report("static", outcome("plan", "fail")), DEPLOYED], "1 fails", id="fail"),
        pytest.param([PLAN, DEPLOYED], "1 more requirement is for people: this page proves none",
                     id="people"),
        pytest.param([PLAN], "There is no such report: the integration tier did not run",
                     id="missing"),
        pytest.param([{**PLAN, "complete": False}], "it was cut short", id="partial"),
        pytest.param([report("static", provenance={"commit": "0" * 40})],
                     "it is of commit 000000000000, and aaaaaaaaaaaa is checked out", id="stale"),
        pytest.param([report("static", outcome(requirement="NET-99"))],
                     "1 result names no requirement of the catalogue", id="stray"),
        pytest.param([{**PLAN, "provenance": None}], "The report does not say", id="unknown"),
    ],
)  # fmt: skip
def test_page_says_what_is_proven_and_what_not(reports: list[dict[str, Any]], says: str) -> None:
    assert says in text(evidence(*reports))


@pytest.mark.parametrize("tier", ["static", "integration", "load"])
def test_page_says_where_and_when(tier: str) -> None:
    found = text(evidence(report(tier, outcome("deployed"))))
    assert "2026-11-29 11:00 UTC for 240 s" in found
    assert "Python 3.11.7" in found


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("emulator", "emulator, staging account 123456789012 (emulated)"),
        ("emulator elsewhere", "emulator elsewhere, staging account 123456789012 (emulated)"),
        ("staging", "staging, staging account 123456789012 2026"),
    ],
)
def test_page_says_on_what_target_and_in_which_account(target: str, says: str) -> None:
    seen = report("integration", outcome("deployed"), provenance={"target": target})
    assert says in text(evidence(seen))


def test_page_does_not_say_that_all_is_well_where_results_are_weak() -> None:
    sign = "Not every result here is a proof of what is checked out"
    whole = [PLAN, DEPLOYED, report("load", outcome("load"))]
    assert sign not in text(evidence(*whole))
    assert sign in text(evidence(*whole[:2]))


def test_page_says_that_changes_are_not_committed() -> None:
    dirty = CHECKOUT.model_copy(update={"dirty": True})
    assert "commit aaaaaaaaaaaa with uncommitted changes" in text(evidence(checkout=dirty))


def test_page_says_which_waiver_has_expired() -> None:
    found = text(evidence(waivers=Waivers(waivers=(EXPIRED,))))
    assert "does not hold expired on 2026-11-28" in found


def test_page_says_that_a_waived_result_counts_as_a_failure() -> None:
    waived = outcome("plan", "waived", message="x: y (DevOps, until 2026-11-28)")
    found = text(evidence(report("static", waived)))
    assert "The waiver expired on 28 November 2026. plan ~ waived counts as fail" in found


def test_page_says_that_nobody_measured_the_tests() -> None:
    assert "There is no mutants.json : whether the tests would notice" in text(evidence())


@pytest.mark.parametrize("hostile", ["<script>x()</script>", '" onclick="x()', "</table>&lt;"])
def test_nothing_of_a_report_becomes_markup(hostile: str) -> None:
    found = report("static", outcome("plan", "fail", message=hostile, test=hostile))
    page = rendering.page(evidence(found))
    assert hostile not in page
    assert page.count("<script>") == 1


def test_page_names_nothing_to_fetch() -> None:
    page = rendering.page(evidence(PLAN, DEPLOYED))
    assert not re.findall(r"(?:src|href)=\"(?!#)[^\"]*\"|url\(|@import|https?://", page)


def test_every_standing_has_a_label_of_its_own() -> None:
    assert set(rendering.MEANINGS) == set(Standing)
    assert len({one.label for one in rendering.MEANINGS.values()}) == len(Standing)


def test_control_counts_as_its_worst_requirement() -> None:
    found = rendering.controls(evidence(report("static", outcome("plan", "fail")), DEPLOYED))
    assert [(row.control, row.standing) for row in found["NIST"]] == [("NIST SC-7", "failed")]


def test_page_that_no_browser_looked_at_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(Invalid, match="-m 'not browser'"):
        chromium()
