"""What is missing, and what names the wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutants.mutant import Edit
from tests.mutants.operators.registry import Change, cut, operator, replaced
from tests.mutants.places import Block, Stack

SKIPPED = ("depends_on", "ignore_changes")


@operator("delete-resource", "configuration data")
def delete_resource(stack: Stack) -> Iterator[Change]:
    """A resource that nothing else names is missing; who waited for it no longer does."""
    for block in stack.blocks:
        if not (block.outermost and block.kind == "resource"):
            continue
        own = re.compile(rf"(?<![\w.]){re.escape(block.address)}(?![\w-])")
        users = [
            s
            for s in stack.settings
            if s.document.path.parent == block.document.path.parent
            and s.address != block.address
            and own.search(s.text)
        ]
        waiting = [s for s in users if s.name == "depends_on"]
        if len(waiting) == len(users):
            edits = [
                Edit(stack.relative(s.document), s.start, s.end, _without(s.text, own))
                for s in waiting
            ]
            yield from cut(stack, block, *edits)


@operator("wrong-reference", "configuration data")
def wrong_reference(stack: Stack) -> Iterator[Change]:
    """A reference names another resource of the same type."""
    same: dict[tuple[str, str], list[Block]] = {}
    for block in stack.blocks:
        if block.outermost and block.kind in ("resource", "data"):
            directory = str(block.document.path.parent)
            first = f"data.{block.type}" if block.kind == "data" else block.type
            same.setdefault((directory, first), []).append(block)
    for (directory, first), blocks in same.items():
        if len(blocks) < 2:
            continue
        names = [b.labels[-1] for b in blocks]
        words = "|".join(map(re.escape, names))
        used = re.compile(rf"(?<![\w-]){re.escape(first)}\.({words})(?![\w-])")
        for place in stack.settings:
            if str(place.document.path.parent) != directory or place.name in SKIPPED:
                continue
            if place.kind == "output" or re.search(r"\{\s*\n", place.text):
                continue
            for n, found in enumerate(used.finditer(place.text)):
                after = names[(names.index(found[1]) + 1) % len(names)]
                start, end = found.span(1)
                changed = place.text[:start] + after + place.text[end:]
                yield from replaced(stack, place, changed, str(n) if n else "")


@operator("drop-block", "configuration data", common=False)
def drop_block(stack: Stack) -> Iterator[Change]:
    """A nested block is missing."""
    kept = ("statement", "condition", "principals", "content", "lifecycle")
    for block in stack.blocks:
        if not block.outermost and block.kind == "resource" and block.name not in kept:
            yield from cut(stack, block)


@operator("drop-web-acl", "security")
def drop_acl(stack: Stack) -> Iterator[Change]:
    """A distribution has no firewall, no certificate of its own, or the wrong name."""
    for place in stack.settings:
        if place.kind == "resource" and place.name in ("web_acl_id", "origin_access_control_id"):
            yield from cut(stack, place)


@operator("wrong-policy-id", "configuration data", common=False)
def policy_id(stack: Stack) -> Iterator[Change]:
    """A behaviour has the cache or request policy of another."""
    names = ("cache_policy_id", "origin_request_policy_id", "response_headers_policy_id")
    for name in names:
        places = [s for s in stack.settings if s.kind == "resource" and s.name == name]
        texts = list(dict.fromkeys(s.text for s in places))
        for place in places:
            if len(texts) > 1:
                other = texts[(texts.index(place.text) + 1) % len(texts)]
                yield from replaced(stack, place, other)
            yield from cut(stack, place)


def _without(text: str, name: re.Pattern[str]) -> str:
    kept = [one.strip() for one in text.strip("[]").split(",") if not name.search(one)]
    return f"[{', '.join(one for one in kept if one)}]"
