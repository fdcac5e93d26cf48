"""Large schemas without the nested blocks that nobody writes. Pure: messages and values in and out.

A web ACL's statements lie in each other three levels deep: Terraform spends most of a plan on the
types of blocks that are not there. It is shown a schema without them; what it asks with has them
added, empty, before the real provider sees it, and loses them again in the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Schemas below this are read in no time.
LARGE_BYTES = 200_000
# NestedBlock.NestingMode: what is not there is an empty list in both.
_EMPTY_IS_A_LIST = {2, 3}


def trim(block: Any, written: frozenset[str]) -> None:
    """Take the nested blocks whose names are not among those `written` out of a schema's block."""
    kept = [one for one in block.block_types if not _spare(one, written)]
    if len(kept) < len(block.block_types):
        del block.block_types[:]
        block.block_types.extend(kept)
    for one in block.block_types:
        trim(one.block, written)


def pad(block: Any, written: frozenset[str], value: Any) -> Any:
    """A value of the trimmed block as the whole `block` has it: what was taken out is empty."""
    return _followed(block, written, value, lambda values, name: values.setdefault(name, []))


def strip(block: Any, written: frozenset[str], value: Any) -> Any:
    """A value of the whole `block` as the trimmed one has it."""
    return _followed(block, written, value, lambda values, name: values.pop(name, None))


def _followed(
    block: Any, written: frozenset[str], value: Any, edit: Callable[[dict[str, Any], str], Any]
) -> Any:
    """A copy of the value in which `edit` has met each nested block that was taken out."""
    if not isinstance(value, dict):
        return value
    followed = dict(value)
    for one in block.block_types:
        if _spare(one, written):
            edit(followed, one.type_name)
        elif isinstance(inner := followed.get(one.type_name), list):
            followed[one.type_name] = [_followed(one.block, written, v, edit) for v in inner]
    return followed


def _spare(nested: Any, written: frozenset[str]) -> bool:
    """Whether nobody misses the nested block; Terraform itself tells of one that must be there."""
    optional = nested.nesting in _EMPTY_IS_A_LIST and not nested.min_items
    return optional and nested.type_name not in written
