"""Puts a placeholder for each string that is known only after apply. Pure: data in, data out.

A planned state comes as msgpack in which an unknown value is an extension type. Strings alone are
filled in. An unknown number, list, set or map stays unknown, and so does whatever lies inside a
set: its members are told apart by their values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack

# Arguments that take an ARN look at its form. The account belongs to nobody (AWS's own example).
ARN_HEAD = "arn:aws:placeholder:us-east-1:123456789012:"


@dataclass(frozen=True)
class Block:
    """A block of a resource's schema: the types of its attributes and its nested blocks."""

    attributes: dict[str, Any]
    blocks: dict[str, Block]
    nested_as_set: frozenset[str]

    @classmethod
    def read(cls, message: Any) -> Block:
        """From the provider's own description of the block."""
        nested = {one.type_name: one for one in message.block_types}
        return cls(
            {one.name: json.loads(one.type) for one in message.attributes if one.type},
            {name: cls.read(one.block) for name, one in nested.items()},
            frozenset(name for name, one in nested.items() if one.nesting == _SET),
        )


_SET = 3  # NestedBlock.NestingMode


@dataclass(frozen=True)
class _Unknown:
    code: int
    data: bytes


def placeholder(number: str, path: str) -> str:
    """The placeholder of an attribute: `number` tells one planned resource from another.

    It survives what providers do to names (lower case, no dot at the end), ends before whatever
    stands behind it, and is short: a hosted zone's id has at most 32 characters.
    """
    own = f"ph-{number}-{code(path)}-0"
    name = path.rpartition(".")[2]
    return ARN_HEAD + own if name == "arn" or name.endswith("_arn") else own


def code(path: str) -> str:
    """A path as it stands in a placeholder."""
    return re.sub(r"\W+", "_", path)


def fill(
    state: bytes, resource_type: str, block: Block, number: str, spared: frozenset[tuple[str, str]]
) -> bytes:
    """The planned state with placeholders; `spared` (type, code of a path) pairs stay unknown."""
    filler = _Filler(resource_type, number, spared)
    return edited(state, lambda value: filler.block(block, value, ""))


def edited(state: bytes, edit: Callable[[Any], Any]) -> bytes:
    """A value of the protocol after `edit`; what is unknown in it stays so."""
    value = msgpack.unpackb(state, ext_hook=_Unknown, strict_map_key=False)
    packed: bytes = msgpack.packb(edit(value), default=_pack)
    return packed


def _pack(value: Any) -> msgpack.ExtType:
    if isinstance(value, _Unknown):
        return msgpack.ExtType(value.code, value.data)
    raise TypeError(f"{type(value).__name__} in a planned state")


@dataclass(frozen=True)
class _Filler:
    resource_type: str
    number: str
    spared: frozenset[tuple[str, str]]

    def block(self, block: Block, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: self._part(block, name, inner, path) for name, inner in value.items()}

    def _part(self, block: Block, name: str, value: Any, path: str) -> Any:
        place = f"{path}.{name}" if path else name
        if name in block.attributes:
            return self._attribute(block.attributes[name], value, place)
        if name not in block.blocks or name in block.nested_as_set:
            return value
        if isinstance(value, list):
            inner = block.blocks[name]
            return [self.block(inner, one, f"{place}[{i}]") for i, one in enumerate(value)]
        return self.block(block.blocks[name], value, place)

    def _attribute(self, kind: Any, value: Any, path: str) -> Any:
        match kind, value:
            case "string", _Unknown() if (self.resource_type, code(path)) not in self.spared:
                return placeholder(self.number, path)
            case ["list", inner], list():
                return [self._attribute(inner, v, f"{path}[{i}]") for i, v in enumerate(value)]
            case ["map", inner], dict():
                return {k: self._attribute(inner, v, f"{path}.{k}") for k, v in value.items()}
            case ["object", dict() as kinds], dict():
                return {k: self._attribute(kinds[k], v, f"{path}.{k}") for k, v in value.items()}
        return value
