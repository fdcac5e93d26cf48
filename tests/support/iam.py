"""IAM policy documents as plain data (IAM user guide, "IAM JSON policy elements reference")."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Statement:
    """One statement.

    `principals` are `kind:name`, such as `Service:ecs-tasks.amazonaws.com`; `conditions` give the
    values for each test and variable.
    """

    sid: str
    effect: str
    actions: frozenset[str]
    resources: frozenset[str]
    principals: frozenset[str]
    conditions: Mapping[str, Mapping[str, list[str]]]

    @property
    def allows(self) -> bool:
        """Whether the statement grants, rather than denies."""
        return self.effect == "Allow"


def statements(policy: str | Mapping[str, Any]) -> list[Statement]:
    """The statements of a policy document, given as JSON, as IAM's URL-encoded JSON, or parsed."""
    if isinstance(policy, str):
        policy = json.loads(unquote(policy) if policy.startswith("%") else policy)
    assert isinstance(policy, Mapping)
    written = policy["Statement"]
    return [_statement(one) for one in (written if isinstance(written, list) else [written])]


def granted(
    policy: Iterable[Statement], *, action: str = "", principal: str = ""
) -> list[Statement]:
    """The statements that allow this action by name, or any, to this principal, or to anyone."""
    return [
        one
        for one in policy
        if one.allows
        and (not action or action in one.actions)
        and (not principal or principal in one.principals)
    ]


def _statement(written: Mapping[str, Any]) -> Statement:
    return Statement(
        str(written.get("Sid", "")),
        str(written["Effect"]),
        frozenset(_listed(written.get("Action", []))),
        frozenset(_listed(written.get("Resource", []))),
        frozenset(_principals(written.get("Principal", {}))),
        {
            test: {variable: _listed(values) for variable, values in variables.items()}
            for test, variables in written.get("Condition", {}).items()
        },
    )


def _principals(written: str | Mapping[str, Any]) -> Iterable[str]:
    if isinstance(written, str):
        return ["AWS:*"] if written == "*" else [written]
    return [f"{kind}:{name}" for kind, names in written.items() for name in _listed(names)]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
