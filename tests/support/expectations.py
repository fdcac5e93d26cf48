"""Comparisons that fail with a Violation, so that every failure reads the same.

`where` names the thing looked at (file:line and address, or an ARN), `what` the property.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Set
from typing import Any, TypeVar

from tests.support.outcomes import Violation

T = TypeVar("T")


# More offenders than that are told one in a line.
MOST_IN_A_LINE = 3


def expect_equal(where: str, what: str, actual: Any, expected: Any) -> None:
    """Fail unless `actual` equals `expected`."""
    if actual != expected:
        raise Violation(where, f"{what} = {expected}", f"{what} = {actual}")


def expect_in(where: str, what: str, actual: Any, allowed: Collection[Any]) -> None:
    """Fail unless `actual` is one of `allowed`."""
    if actual not in allowed:
        raise Violation(where, f"{what} one of {_listed(allowed)}", f"{what} = {actual}")


def expect_not_in(where: str, what: str, actual: Any, rejected: Collection[Any]) -> None:
    """Fail if `actual` is one of `rejected`."""
    if actual in rejected:
        raise Violation(where, f"{what} none of {_listed(rejected)}", f"{what} = {actual}")


def expect_members(where: str, what: str, actual: Iterable[Any], expected: Iterable[Any]) -> None:
    """Fail unless both hold the same members, in whatever order."""
    left, right = sorted(map(str, actual)), sorted(map(str, expected))
    if left != right:
        raise Violation(where, f"{what} = {_listed(right)}", f"{what} = {_listed(left)}")


def expect_contains(where: str, what: str, actual: Collection[Any], wanted: Any) -> None:
    """Fail unless `wanted` is among `actual`."""
    if wanted not in actual:
        raise Violation(where, f"{what} containing {wanted}", f"{what} = {_listed(actual)}")


def expect_subset(where: str, what: str, actual: Iterable[Any], wanted: Iterable[Any]) -> None:
    """Fail unless every member of `wanted` is among `actual`; an empty `wanted` fails too."""
    have, need = set(actual), set(wanted)
    if not need or need - have:
        raise Violation(where, f"{what} containing {_listed(need)}", f"{what} = {_listed(have)}")


def expect_none(where: str, what: str, offenders: Iterable[Any]) -> None:
    """Fail if there is any offender."""
    found = sorted(offenders, key=str) if isinstance(offenders, Set) else list(offenders)
    if found:
        lines = f"{len(found)}:" + "".join(f"\n            {one}" for one in found)
        told = lines if len(found) > MOST_IN_A_LINE else _listed(found)
        raise Violation(where, f"no {what}", told, map(str, found))


def expect(where: str, condition: bool, expected: str, actual: str) -> None:
    """Fail unless `condition`; for relations the other functions do not have."""
    if not condition:
        raise Violation(where, expected, actual)


def found(where: str, what: str, items: Iterable[T]) -> list[T]:
    """Return the items; fail if there are none, so that nothing passes on nothing."""
    items = list(items)
    if not items:
        raise Violation(where, f"at least one {what}", "none")
    return items


def only(where: str, what: str, items: Iterable[T]) -> T:
    """Return the single item; fail if there are none or several."""
    items = list(items)
    if len(items) != 1:
        raise Violation(where, f"exactly one {what}", f"{len(items)}: {_listed(items)}")
    return items[0]


def named(where: str, what: str, items: Iterable[T], matches: Callable[[T], bool]) -> T:
    """Return the single item that `matches`."""
    return only(where, what, filter(matches, items))


def _listed(items: Iterable[Any]) -> str:
    # A set has no order of its own, and a message must be the same every time.
    ordered = sorted(map(str, items)) if isinstance(items, Set) else map(str, items)
    return ", ".join(ordered) or "nothing"
