"""Which fields a JMESPath query asks for, checked against the shape of the answer.

A query that misspells a field is no error to AWS: it answers null, and the script goes on with it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import reduce
from typing import Any

import jmespath  # type: ignore[import-untyped]
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]


class UnknownField(Exception):
    """The query asks for what no answer can hold, or is not JMESPath."""


@dataclass(frozen=True)
class ListOf:
    """The list that a projection yields; looks like botocore's list shape."""

    member: Any
    type_name: str = "list"
    name: str = "list"


def check_query(query: str, shape: Any) -> None:
    """Raise UnknownField if a field of `query` is not in `shape`, a botocore output shape or None.

    Where the shape of a part is not known (a literal, most functions' results) nothing is said.
    """
    if shape is None:
        raise UnknownField("the command prints no document to ask of")
    try:
        with warnings.catch_warnings():
            # The CLI takes unquoted literals too, and says nothing.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            tree = jmespath.compile(query).parsed
    except JMESPathError as error:
        raise UnknownField(str(error).splitlines()[0]) from error
    _walk(tree, shape)


def _walk(node: dict[str, Any], shape: Any) -> Any:
    """The shape of what the node yields when it is asked of `shape`; None if it is not known."""
    children = node["children"]
    match node["type"]:
        case "field":
            return _member(node["value"], shape)
        case "identity" | "current" | "slice":
            return shape
        case "subexpression" | "index_expression" | "pipe":
            return reduce(lambda found, child: _walk(child, found), children, shape)
        case "index":
            return getattr(shape, "member", None)
        case "flatten" | "projection" | "value_projection" | "filter_projection":
            return _list(node["type"], children, shape)
        case "function_expression":
            return _call(node["value"], children, shape)
    for child in children:
        _walk(child, shape)
    return None


def _list(kind: str, children: list[dict[str, Any]], shape: Any) -> Any:
    """What yields a list: one level less of it, or the right side asked of each element."""
    found = _walk(children[0], shape)
    element = getattr(found, "member", None)
    if kind == "flatten":
        inner = getattr(element, "member", None)
        return found if inner is None else ListOf(inner)
    for condition in children[2:]:
        _walk(condition, element)
    return ListOf(_walk(children[1], element))


def _member(name: str, shape: Any) -> Any:
    match getattr(shape, "type_name", None):
        case None:
            return None
        case "structure":
            if name not in shape.members:
                raise UnknownField(f"{shape.name} has no field {name}")
            return shape.members[name]
        case "map":
            return shape.value
    raise UnknownField(f"{shape.name} is a {shape.type_name} and has no field {name}")


def _call(name: str, arguments: list[dict[str, Any]], shape: Any) -> Any:
    """`reverse` and `sort_by` yield a list like their argument; of others nothing is known."""
    found = [_walk(a, shape) for a in arguments if a["type"] != "expref"]
    for argument in arguments:
        if argument["type"] == "expref":
            _walk(argument["children"][0], getattr(found[0], "member", None))
    return found[0] if name in ("reverse", "sort_by") else None
