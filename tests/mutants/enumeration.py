"""Every place where every operator fits a tree, each mutant with an id that stays."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import tests.mutants.operators
from tests.mutants.concern import families
from tests.mutants.mutant import Edit, Mutant, changed_files
from tests.mutants.operators.registry import OPERATORS, Change, Operator
from tests.mutants.places import Stack
from tests.support.outcomes import SuiteError

assert tests.mutants.operators


class UnknownOperatorError(SuiteError):
    """There is no operator of that name."""


def mutants(stack: Path, only: Iterable[str] = (), rare: bool = False) -> list[Mutant]:
    """The mutants of a tree by the operators named, in a fixed order.

    Without names those by every common operator, and by the others too if `rare`.

    Of two that make the same text only the first is there, and none that changes nothing.
    SuiteError when the tree cannot be read, an operator is unknown or nothing fits.
    """
    wanted = list(only) or [n for n, one in OPERATORS.items() if one.common or rare]
    if unknown := [name for name in wanted if name not in OPERATORS]:
        raise UnknownOperatorError(
            f"no operator is called {unknown[0]}; there are: {', '.join(OPERATORS)}"
        )
    tree = Stack(stack)
    found = [m for name in wanted for m in _of(tree, OPERATORS[name])]
    distinct = {tuple(sorted(m.edits)): m for m in reversed(found) if _changes(tree, m)}
    kept = [m for m in found if distinct.get(tuple(sorted(m.edits))) is m]
    if not kept:
        raise SuiteError(f"{stack}: there is no place in it where an operator fits")
    return kept


def sample(every: Sequence[Mutant], size: int | None, seed: int) -> list[Mutant]:
    """That many of them, the same for the same seed, in the order of the whole; all for None."""
    if size is None or size >= len(every):
        return list(every)
    chosen = set(random.Random(seed).sample([m.id for m in every], size))
    return [m for m in every if m.id in chosen]


def _of(tree: Stack, operator: Operator) -> Iterator[Mutant]:
    seen: dict[str, int] = {}
    for change in operator.find(tree):
        place = change.place
        way = "/".join(filter(None, [place.address, place.path]))
        file = tree.relative(place.document)
        identifier = ":".join(filter(None, [operator.name, file, way, change.variant]))
        seen[identifier] = seen.get(identifier, 0) + 1
        if seen[identifier] > 1:
            identifier += f":{seen[identifier]}"
        yield _mutant(tree, identifier, operator, change)


def _mutant(tree: Stack, identifier: str, operator: Operator, change: Change) -> Mutant:
    place = change.place
    return Mutant(
        id=identifier,
        operator=operator.name,
        category=operator.category,
        line=place.line,
        change=change.what,
        edits=change.edits,
        environments=change.environments,
        families=families(place.type),
        needs_init=place.kind == "terraform" or (place.kind, place.name) == ("module", "source"),
        passage=_passage(tree, change.edits),
    )


def _passage(tree: Stack, edits: Iterable[Edit]) -> str:
    """A hash of the passages that are edited, before and after."""
    digest = hashlib.sha256()
    for edit in edits:
        before, start = tree.passage(edit.file, edit.start, edit.end)
        after = before[: edit.start - start] + edit.text + before[edit.end - start :]
        digest.update(repr((edit.file, before, after)).encode())
    return digest.hexdigest()[:12]


def _changes(tree: Stack, mutant: Mutant) -> bool:
    """Whether any text of the tree becomes another."""
    texts = changed_files(tree.path, mutant.edits)
    return any(
        text != (tree.path / file).read_bytes().decode("utf-8-sig") for file, text in texts.items()
    )
