"""Schemas without the blocks that nobody writes: what goes, what stays, and the values between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.placeholders.messages import BlockSchema
from tests.support.placeholders.trimming import pad, strip, trim

pytestmark = pytest.mark.selftest

SINGLE, LIST, SET = 1, 2, 3
WRITTEN = frozenset({"rule", "statement"})
Schema = dict[str, tuple[int, int, Any]]
# name: (nesting, fewest, its own blocks)
WHOLE: Schema = {
    "rule": (
        SET,
        0,
        {"statement": (LIST, 0, {"not": (LIST, 0, {})}), "action": (LIST, 0, {})},
    ),
    "unused": (LIST, 0, {"rule": (LIST, 0, {})}),
    "unused_set": (SET, 0, {}),
    "needed": (LIST, 1, {}),
    "one": (SINGLE, 0, {}),
}


def schema(blocks: Schema) -> Any:
    """The message of a block with these nested ones."""
    message = BlockSchema()
    for name, (nesting, fewest, inner) in blocks.items():
        added = message.block_types.add(type_name=name, nesting=nesting, min_items=fewest)
        added.block.CopyFrom(schema(inner))
    return message


def names(block: Any) -> dict[str, Any]:
    """The names of the nested blocks, at every depth."""
    return {one.type_name: names(one.block) for one in block.block_types}


def test_blocks_that_nobody_writes_go_at_every_depth() -> None:
    block = schema(WHOLE)
    trim(block, WRITTEN)
    assert names(block) == {"rule": {"statement": {}}, "needed": {}, "one": {}}


SHORT = {"name": "a", "rule": [{"statement": [{"id": 1}]}, {"statement": []}], "one": None}
LONG = {
    "name": "a",
    "rule": [
        {"statement": [{"id": 1, "not": []}], "action": []},
        {"statement": [], "action": []},
    ],
    "one": None,
    "unused": [],
    "unused_set": [],
}
UNKNOWN = object()


@pytest.mark.parametrize(
    ("edit", "value", "expected"),
    [
        (pad, SHORT, LONG),
        (strip, LONG, SHORT),
        (pad, None, None),
        (strip, None, None),
        (pad, {"rule": UNKNOWN}, {"rule": UNKNOWN, "unused": [], "unused_set": []}),
        (strip, {"rule": UNKNOWN, "unused": []}, {"rule": UNKNOWN}),
        (pad, {"rule": [UNKNOWN]}, {"rule": [UNKNOWN], "unused": [], "unused_set": []}),
    ],
    ids=["pad", "strip", "pad-null", "strip-null", "pad-unknown", "strip-unknown", "pad-member"],
)
def test_values_follow_the_schema(edit: Callable[..., Any], value: Any, expected: Any) -> None:
    assert edit(schema(WHOLE), WRITTEN, value) == expected


def test_a_value_that_was_there_is_never_emptied() -> None:
    assert pad(schema(WHOLE), WRITTEN, {"unused": [1]})["unused"] == [1]
