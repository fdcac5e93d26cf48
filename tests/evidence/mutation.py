"""What the mutation run tells: the score, by category, and what nobody noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from tests.evidence.judging import partial, stale
from tests.evidence.model import CategoryScore, Checkout, Mutant, Mutation
from tests.evidence.reading import MutantRead, MutantsRead, without_places

REPORT = "mutants.json"
ALL = "all"
_KNOWN = ("killed", "survived", "equivalent", "invalid")
_VALID = ("killed", "survived")


def mutation(read: MutantsRead, checkout: Checkout, made: datetime) -> Mutation:
    """Sum up the report for evidence made then.

    An outcome that is not known is no kill: it is told apart as unjudged.
    """
    categories = sorted({one.category for one in read.mutants})
    return Mutation(
        report=REPORT,
        stale=tuple(stale(read.provenance, checkout, made)),
        partial=tuple(partial(read.complete, read.provenance, len(read.mutants))),
        total=_score(ALL, read.mutants),
        categories=tuple(
            _score(name, [one for one in read.mutants if one.category == name])
            for name in categories
        ),
        survivors=_listed(read, "survived"),
        unjudged=_listed(read, "unjudged"),
        equivalents=_listed(read, "equivalent"),
    )


def _kind(mutant: MutantRead) -> str:
    return mutant.outcome if mutant.outcome in _KNOWN else "unjudged"


def _score(category: str, mutants: Sequence[MutantRead]) -> CategoryScore:
    count = Counter(_kind(one) for one in mutants)
    layers = Counter(one.killed_by.layer for one in mutants if one.killed_by)
    judged = count["killed"] + count["survived"]
    return CategoryScore(
        category=category,
        killed=count["killed"],
        survived=count["survived"],
        unjudged=count["unjudged"],
        equivalent=count["equivalent"],
        invalid=count["invalid"],
        score=round(100 * count["killed"] / judged, 1) if judged else None,
        by_layer=dict(sorted(layers.items())),
        checkov_alone=sum(bool(one.checkov_alone) for one in mutants if _kind(one) in _VALID),
    )


def _listed(read: MutantsRead, kind: str) -> tuple[Mutant, ...]:
    return tuple(
        Mutant(
            id=one.id,
            category=one.category,
            outcome=one.outcome,
            where=one.where,
            change=one.change,
            reason=without_places(one.reason or ""),
        )
        for one in read.mutants
        if _kind(one) == kind
    )
