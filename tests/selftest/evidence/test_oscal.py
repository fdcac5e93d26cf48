"""The OSCAL Assessment Results are valid, and call satisfied only what is proven."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from trestle.cli import Trestle

from tests.evidence import oscal
from tests.evidence.model import Evidence
from tests.selftest.evidence.documents import (
    CHECKOUT,
    DEPLOYED,
    PLAN,
    evidence,
    outcome,
    report,
    whole,
)
from tests.support import catalogue
from tests.support.outcomes import SuiteError

pytestmark = pytest.mark.selftest

WAIVED = "found: accepted because it is so (Infrastructure, until 2027-01-31)"
MIXED = [
    outcome("plan", "fail", requirement="NET-01", message="NET-01 [high]\n  where     here"),
    outcome("deployed", "invalid", requirement="DB-01"),
    outcome("deployed", "not_provable", requirement="ALB-03"),
    outcome("policy", "waived", requirement="DB-02", message=WAIVED),
]


def results(found: Evidence) -> dict[str, Any]:
    """The document's only result."""
    (result,) = json.loads(oscal.document(found))["assessment-results"]["results"]
    return dict(result)


def finding(found: Evidence) -> dict[str, Any]:
    """The finding on NET-01."""
    (one,) = [f for f in results(found)["findings"] if f["target"]["target-id"] == "NET-01"]
    return dict(one)


def with_plan(end: str, **changes: Any) -> Evidence:
    """NET-01 with this outcome in the plan, and deployed as required."""
    return evidence(report("static", outcome("plan", end, **changes)), DEPLOYED)


@pytest.mark.parametrize(
    "reports",
    [
        pytest.param([], id="nothing-ran"),
        pytest.param(whole(), id="all-passed"),
        pytest.param(whole(*MIXED), id="every-outcome"),
        pytest.param([{**one, "provenance": None} for one in whole()], id="nobody-knows-when"),
    ],
)
def test_results_are_valid_by_trestle(reports: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(oscal.document(evidence(*reports, catalogue=catalogue.load())), "utf-8")
    oscal.validate(path)


@pytest.mark.parametrize(
    ("reports", "code"), [([PLAN, DEPLOYED], 0), (None, 1)], ids=["valid", "not-valid"]
)
def test_results_are_judged_by_trestles_own_command(
    reports: list[dict[str, Any]] | None, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, workspace = tmp_path / "results.json", tmp_path / "workspace"
    path.write_text(oscal.document(evidence(*reports)) if reports else "{}", "utf-8")
    workspace.mkdir()
    monkeypatch.chdir(workspace)
    assert Trestle().run(["init", "--local"]) == 0
    assert Trestle().run(["import", "-f", str(path), "-o", "evidence"]) == code
    assert bool(Trestle().run(["validate", "-t", "assessment-results", "-n", "evidence"])) == code


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: text[:-20], id="cut-off"),
        pytest.param(lambda text: text.replace('"not-satisfied"', '"unknown"'), id="no-such-state"),
        pytest.param(lambda text: text.replace('"import-ap"', '"import-plan"'), id="no-plan"),
    ],
)
def test_what_is_no_oscal_is_refused(spoil: Any, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(spoil(oscal.document(evidence())), "utf-8")
    with pytest.raises(SuiteError, match=r"results\.json: ") as refusal:
        oscal.validate(path)
    assert "\n" not in str(refusal.value)


def test_uuid_used_twice_is_refused(tmp_path: Path) -> None:
    document = json.loads(oscal.document(evidence(PLAN, DEPLOYED)))
    (result,) = document["assessment-results"]["results"]
    result["findings"][1]["uuid"] = result["findings"][0]["uuid"]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(SuiteError, match="no valid OSCAL"):
        oscal.validate(path)


@pytest.mark.parametrize(
    ("end", "status", "risk"),
    [
        ("pass", ("satisfied", "pass"), None),
        ("fail", ("not-satisfied", "fail"), "open"),
        ("invalid", ("not-satisfied", "other"), "investigating"),
        ("not_provable", ("not-satisfied", "other"), "investigating"),
    ],
)
def test_finding_says_what_became_of_the_requirement(
    end: str, status: tuple[str, str], risk: str | None
) -> None:
    found = with_plan(end)
    told = finding(found)["target"]["status"]
    assert (told["state"], told["reason"]) == status
    assert [one["status"] for one in results(found).get("risks", [])] == ([risk] if risk else [])


def test_waived_is_a_deviation_until_its_last_day() -> None:
    found = with_plan("waived", message=WAIVED)
    (risk,) = results(found)["risks"]
    assert finding(found)["target"]["status"]["state"] == "not-satisfied"
    assert (risk["status"], risk["deadline"][:10]) == ("deviation-approved", "2027-01-31")


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(evidence(PLAN), id="not-run"),
        pytest.param(evidence({**PLAN, "complete": False}, DEPLOYED), id="partial"),
        pytest.param(
            evidence(PLAN, DEPLOYED, checkout=CHECKOUT.model_copy(update={"dirty": True})),
            id="stale",
        ),
    ],
)
def test_what_is_not_proven_is_not_satisfied(found: Evidence) -> None:
    status = finding(found)["target"]["status"]
    assert (status["state"], status["reason"]) == ("not-satisfied", "other")


def test_finding_names_its_controls_as_oscal_does() -> None:
    props = finding(evidence(PLAN, DEPLOYED))["target"]["props"]
    assert [(one["value"], one["remarks"]) for one in props] == [
        ("sc-7", "NIST SC-7"),
        ("cis-aws-v3.0.0-5.2", "CIS AWS v3.0.0 5.2"),
    ]


@pytest.mark.parametrize(
    ("control", "identifier"),
    [
        ("NIST AC-6(10)", "ac-6.10"),
        ("FSBP RDS.3", "fsbp-rds.3"),
        ("Well-Architected SEC08-BP02", "well-architected-sec08-bp02"),
    ],
)
def test_control_has_an_id(control: str, identifier: str) -> None:
    assert oscal.control_id(control) == identifier


def test_every_test_and_target_is_an_observation() -> None:
    on_aws = report("integration", outcome("deployed"), provenance={"target": "staging"})
    seen = results(evidence(PLAN, DEPLOYED, further=[on_aws]))["observations"]
    assert len({one["uuid"] for one in seen}) == 3


@pytest.mark.parametrize(
    ("target", "state"),
    [
        ("staging", "operational"),
        ("emulator", "other"),
        ("emulator elsewhere", "other"),
        ("emulator in place of AWS", "other"),
    ],
)
def test_only_a_real_account_is_in_operation(target: str, state: str) -> None:
    seen = report("integration", outcome("deployed"), provenance={"target": target})
    _, component = results(evidence(PLAN, seen))["local-definitions"]["components"]
    assert (component["title"], component["status"]["state"]) == (f"staging on {target}", state)


def test_import_ap_leads_to_a_resource_of_the_document() -> None:
    document = json.loads(oscal.document(evidence()))["assessment-results"]
    known = {f"#{one['uuid']}" for one in document["back-matter"]["resources"]}
    assert document["import-ap"]["href"] in known
