"""Placeholders as symbols: `⟨aws_lb.main.arn⟩` for the ARN that `aws_lb.main` will have.

A key in an address stands without its quotes, `⟨aws_subnet.own[a].id⟩`: symbols occur inside JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.support.placeholders.filling import ARN_HEAD, code

PLACEHOLDER = re.compile(rf"(?:{re.escape(ARN_HEAD)})?ph-([0-9a-f]{{8}}(?:x[0-9]+)?)-(\w+)-0")
SYMBOL = re.compile(r"⟨([^⟨⟩]+)⟩")


def name_symbols(document: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """A plan's JSON with each placeholder replaced by the symbol of its resource and attribute.

    `types` has the resource type for which each placeholder's number was made: another resource may
    hand an attribute on under the same name, as a topic's policy does with the topic's ARN.
    """
    owners = {
        (number, code(path)): f"{plain(change['address'])}.{path}"
        for change in document.get("resource_changes", [])
        for number, path in _own(change["change"].get("after"))
        if types.get(number) == change.get("type")
    }

    def symbol(found: re.Match[str]) -> str:
        return f"⟨{owners.get((found[1], found[2]), f'unknown.{found[2]}')}⟩"

    return dict(_replaced(document, symbol))


def plain(address: str) -> str:
    """An address as it stands in a symbol."""
    return address.replace('"', "")


def _own(after: Any) -> set[tuple[str, str]]:
    """Number and path of the placeholders that stand at the very path they name."""
    return {
        (found[1], path)
        for path, text in _strings(after, "")
        if (found := PLACEHOLDER.fullmatch(text)) and found[2] == code(path)
    }


def _strings(value: Any, path: str) -> list[tuple[str, str]]:
    match value:
        case str():
            return [(path, value)]
        case Mapping():
            pairs = ((f"{path}.{key}" if path else key, inner) for key, inner in value.items())
            return [one for place, inner in pairs for one in _strings(inner, place)]
        case list():
            items = enumerate(value)
            return [one for i, inner in items for one in _strings(inner, f"{path}[{i}]")]
    return []


def _replaced(value: Any, symbol: Any) -> Any:
    match value:
        case str() if "ph-" in value:
            return PLACEHOLDER.sub(symbol, value)
        case Mapping():
            return {key: _replaced(inner, symbol) for key, inner in value.items()}
        case list():
            return [_replaced(inner, symbol) for inner in value]
    return value


def symbols_in(value: Any) -> set[str]:
    """The symbols, without their brackets, anywhere in a value."""
    return set(SYMBOL.findall(json.dumps(value, ensure_ascii=False)))
