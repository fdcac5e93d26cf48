"""IAM policy documents as plain data (IAM user guide, "IAM JSON policy elements reference")."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.support.outcomes import Invalid

# `"Principal": "*"` and `"Principal": {"AWS": "*"}` mean the same; Terraform writes either.
ANYONE = frozenset({"AWS:*", "*:*"})


@dataclass(frozen=True)
class Statement:
    """One statement.

    `principals` are `kind:name`, such as `Service:ecs-tasks.amazonaws.com`; `conditions` give the
    values for each test and variable. `not_actions` and the like are what NotAction and the like
    name: a statement with them is about everything else.
    """

    sid: str
    effect: str
    actions: frozenset[str]
    resources: frozenset[str]
    principals: frozenset[str]
    conditions: Mapping[str, Mapping[str, list[str]]]
    not_actions: frozenset[str] = frozenset()
    not_resources: frozenset[str] = frozenset()
    not_principals: frozenset[str] = frozenset()

    @property
    def allows(self) -> bool:
        """Whether the statement grants, rather than denies."""
        return self.effect == "Allow"

    @property
    def for_anyone(self) -> bool:
        """Whether it is about every principal, or about all but some."""
        return bool(self.not_principals or self.principals & ANYONE)

    def covers(self, action: str) -> bool:
        """Whether the statement is about this action, by its name or by a pattern."""
        if self.not_actions:
            return not any(matches(pattern.lower(), action.lower()) for pattern in self.not_actions)
        return any(matches(pattern.lower(), action.lower()) for pattern in self.actions)

    def __str__(self) -> str:
        return self.sid or f"{self.effect} {', '.join(sorted(self.actions | self.not_actions))}"


@dataclass(frozen=True)
class Policy:
    """A policy's statements; `where` says whose (file:line and address, or an ARN)."""

    where: str
    statements: tuple[Statement, ...]

    @property
    def grants(self) -> list[Statement]:
        """The statements that allow something."""
        return [one for one in self.statements if one.allows]


def matches(pattern: str, text: str) -> bool:
    """Whether the text fits the pattern, in which `*` is any string and `?` any character."""
    written = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(written, text, re.DOTALL) is not None


def statements(policy: str | Mapping[str, Any]) -> list[Statement]:
    """The statements of a policy document, given as JSON, as IAM's URL-encoded JSON, or parsed.

    There are none in what Terraform writes for an aws_iam_policy_document without a statement,
    which is a version alone. Raises Invalid where there is no Statement in anything else.
    """
    if isinstance(policy, str):
        policy = json.loads(unquote(policy) if policy.startswith("%") else policy)
    if isinstance(policy, Mapping) and policy.keys() == {"Version"}:
        return []
    if not isinstance(policy, Mapping) or "Statement" not in policy:
        raise Invalid("a policy without Statement: it is no IAM policy document")
    written = policy["Statement"]
    return [_statement(one) for one in (written if isinstance(written, list) else [written])]


def granted(
    policy: Iterable[Statement], *, action: str = "", principal: str = ""
) -> list[Statement]:
    """The statements that allow this action, or any, to this principal by name, or to anyone.

    An action is allowed by its name or by a pattern.
    """
    return [
        one
        for one in policy
        if one.allows
        and (not action or one.covers(action))
        and (not principal or principal in one.principals)
    ]


def denied_to_all(
    policy: Iterable[Statement],
    action: str,
    resources: Iterable[str],
    conditions: Mapping[str, Mapping[str, list[str]]],
) -> list[Statement]:
    """The statements that deny this action on all of `resources` to everyone.

    On these conditions alone: one more would let some requests through. `action` is a whole
    service's, such as `s3:*`. IAM does not tell capitals in a condition's variable apart.
    """
    wanted = list(resources)
    return [
        one
        for one in policy
        if not one.allows
        and one.principals & ANYONE
        and one.actions & {action, "*"}
        and all(any(matches(pattern, name) for pattern in one.resources) for name in wanted)
        and _folded(one.conditions) == _folded(conditions)
    ]


def _folded(conditions: Mapping[str, Mapping[str, list[str]]]) -> dict[str, dict[str, list[str]]]:
    return {
        test: {variable.lower(): values for variable, values in variables.items()}
        for test, variables in conditions.items()
    }


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
        frozenset(_listed(written.get("NotAction", []))),
        frozenset(_listed(written.get("NotResource", []))),
        frozenset(_principals(written.get("NotPrincipal", {}))),
    )


def _principals(written: str | Mapping[str, Any]) -> Iterable[str]:
    if isinstance(written, str):
        return ["AWS:*"] if written == "*" else [written]
    return [f"{kind}:{name}" for kind, names in written.items() for name in _listed(names)]


def _listed(value: Any) -> list[str]:
    """One value or several, as text: a document may have `true` where IAM reads `"true"`."""
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
