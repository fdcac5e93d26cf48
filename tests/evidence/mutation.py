"""What the mutation run tells: the score, by category, and the mutants that survived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.evidence.judging import partial, stale
from tests.evidence.model import CategoryScore, Checkout, Mutant, Mutation
from tests.evidence.reading import MutantRead, MutantsRead, without_places

REPORT = "mutants.json"
ALL = "all"


def mutation(read: MutantsRead, checkout: Checkout) -> Mutation:
    """Sum up the report. An outcome that is not known is no kill: it is listed as a survivor."""
    mutants = [_mutant(one) for one in read.mutants]
    categories = sorted({one.category for one in mutants})
    return Mutation(
        report=REPORT,
        stale=tuple(stale(read.provenance, checkout)),
        partial=tuple(partial(read.complete, read.provenance, len(mutants))),
        total=_score(ALL, mutants),
        categories=tuple(
            _score(name, [one for one in mutants if one.category == name]) for name in categories
        ),
        survivors=tuple(one for one in mutants if _kind(one) == "survived"),
        equivalents=tuple(one for one in mutants if _kind(one) == "equivalent"),
        summary=read.summary,
    )


def _kind(mutant: Mutant) -> str:
    counted = ("killed", "equivalent", "invalid")
    return mutant.outcome if mutant.outcome in counted else "survived"


def _score(category: str, mutants: Sequence[Mutant]) -> CategoryScore:
    count = Counter(_kind(one) for one in mutants)
    judged = count["killed"] + count["survived"]
    return CategoryScore(
        category=category,
        killed=count["killed"],
        survived=count["survived"],
        equivalent=count["equivalent"],
        invalid=count["invalid"],
        score=round(100 * count["killed"] / judged, 1) if judged else None,
    )


def _mutant(read: MutantRead) -> Mutant:
    by = {name: value for name, value in (read.by or {}).items() if isinstance(value, str)}
    return Mutant(
        id=read.id,
        category=read.category,
        outcome=read.outcome,
        reason=without_places(read.reason or ""),
        test=read.test or by.get("test"),
        requirement=read.requirement or by.get("requirement"),
        layer=read.layer or by.get("layer"),
    )
