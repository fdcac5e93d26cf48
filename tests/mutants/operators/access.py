"""Who may do what: statements, principals, conditions, trust."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutants.operators.registry import Change, cut, operator, replaced
from tests.mutants.places import Setting, Stack

POLICY = "aws_iam_policy_document"


def _statements(stack: Stack, name: str) -> list[Setting]:
    return [s for s in stack.settings if s.type == POLICY and s.name == name]


@operator("widen-actions", "security")
def widen_actions(stack: Stack) -> Iterator[Change]:
    """A statement allows everything of the first action's service."""
    for place in _statements(stack, "actions"):
        service = re.search(r'"([\w-]+):', place.text)
        if service and f'"{service[1]}:*"' not in place.text:
            yield from replaced(stack, place, f'["{service[1]}:*"]')


@operator("widen-resources", "security")
def widen_resources(stack: Stack) -> Iterator[Change]:
    """A statement is about everything."""
    for place in _statements(stack, "resources"):
        if place.text != '["*"]':
            yield from replaced(stack, place, '["*"]')


@operator("widen-principals", "security")
def widen_principals(stack: Stack) -> Iterator[Change]:
    """A statement is for everybody."""
    for place in _statements(stack, "identifiers"):
        yield from replaced(stack, place, '["*"]', "any")
        names = re.findall(r'"[\w.${}:/-]+"', place.text)
        for n, name in enumerate(names):
            if len(names) > 1:
                left = ", ".join(one for one in names if one != name)
                yield from replaced(stack, place, f"[{left}]", f"without {n}")


@operator("drop-condition", "security")
def drop_condition(stack: Stack) -> Iterator[Change]:
    """A statement holds without its condition."""
    for block in stack.blocks:
        if block.type == POLICY and block.name == "condition":
            yield from cut(stack, block)


@operator("widen-condition", "security")
def widen_condition(stack: Stack) -> Iterator[Change]:
    """A condition accepts any value."""
    for place in _statements(stack, "values"):
        yield from replaced(stack, place, '["*"]')


@operator("drop-statement", "configuration data", common=False)
def drop_statement(stack: Stack) -> Iterator[Change]:
    """A statement is missing."""
    for block in stack.blocks:
        if block.type == POLICY and block.name == "statement":
            yield from cut(stack, block)


@operator("deny-becomes-allow", "security")
def allow(stack: Stack) -> Iterator[Change]:
    """What was refused is allowed."""
    for place in _statements(stack, "effect"):
        if place.value == "Deny":
            yield from replaced(stack, place, '"Allow"')


@operator("wrong-managed-policy", "security")
def managed(stack: Stack) -> Iterator[Change]:
    """A role has everything that AWS keeps a policy for."""
    for place in stack.settings:
        if place.name == "policy_arn" and "arn:aws:iam::aws:policy/" in place.text:
            yield from replaced(stack, place, '"arn:aws:iam::aws:policy/AdministratorAccess"')


@operator("container-privileges", "security")
def privileges(stack: Stack) -> Iterator[Change]:
    """A container runs as root, or can write to its own file system."""
    for place in stack.settings:
        if place.kind in ("locals", "resource") and place.pair:
            if place.name == "user" and place.value not in ("0", "root"):
                yield from replaced(stack, place, '"0"')
            if place.name == "readonlyRootFilesystem" and place.value is True:
                yield from replaced(stack, place, "false")
