"""What the catalogue asks for and what the tests prove are the same, in both directions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.load.verdict.claims import PROVEN
from tests.selftest.breaking import Break, load
from tests.support import catalogue, report
from tests.support.catalogue import Place, Requirement
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT
from tests.unit.conftest import WITHOUT_SOURCE_RULES

pytestmark = pytest.mark.selftest

CATALOGUE = catalogue.load()
DEVIATIONS = (ROOT / "docs/deviations.md").read_text(encoding="utf-8")


class Collected:
    """A pytest plugin that keeps what each collected test proves."""

    def __init__(self) -> None:
        self.proofs: set[tuple[str, Place]] = set()
        self.modules: set[tuple[str, Place]] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            marker = item.get_closest_marker("requirement")
            assert marker, item.nodeid
            places = [place for place in Place if item.get_closest_marker(place)]
            self.proofs |= {(marker.args[0], place) for place in places}
            self.modules |= {(item.path.name, place) for place in places}


@pytest.fixture(scope="module")
def collected() -> Collected:
    """The tests of the static and the integration tier."""
    collected = Collected()
    tiers = [str(ROOT / "tests" / tier) for tier in ("unit", "integration")]
    arguments = ["--collect-only", "-qq", "-p", "no:cacheprovider", *tiers]
    assert pytest.main(arguments, plugins=[collected]) == pytest.ExitCode.OK
    return collected


@pytest.fixture(scope="module")
def proofs(collected: Collected) -> set[tuple[str, Place]]:
    """What the tests of every tier prove."""
    return collected.proofs | {(name, Place.load) for name in PROVEN}


def test_modules_left_unread_hold_no_source_rule(collected: Collected) -> None:
    unread = {place for name, place in collected.modules if name.startswith(WITHOUT_SOURCE_RULES)}
    assert unread == {Place.plan, Place.policy}, (
        f"-m source does not read modules that begin with {WITHOUT_SOURCE_RULES}: move the rule"
    )


def test_every_requirement_is_proven_where_it_says(proofs: set[tuple[str, Place]]) -> None:
    assert CATALOGUE.unproven(proofs) == [], (
        "write a test with this requirement and place (README, Adding); what a policy proves is "
        "listed in tests/unit/test_policies.py"
    )


def test_every_proof_is_asked_for(proofs: set[tuple[str, Place]]) -> None:
    assert CATALOGUE.unasked(proofs) == [], "add the place to the requirement's `proven`"


def test_a_requirement_without_a_test_is_noticed(proofs: set[tuple[str, Place]]) -> None:
    fewer = CATALOGUE.unproven(proofs - {("NET-04", Place.plan)})
    assert set(fewer) - set(CATALOGUE.unproven(proofs)) == {"NET-04: plan"}


def test_a_test_without_a_requirement_is_noticed(proofs: set[tuple[str, Place]]) -> None:
    more = CATALOGUE.unasked(proofs | {("NET-99", Place.plan)})
    assert set(more) - set(CATALOGUE.unasked(proofs)) == {"NET-99: plan"}


ENTRY = """
sections: [Somewhere]
requirements:
  - id: NET-01
    title: A title long enough
    severity: high
    section: Somewhere
    why: because it must be so
    fix: do what is written
    expected: {}
    controls: []
    proven: [plan]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("NET-01", "NET1", "NET1 id: String should match pattern"),
        ("high", "huge", "NET-01 severity: Input should be"),
        ("[plan]", "[plan, plan]", "NET-01 proven: Value error, a place is named twice"),
        ("[plan]", "[]", "NET-01 proven: Tuple should have at least 1 item"),
        ("    why: because it must be so\n", "", "NET-01 why: Field required"),
        ("    expected: {}", "    expect: {}", "NET-01 expected: Field required"),
        ("controls: []", "controls: [", "catalogue.yaml:13: "),
        (
            "section: Somewhere",
            "section: Elsewhere",
            "NET-01 section: no heading of the guide: Els",
        ),
        ("[Somewhere]", "[Somewhere, Nowhere]", "no requirement of the section Nowhere"),
        ("sections: [Somewhere]\n", "", "sections: Field required"),
    ],
)
def test_malformed_entry_is_refused_by_name(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(ENTRY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SuiteError, match=re.escape(told)):
        catalogue.load(path)


@pytest.mark.parametrize(
    "control",
    [
        "CIS AWS v3.0.0 2.3.1",
        "CIS AWS v1.4.0 3.4",
        "FSBP RDS.27",
        "FSBP CloudTrail.5",
        "NIST SC-28",
        "NIST IA-2(1)",
        "Well-Architected SEC08-BP02",
    ],
)
def test_exact_control_is_taken(control: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(ENTRY.replace("controls: []", f"controls: [{control}]"), encoding="utf-8")
    assert catalogue.load(path).requirement("NET-01").controls == (control,)


@pytest.mark.parametrize(
    "control",
    [
        "CIS AWS 2.3.1",
        "CIS AWS v3.0.0",
        "Security Hub CloudWatch.15",
        "FSBP RDS",
        "FSBP rds.27",
        "NIST XX-28",
        "NIST SC-28, SC-8",
        "Well-Architected SEC08",
        "Well-Architected SUS01-BP01",
        "PCI DSS 3.4",
        "something like NIST SC-28",
    ],
)
def test_inexact_control_is_refused(control: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(ENTRY.replace("controls: []", f"controls: ['{control}']"), encoding="utf-8")
    with pytest.raises(SuiteError) as refused:
        catalogue.load(path)
    assert f"NET-01 controls: Value error, of no framework that is known: {control}" in str(
        refused.value
    )


def test_every_heading_of_the_guide_has_a_requirement() -> None:
    used = {requirement.section for requirement in CATALOGUE.requirements}
    assert len(CATALOGUE.sections) == len(set(CATALOGUE.sections))
    assert used == set(CATALOGUE.sections)


def for_people() -> list[Requirement]:
    """The requirements that people must see to."""
    return [one for one in CATALOGUE.requirements if Place.people in one.proven]


@pytest.mark.parametrize("requirement", for_people(), ids=lambda one: one.id)
def test_what_is_for_people_is_on_the_checklist_and_not_passed(
    requirement: Requirement, tmp_path: Path
) -> None:
    path = report.write(tmp_path, "static", [], complete=True, requirements=CATALOGUE.requirements)
    document = json.loads(path.read_text(encoding="utf-8"))
    told = (tmp_path / report.CHECKLIST).read_text(encoding="utf-8")
    assert requirement.id in [entry["requirement"] for entry in document["for_people"]]
    assert f"- [ ] **{requirement.id}** [{requirement.severity}] {requirement.title}.\n" in told
    assert requirement.fix in told
    assert document["tests"] == []


def test_checklist_holds_nothing_that_a_machine_proves_alone() -> None:
    proven = [one for one in CATALOGUE.requirements if one not in for_people()]
    assert proven
    assert report.for_people(proven) == []
    assert not set(re.findall(r"\*\*(\S+)\*\*", report.checklist(CATALOGUE.requirements))) & {
        one.id for one in proven
    }


def test_duplicate_id_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(ENTRY + ENTRY.partition("requirements:\n")[2], encoding="utf-8")
    with pytest.raises(SuiteError, match="duplicate id: NET-01"):
        catalogue.load(path)


def test_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"catalogue\.yaml: No such file"):
        catalogue.load(tmp_path / "catalogue.yaml")


def held_by() -> list[tuple[str, str]]:
    """Each requirement that a line of docs/deviations.md names, with the line's number."""
    rows = [line.split("|") for line in DEVIATIONS.splitlines() if re.match(r"\| \d+ ", line)]
    assert rows
    return [(row[1].strip(), name) for row in rows for name in re.findall(r"[A-Z]+-\d\d", row[5])]


@pytest.mark.parametrize(("line", "requirement"), held_by())
def test_deviation_names_a_requirement_that_exists(line: str, requirement: str) -> None:
    assert CATALOGUE.requirement(requirement), line


@pytest.mark.parametrize("mistake", load(), ids=lambda mistake: mistake.id)
def test_mistake_is_about_a_requirement_and_a_place_that_exist(mistake: Break) -> None:
    assert set(mistake.places) <= set(CATALOGUE.requirement(mistake.requirement).proven)
