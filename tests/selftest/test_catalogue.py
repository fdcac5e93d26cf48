"""What the catalogue asks for and what the tests prove are the same, in both directions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.load.__main__ import MEASURES
from tests.load.plan import QUIET
from tests.selftest.breaking import ROOT, Break, load
from tests.support import catalogue
from tests.support.catalogue import Place
from tests.support.outcomes import SuiteError

pytestmark = pytest.mark.selftest

CATALOGUE = catalogue.load()
DEVIATIONS = (ROOT / "docs/deviations.md").read_text(encoding="utf-8")


class Collected:
    """A pytest plugin that keeps what each collected test proves."""

    def __init__(self) -> None:
        self.proofs: set[tuple[str, Place]] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            marker = item.get_closest_marker("requirement")
            assert marker, item.nodeid
            places = [place for place in Place if item.get_closest_marker(place)]
            self.proofs |= {(marker.args[0], place) for place in places}


@pytest.fixture(scope="module")
def proofs() -> set[tuple[str, Place]]:
    """What the tests of every tier prove."""
    collected = Collected()
    tiers = [str(ROOT / "tests" / tier) for tier in ("unit", "integration")]
    arguments = ["--collect-only", "-qq", "-p", "no:cacheprovider", *tiers]
    assert pytest.main(arguments, plugins=[collected]) == pytest.ExitCode.OK
    return collected.proofs | {(name, Place.load) for name in (MEASURES, QUIET)}


def test_every_requirement_is_proven_where_it_says(proofs: set[tuple[str, Place]]) -> None:
    assert CATALOGUE.unproven(proofs) == []


def test_every_proof_is_asked_for(proofs: set[tuple[str, Place]]) -> None:
    assert CATALOGUE.unasked(proofs) == []


def test_a_requirement_without_a_test_is_noticed(proofs: set[tuple[str, Place]]) -> None:
    assert CATALOGUE.unproven(proofs - {("NET-04", Place.plan)}) == ["NET-04: plan"]


def test_a_test_without_a_requirement_is_noticed(proofs: set[tuple[str, Place]]) -> None:
    assert CATALOGUE.unasked(proofs | {("NET-99", Place.plan)}) == ["NET-99: plan"]


ENTRY = """
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
        ("controls: []", "controls: [", "catalogue.yaml:12: "),
    ],
)
def test_malformed_entry_is_refused_by_name(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(ENTRY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SuiteError, match=re.escape(told)):
        catalogue.load(path)


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
