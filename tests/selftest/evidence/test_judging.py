"""Only what passed everywhere, wholly and on what is checked out, is proven."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evidence.model import Standing
from tests.selftest.evidence.documents import (
    CHECKOUT,
    DEPLOYED,
    PLAN,
    evidence,
    first,
    outcome,
    report,
)
from tests.support.waivers import Waiver, Waivers

pytestmark = pytest.mark.selftest

UNTIL = "found: accepted because it is so (Infrastructure, until {})"
OLD = "0" * 40


def standing(*reports: dict[str, Any], **changes: Any) -> Standing:
    """What is said of NET-01, which is to be proven in the plan and deployed."""
    return first(evidence(*reports, **changes)).standing


def test_requirement_that_passed_everywhere_is_proven() -> None:
    assert standing(PLAN, DEPLOYED) is Standing.proven


@pytest.mark.parametrize(
    ("plan", "deployed", "worst"),
    [
        ("pass", "fail", "failed"),
        ("fail", "pass", "failed"),
        ("invalid", "fail", "failed"),
        ("pass", "invalid", "invalid"),
        ("not_provable", "invalid", "invalid"),
        ("pass", "not_provable", "not_provable"),
    ],
)
def test_worst_outcome_over_places_wins(plan: str, deployed: str, worst: str) -> None:
    found = standing(
        report("static", outcome("plan", plan)),
        report("integration", outcome("deployed", deployed)),
    )
    assert found == worst


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        (["pass", "fail"], "failed"),
        (["invalid", "pass"], "invalid"),
        (["pass", "not_provable"], "not_provable"),
    ],
    ids=str,
)
def test_worst_outcome_of_a_places_tests_wins(outcomes: list[str], worst: str) -> None:
    tests = [outcome("plan", one, test=f"test_{one}") for one in outcomes]
    assert standing(report("static", *tests), DEPLOYED) == worst


@pytest.mark.parametrize(
    "reports",
    [
        pytest.param([], id="nothing"),
        pytest.param([PLAN], id="a-tier-missing"),
        pytest.param([PLAN, report("integration")], id="a-report-without-results"),
        pytest.param(
            [PLAN, report("integration", outcome("deployed", requirement="NET-02"))],
            id="results-of-others-only",
        ),
        pytest.param(
            [PLAN, report("integration", outcome("plan"))], id="results-in-another-place-only"
        ),
    ],
)
def test_what_has_no_result_is_not_run(reports: list[dict[str, Any]]) -> None:
    assert standing(*reports) is Standing.not_run


def test_missing_tier_is_shown_as_missing() -> None:
    found = evidence(PLAN, DEPLOYED).runs
    assert {run.tier: run.missing for run in found} == {
        "static": False,
        "integration": False,
        "load": True,
    }


STALE = [
    pytest.param({"provenance": {"commit": OLD}}, "it is of commit 000000000000", id="commit"),
    pytest.param({"provenance": {"commit": None}}, "no commit is known", id="no-commit"),
    pytest.param({"provenance": {"stack_hash": OLD}}, "the stack has changed", id="stack"),
    pytest.param({"provenance": {"dirty": True}}, "uncommitted changes when", id="dirty-then"),
]


@pytest.mark.parametrize(("change", "says"), STALE)
def test_pass_of_something_else_than_what_is_checked_out_is_stale(
    change: dict[str, Any], says: str
) -> None:
    found = evidence(PLAN, report("integration", outcome("deployed"), **change))
    assert first(found).standing is Standing.stale
    assert [says in reason for reason in found.runs[1].stale] == [True]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"dirty": True}, "uncommitted changes now", id="dirty-now"),
        pytest.param({"commit": None}, "no commit is known", id="no-git-now"),
    ],
)
def test_nothing_is_current_where_the_checkout_itself_is_no_commit(
    change: dict[str, Any], says: str
) -> None:
    found = evidence(PLAN, DEPLOYED, checkout=CHECKOUT.model_copy(update=change))
    assert first(found).standing is Standing.stale
    assert [says in reason for run in found.runs[:2] for reason in run.stale] == [True, True]


def test_report_that_does_not_say_what_it_judged_is_stale() -> None:
    assert standing(PLAN, {**DEPLOYED, "provenance": None}) is Standing.stale


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"complete": False}, "it was cut short", id="interrupted"),
        pytest.param({"provenance": {"narrowed": ["-k vpc"]}}, "narrowed: -k vpc", id="filtered"),
    ],
)
def test_pass_of_a_run_that_was_not_whole_is_partial(change: dict[str, Any], says: str) -> None:
    found = evidence(report("static", outcome(), **change), DEPLOYED)
    assert first(found).standing is Standing.partial
    assert [says in reason for reason in found.runs[0].partial] == [True]


@pytest.mark.parametrize("change", [{"complete": False}, {"provenance": {"commit": OLD}}], ids=str)
@pytest.mark.parametrize(("bad", "stands"), [("fail", "failed"), ("invalid", "invalid")])
def test_bad_news_stays_bad_news_in_any_run(bad: str, stands: str, change: dict[str, Any]) -> None:
    assert standing(report("static", outcome("plan", bad), **change), DEPLOYED) == stands


@pytest.mark.parametrize(
    ("message", "stands"),
    [
        pytest.param(UNTIL.format("2026-11-29"), "waived", id="last-day"),
        pytest.param(UNTIL.format("2026-11-28"), "failed", id="expired"),
        pytest.param("accepted, nobody knows for how long", "failed", id="no-day"),
        pytest.param(UNTIL.format("None"), "failed", id="unreadable-day"),
        pytest.param(
            f"{UNTIL.format('2027-01-31')}; {UNTIL.format('2026-11-28')}", "failed", id="one-of-two"
        ),
    ],
)
def test_waiver_stands_until_its_last_day(message: str, stands: str) -> None:
    waived = outcome("plan", "waived", message=message)
    assert standing(report("static", outcome(), waived), DEPLOYED) == stands


def test_waiver_of_the_file_that_has_expired_is_told() -> None:
    waiver = Waiver(
        requirement="NET-01",
        addresses=("aws_vpc.main",),
        file="networking.tf",
        reason="It is about to be replaced.",
        owner="DevOps",
        expires="2026-11-28",
    )
    (found,) = evidence(waivers=Waivers(waivers=(waiver,))).waivers
    assert (found.problem or "").startswith("expired on 2026-11-28")


@pytest.mark.parametrize(
    "change",
    [{"requirement": "NET-99"}, {"requirement": None}, {"place": "moon"}, {"place": None}],
    ids=str,
)
def test_result_that_names_nothing_known_is_told_and_proves_nothing(change: dict[str, Any]) -> None:
    stray = report("integration", outcome("deployed") | change)
    found = evidence(PLAN, stray)
    assert first(found).standing is Standing.not_run
    told = [one.startswith("integration.json: tests/test_network.py") for one in found.strays]
    assert told == [True]


def test_what_is_for_people_is_proven_by_nothing() -> None:
    claimed = report("static", outcome("people", requirement="NET-02"))
    found = evidence(PLAN, DEPLOYED, claimed)
    assert found.requirements[1].standing is Standing.for_people
    assert found.totals[Standing.for_people] == 1


def test_every_requirement_is_counted_once() -> None:
    assert sum(evidence(PLAN, DEPLOYED).totals.values()) == 2


def test_what_staging_shows_takes_the_place_of_not_provable_on_the_emulator() -> None:
    tests = [
        outcome("deployed", "not_provable"),
        outcome("deployed", target="staging"),
    ]
    assert standing(PLAN, report("integration", *tests)) is Standing.proven


@pytest.mark.parametrize(("shown", "stands"), [("fail", "failed"), ("invalid", "invalid")])
def test_what_staging_shows_to_be_bad_is_not_hidden_by_the_emulator(
    shown: str, stands: str
) -> None:
    tests = [outcome("deployed", "not_provable"), outcome("deployed", shown, target="staging")]
    assert standing(PLAN, report("integration", *tests)) == stands


def test_another_tests_pass_does_not_take_the_place_of_not_provable() -> None:
    tests = [outcome("deployed", "not_provable"), outcome("deployed", test="test_another")]
    assert standing(PLAN, report("integration", *tests)) is Standing.not_provable
