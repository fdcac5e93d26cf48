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


def on(target: str, *tests: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A report of the integration tier on that target; `changes` are of its provenance."""
    return report("integration", *tests, provenance={"target": target, **changes})


EMULATED = report("integration", outcome("deployed", "not_provable"))


def test_what_staging_shows_takes_the_place_of_not_provable_on_the_emulator() -> None:
    shown = on("staging", outcome("deployed"))
    assert standing(PLAN, EMULATED, further=[shown]) is Standing.proven


@pytest.mark.parametrize(("shown", "stands"), [("fail", "failed"), ("invalid", "invalid")])
def test_what_staging_shows_to_be_bad_is_not_hidden_by_the_emulator(
    shown: str, stands: str
) -> None:
    bad = on("staging", outcome("deployed", shown))
    assert standing(PLAN, EMULATED, further=[bad]) == stands


@pytest.mark.parametrize("change", [{"test": "test_another"}, {"environment": "develop"}], ids=str)
def test_pass_of_something_else_does_not_take_the_place_of_not_provable(
    change: dict[str, Any],
) -> None:
    tests = [outcome("deployed", "not_provable"), outcome("deployed", **change)]
    assert standing(PLAN, report("integration", *tests)) is Standing.not_provable


def test_pass_on_an_emulator_taken_for_aws_does_not_take_the_place_of_not_provable() -> None:
    pretended = on("emulator in place of AWS", outcome("deployed", target="staging"))
    found = evidence(PLAN, EMULATED, further=[pretended])
    assert first(found).standing is Standing.partial
    assert found.runs[-1].partial == ("it took an emulator for AWS",)


def test_target_is_what_the_run_says_it_was() -> None:
    seen = on("emulator elsewhere", outcome("deployed", target="staging"))
    (told,) = first(evidence(PLAN, seen)).places[1].observations
    assert (told.target, told.standing) == ("emulator elsewhere", "proven")


# --- Times; the evidence is made at 12:00 on 29 November 2026 -----------------------------


@pytest.mark.parametrize(
    ("target", "began", "stands"),
    [
        pytest.param("staging", "2026-10-30T12:00:00Z", "proven", id="thirty-days"),
        pytest.param("staging", "2026-10-30T11:59:59Z", "stale", id="a-second-more"),
        pytest.param("staging", "2024-11-29T12:00:00Z", "stale", id="two-years"),
        pytest.param("emulator", "2024-11-29T12:00:00Z", "proven", id="emulator"),
        pytest.param("emulator elsewhere", "2024-11-29T12:00:00Z", "proven", id="elsewhere"),
    ],
)
def test_what_was_seen_in_a_real_account_lasts_thirty_days(
    target: str, began: str, stands: str
) -> None:
    seen = on(target, outcome("deployed"), started=began, ended=began)
    assert standing(PLAN, seen) == stands


@pytest.mark.parametrize(
    ("began", "ended", "says"),
    [
        pytest.param("11:04", "11:03", ["it ended before it began"], id="backwards"),
        pytest.param("12:06", "12:07", ["it ended after this evidence was made"], id="later"),
        pytest.param("11:59", "12:06", ["it ended after this evidence was made"], id="ends-later"),
        pytest.param("12:04", "12:05", [], id="clocks-differ"),
        pytest.param("11:04", "11:04", [], id="within-a-second"),
    ],
)
def test_times_that_cannot_be_are_told_and_prove_nothing(
    began: str, ended: str, says: list[str]
) -> None:
    times = {"started": f"2026-11-29T{began}:00Z", "ended": f"2026-11-29T{ended}:00Z"}
    found = evidence(report("static", outcome(), provenance=times), DEPLOYED).runs[0]
    assert [reason.partition(":")[0] for reason in found.stale] == says


def test_run_of_the_future_that_ended_before_it_is_stale() -> None:
    begun = on("staging", outcome("deployed"), started="2030-01-01T00:00:00Z")
    assert standing(PLAN, begun) is Standing.stale
