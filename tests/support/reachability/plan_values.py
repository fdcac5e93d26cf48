"""What a plan says of one argument: a value, an id, or that it is unknown.

Ids are the addresses of the resources that they will belong to; an id that is written out stays.
A provider calls an argument that is left out unknown, too, if AWS decides it: what the
configuration does not set, and is no part of a nested block, counts as left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.support.outcomes import Invalid, SuiteError
from tests.support.placeholders.symbols import SYMBOL
from tests.support.planned_resource import Resource
from tests.support.reachability.addresses import Range, cidr
from tests.support.reachability.model import Unknown


def unknown(resource: Resource, path: str) -> Unknown:
    """That the value at `path` is unknown."""
    return Unknown(f"{resource.where}: {resource.within}{path} is known only after apply")


def value(resource: Resource, path: str, default: Any = None) -> Any:
    """The value at `path`, the default where it is left out, or Unknown."""
    try:
        found = resource.value(path)
    except Invalid:
        return default if _left_out(resource, path) else unknown(resource, path)
    return default if found in (None, "") else found


def identifier(resource: Resource, path: str) -> str | Unknown | None:
    """The id at `path`; None where it is left out."""
    found = resource.symbolic(path)
    if found in (None, "") or _own(resource, path, found):
        return None if _left_out(resource, path) else unknown(resource, path)
    return _resolved(resource, path, found)


def identifiers(resource: Resource, path: str) -> tuple[str, ...] | Unknown | None:
    """The ids at `path`, Unknown if one of them is; None where the argument is left out."""
    found = resource.symbolic(path)
    if found is None:
        return None if _left_out(resource, path) else unknown(resource, path)
    resolved = [_resolved(resource, path, one) for one in found]
    doubt = next((one for one in resolved if isinstance(one, Unknown)), None)
    return doubt or tuple(one for one in resolved if isinstance(one, str))


def ranges(resource: Resource, path: str) -> list[Range | Unknown]:
    """The ranges of addresses at `path`, one or a list of them."""
    found = resource.symbolic(path)
    if found in (None, "") or _own(resource, path, found):
        return [] if _left_out(resource, path) else [unknown(resource, path)]
    return [_range(resource, path, one) for one in (found if isinstance(found, list) else [found])]


def blocks(resource: Resource, name: str, required: Iterable[str]) -> list[Resource | Unknown]:
    """The nested blocks of a name; none where the configuration has none.

    `required` are arguments of which each block has one: by them the source shows a `dynamic`
    block, which the plan's configuration leaves out. One over something unknown in a module whose
    source is not at hand goes unseen.
    """
    try:
        return [*resource.nested(name)]
    except Invalid:
        there = resource.sets(name) or any(_written(resource, f"{name}.{r}") for r in required)
        return [unknown(resource, name)] if there else []


def _left_out(resource: Resource, path: str) -> bool:
    return resource.knows(path) or not (resource.within or resource.sets(path))


def _own(resource: Resource, path: str, found: object) -> bool:
    """Whether the value is the symbol of the very argument, and so AWS's to decide."""
    symbol = SYMBOL.fullmatch(found) if isinstance(found, str) else None
    return symbol is not None and (
        resource.owner(symbol[1]) == resource.address and symbol[1].endswith(f".{path}")
    )


def _resolved(resource: Resource, path: str, found: object) -> str | Unknown:
    if not isinstance(found, str):
        return unknown(resource, path)
    if symbol := SYMBOL.fullmatch(found):
        return resource.owner(symbol[1])
    return unknown(resource, path) if SYMBOL.search(found) else found


def _range(resource: Resource, path: str, found: object) -> Range | Unknown:
    try:
        return cidr(str(found))
    except ValueError:
        return unknown(resource, path)


def _written(resource: Resource, path: str) -> bool:
    try:
        return resource.written(resource.address, path) is not None
    except SuiteError:
        # Several blocks of the name: there is at least one.
        return True
