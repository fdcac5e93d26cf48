"""Reports of the tiers, as their JSON is, and the evidence made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.evidence import judging
from tests.evidence.judging import Source
from tests.evidence.model import Checkout, Evidence, Mutation, RequirementEvidence
from tests.evidence.reading import Report
from tests.support import catalogue
from tests.support.catalogue import Catalogue, Place, Requirement, Severity
from tests.support.waivers import Waivers

COMMIT, STACK_HASH = "a" * 40, "b" * 64
CHECKOUT = Checkout(commit=COMMIT, dirty=False, stack="terraform", stack_hash=STACK_HASH)
MADE = datetime(2026, 11, 29, 12, tzinfo=UTC)
TIER_OF = {
    Place.source: "static",
    Place.plan: "static",
    Place.policy: "static",
    Place.deployed: "integration",
    Place.runbook: "integration",
    Place.load: "load",
}
VERSIONS = {
    "static": {"Python": "3.11.7", "Checkov": "3.3.30", "Terraform": "1.14.1"},
    "integration": {"Python": "3.11.7", "moto": "5.2.5", "AWS provider": "5.100.0"},
    "load": {"Python": "3.11.7", "locust": "2.47.0"},
}
CATALOGUE = Catalogue(
    sections=("Networking",),
    requirements=(
        Requirement(
            id="NET-01",
            title="The database is in private subnets",
            severity=Severity.critical,
            section="Networking",
            why="customer data sits behind it",
            fix="name the private subnets",
            expected={},
            controls=("NIST SC-7", "CIS AWS v3.0.0 5.2"),
            proven=(Place.plan, Place.deployed),
        ),
        Requirement(
            id="NET-02",
            title="Somebody reviews the rules",
            severity=Severity.low,
            section="Networking",
            why="rules are forgotten",
            fix="review them each quarter",
            expected={},
            controls=(),
            proven=(Place.people,),
        ),
    ),
)


def outcome(place: str = "plan", outcome: str = "pass", **changes: Any) -> dict[str, Any]:
    """A test's entry in a report, on NET-01 unless told otherwise."""
    return {
        "test": f"tests/test_network.py::test_{place}",
        "requirement": "NET-01",
        "place": place,
        "outcome": outcome,
        "message": "" if outcome == "pass" else f"{outcome} for a reason",
        "environment": "staging",
        "target": "emulator",
        **changes,
    }


def provenance(tier: str = "static", **changes: Any) -> dict[str, Any]:
    """Where a report comes from: a whole run on what is checked out unless told otherwise."""
    deployed = tier != "static"
    return {
        **CHECKOUT.model_dump(),
        "started": "2026-11-29T11:00:00+00:00",
        "ended": "2026-11-29T11:04:00+00:00",
        "target": "emulator" if deployed else None,
        "environment": "staging" if deployed else None,
        "account": "123456789012" if deployed else None,
        "versions": VERSIONS[tier],
        "narrowed": [],
        **changes,
    }


def report(tier: str, *tests: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A tier's report; `provenance` may be changed in part by a dictionary."""
    told = provenance(tier, **changes.pop("provenance", {}))
    return {"tier": tier, "complete": True, "tests": list(tests), "provenance": told, **changes}


PLAN, DEPLOYED = report("static", outcome()), report("integration", outcome("deployed"))


def evidence(
    *reports: dict[str, Any],
    further: Sequence[dict[str, Any]] = (),
    catalogue: Catalogue = CATALOGUE,
    checkout: Checkout = CHECKOUT,
    waivers: Waivers | None = None,
    mutation: Mutation | None = None,
) -> Evidence:
    """What these reports and `further` ones prove; a tier without one of these is missing."""
    read = {one["tier"]: Report.model_validate(one) for one in reports}
    sources = [Source(t, f"{t}.json", read.get(t)) for t in ("static", "integration", "load")]
    sources += [
        Source(one["tier"], f"{number}/{one['tier']}.json", Report.model_validate(one))
        for number, one in enumerate(further)
    ]
    return judging.evidence(catalogue, sources, checkout, MADE, waivers or Waivers(), mutation)


def first(found: Evidence) -> RequirementEvidence:
    """What is said of NET-01."""
    return found.requirements[0]


def whole(*changed: dict[str, Any]) -> list[dict[str, Any]]:
    """The three reports in which every requirement of the real catalogue passes everywhere.

    A `changed` entry, made by `outcome`, replaces the passes of its requirement and place.
    """
    replaced = {(one["requirement"], one["place"]) for one in changed}
    entries = [
        outcome(place, requirement=one.id, test=f"tests/test_{place}.py::test_{one.id}")
        for one in catalogue.load().requirements
        for place in one.proven
        if place is not Place.people and (one.id, place) not in replaced
    ]
    entries += changed
    return [
        report(tier, *(one for one in entries if TIER_OF[Place(one["place"])] == tier))
        for tier in ("static", "integration", "load")
    ]
