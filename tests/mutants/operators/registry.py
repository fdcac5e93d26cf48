"""What an operator is, and the edits that most of them make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.mutants.mutant import Edit
from tests.mutants.places import Place, Setting, Stack

Finder = Callable[[Stack], Iterable["Change"]]


@dataclass(frozen=True)
class Change:
    """What an operator does at one place. `variant` tells several at the same place apart."""

    place: Place
    edits: tuple[Edit, ...]
    what: str
    variant: str = ""
    environments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operator:
    """A kind of mistake: its name, its category, and where in a tree it can be made.

    One that is `common` is in every run; the others are asked for, as they mostly say again what a
    common one says at the same place.
    """

    name: str
    category: str
    find: Finder
    common: bool = True


OPERATORS: dict[str, Operator] = {}


def operator(name: str, category: str, common: bool = True) -> Callable[[Finder], Finder]:
    """Register a function as an operator."""

    def register(find: Finder) -> Finder:
        assert name not in OPERATORS, name
        OPERATORS[name] = Operator(name, category, find, common)
        return find

    return register


def replaced(
    stack: Stack, place: Place, text: str, variant: str = "", *more: Edit
) -> Iterator[Change]:
    """The place's text becomes another; nothing where it is that already."""
    if text != place.text or more:
        edit = Edit(stack.relative(place.document), place.start, place.end, text)
        what = f"{place.path or place.address}: {_short(place.text)} → {_short(text)}"
        yield Change(place, (edit, *more), what, variant)


def cut(stack: Stack, place: Place, *more: Edit) -> Iterator[Change]:
    """The place's whole lines are gone; nothing where something else stands on them."""
    if isinstance(place, Setting) and not place.removable:
        return
    yield Change(place, (cutting(stack, place), *more), f"without {place.path or place.address}")


def cutting(stack: Stack, place: Place) -> Edit:
    """The edit that takes a place's lines away."""
    first, last = place.lines
    return Edit(stack.relative(place.document), first, last, "")


def rewritten(stack: Stack, place: Setting, text: str, variant: str = "") -> Change:
    """The whole setting, its name included, becomes another."""
    edit = Edit(stack.relative(place.document), *place.whole, text)
    return Change(place, (edit,), f"{place.path}: {_short(place.text)} → {_short(text)}", variant)


def named(stack: Stack, *names: str) -> list[Setting]:
    """The settings of resources, data sources and modules with one of these names."""
    kinds = {"resource", "data", "module", "locals"}
    return [s for s in stack.settings if s.name in names and s.kind in kinds]


def of_type(stack: Stack, *types: str) -> list[Setting]:
    """The settings of resources whose type begins so."""
    return [s for s in stack.settings if s.kind == "resource" and s.type.startswith(types)]


def is_number(text: str) -> bool:
    """Whether a text is a number, in quotes or not."""
    return bool(re.fullmatch(r'"?\d+(\.\d+)?"?', text))


def scaled(text: str, factor: float) -> str:
    """A number, in quotes or not, times a factor; whole where it was."""
    quote = '"' if text.startswith('"') else ""
    value = float(text.strip('"')) * factor
    return f"{quote}{int(value) if value == int(value) else round(value, 6)}{quote}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "…"
