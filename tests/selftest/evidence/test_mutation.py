"""The mutation score counts kills only, and hides no mutant that nothing is known of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evidence import mutation
from tests.evidence.model import CategoryScore, Mutation
from tests.evidence.reading import MutantsRead
from tests.selftest.evidence.documents import CHECKOUT, MADE, provenance

pytestmark = pytest.mark.selftest


def read(*outcomes: str, **changes: Any) -> Mutation:
    """What a report says that has a mutant of each of these outcomes."""
    mutants = [
        {"id": f"drop:{i}", "category": "security", "outcome": one}
        for i, one in enumerate(outcomes)
    ]
    document = {"mutants": mutants, "complete": True, "provenance": provenance(), **changes}
    return mutation.mutation(MutantsRead.model_validate(document), CHECKOUT, MADE)


def score(*outcomes: str) -> CategoryScore:
    """The sums over these."""
    return read(*outcomes).total


def test_score_is_of_those_killed_and_survived() -> None:
    assert score("killed", "killed", "survived", "invalid", "equivalent").score == 66.7


@pytest.mark.parametrize("outcomes", [(), ("invalid", "equivalent"), ("not run",)], ids=str)
def test_nothing_judged_has_no_score(outcomes: tuple[str, ...]) -> None:
    assert score(*outcomes).score is None


@pytest.mark.parametrize("outcome", ["unjudged", "not run", "timeout", "Killed"])
def test_outcome_that_is_not_known_is_no_kill(outcome: str) -> None:
    found = read("killed", outcome)
    assert (found.total.killed, found.total.unjudged) == (1, 1)
    assert [one.outcome for one in found.unjudged] == [outcome]


def test_every_survivor_is_listed() -> None:
    assert [one.id for one in read("survived", "killed", "survived").survivors] == [
        "drop:0",
        "drop:2",
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"complete": False}, "it was cut short", id="interrupted"),
        pytest.param(
            {"provenance": provenance(narrowed=["--sample 40"])}, "--sample 40", id="sample"
        ),
        pytest.param({"mutants": []}, "it has no result", id="nothing"),
    ],
)
def test_part_of_the_mutants_is_told_as_a_part(change: dict[str, Any], says: str) -> None:
    assert [says in reason for reason in read("killed", **change).partial] == [True]


@pytest.mark.parametrize(
    "change",
    [
        {"provenance": None},
        {"provenance": provenance(stack_hash="c" * 64)},
        {"provenance": provenance(ended="2026-11-29T12:06:00Z")},
    ],
    ids=str,
)
def test_mutants_of_another_stack_or_time_are_stale(change: dict[str, Any]) -> None:
    assert read("killed", **change).stale
