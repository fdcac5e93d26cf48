"""Rules about policies, and whether a policy allows a request. Pure: statements in, words out.

IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support import policy_lint
from tests.support.iam import Policy, Statement, matches
from tests.support.outcomes import Invalid

# The last part of an ARN that names everything, and everything of a kind: `*/*`, `role/*`.
_EVERYTHING = re.compile(r"\*+([/:]\*+)*")
_EVERYTHING_OF_A_KIND = re.compile(rf"[\w-]+[:/]{_EVERYTHING.pattern}")
# Their ARNs name no kind: what stands before `/*` is a name.
_WITHOUT_KIND = frozenset({"s3", "sns", "sqs"})


@dataclass(frozen=True)
class Request:
    """A call as IAM sees it.

    `principal` is `kind:name`. Resource and context values are given in each of their spellings:
    a plan may write an ARN out or have a symbol for it. What the context lacks is not known, and
    not absent.
    """

    principal: str
    action: str
    resource: frozenset[str]
    context: Mapping[str, frozenset[str]]


def allowed(policy: Iterable[Statement], request: Request) -> bool:
    """Whether the policy allows the request: some statement does, and none denies it.

    Raises Invalid where that hangs on a condition that cannot be judged.
    """
    concerned = [one for one in policy if _concerns(one, request)]
    verdicts = [(one, _holds(one.conditions, request.context)) for one in concerned]
    for effect in ("Deny", "Allow"):
        decided = [holds for one, holds in verdicts if one.effect == effect]
        if True in decided:
            return effect == "Allow"
        if None in decided and any(one.allows and holds is not False for one, holds in verdicts):
            unjudged = next(one for one, holds in verdicts if holds is None)
            keys = ", ".join(key for by_key in unjudged.conditions.values() for key in by_key)
            raise Invalid(f"{unjudged}: whether its condition on {keys} holds is not known")
    return False


def _concerns(statement: Statement, request: Request) -> bool:
    if statement.not_principals or statement.not_resources:
        raise Invalid(f"{statement}: NotPrincipal and NotResource are not judged")
    return (
        statement.covers(request.action)
        and (statement.for_anyone or request.principal in statement.principals)
        and any(matches(one, own) for one in statement.resources for own in request.resource)
    )


def _equals(values: Iterable[str], own: Collection[str]) -> bool:
    return any(value in own for value in values)


def _ignoring_case(values: Iterable[str], own: Collection[str]) -> bool:
    return _equals([v.lower() for v in values], [o.lower() for o in own])


def _like(values: Iterable[str], own: Collection[str]) -> bool:
    return any(matches(value, one) for value in values for one in own)


_OPERATORS: dict[str, Callable[[Iterable[str], Collection[str]], bool]] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _ignoring_case,
    "StringLike": _like,
    # ArnEquals and ArnLike behave identically.
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": _ignoring_case,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _holds(
    conditions: Mapping[str, Mapping[str, list[str]]], context: Mapping[str, frozenset[str]]
) -> bool | None:
    """Whether every condition holds: not if one fails, whatever the others are; None if unknown."""
    known = {key.lower(): own for key, own in context.items()}
    verdicts = [
        _test(operator, known.get(key.lower()), values)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _test(operator: str, own: frozenset[str] | None, values: Iterable[str]) -> bool | None:
    name = operator.removesuffix("IfExists")
    positive = _OPERATORS.get(_NEGATED.get(name, name))
    if own is None or positive is None:
        return None
    return positive(values, own) is not (name in _NEGATED)


# --- Rules ---------------------------------------------------------------------------------


def unknown_actions(policy: Policy) -> list[str]:
    """The actions that no service has. Raises Invalid as `policy_lint.exists` does."""
    return [
        f"{policy.where} {statement}: {pattern}"
        for statement in policy.statements
        for pattern in sorted(statement.actions | statement.not_actions)
        if not policy_lint.exists(pattern)
    ]


def lint(policy: Policy, tolerated: str, spelled: Callable[[str], str] = str) -> list[str]:
    """What parliament finds above the severity `tolerated`; `spelled` makes ARNs of symbols.

    Actions that no service has are left out: they are another rule's.
    """
    written = [_written(statement, spelled) for statement in policy.statements]
    judged = [one for one in written if one.keys() & {"Action", "NotAction"}]
    document = {"Version": "2012-10-17", "Statement": judged}
    found = policy_lint.remarks(document) if judged else []
    return [f"{policy.where}: {remark}" for remark in found if remark.above(tolerated)]


def _written(statement: Statement, spelled: Callable[[str], str]) -> dict[str, Any]:
    """The statement of an identity policy as JSON has it."""
    parts: dict[str, Any] = {
        "Sid": statement.sid,
        "Action": sorted(filter(policy_lint.exists, statement.actions)),
        "NotAction": sorted(statement.not_actions),
        "Resource": sorted(map(spelled, statement.resources)),
        "NotResource": sorted(map(spelled, statement.not_resources)),
        "Condition": {
            test: {key: [spelled(value) for value in values] for key, values in keys.items()}
            for test, keys in statement.conditions.items()
        },
    }
    return {"Effect": statement.effect} | {name: part for name, part in parts.items() if part}


def wildcards(policy: Policy) -> list[str]:
    """The grants of actions by a pattern on everything, and those of all but what they name."""
    return [
        f"{policy.where} {statement}: {_told(statement)}"
        for statement in policy.grants
        if statement.not_actions
        or statement.not_resources
        or (any("*" in a for a in statement.actions) and any(map(_everything, statement.resources)))
    ]


def _told(statement: Statement) -> str:
    if statement.not_actions or statement.not_resources:
        return "allows everything but what it names"
    return f"{', '.join(sorted(statement.actions))} on {', '.join(sorted(statement.resources))}"


def _everything(resource: str) -> bool:
    parts = resource.split(":", 5)
    if _EVERYTHING.fullmatch(parts[-1]):
        return True
    of_a_kind = _EVERYTHING_OF_A_KIND.fullmatch(parts[-1]) is not None
    return of_a_kind and len(parts) > 2 and parts[2] not in _WITHOUT_KIND


def needless_stars(policy: Policy) -> list[str]:
    """The actions granted on `*` that could be granted on resources by name."""
    return [
        f"{policy.where} {statement}: {action}"
        for statement in policy.grants
        if "*" in statement.resources
        for pattern in sorted(statement.actions)
        for action in policy_lint.actions(pattern)
        if policy_lint.takes_resource(action)
    ]


def open_grants(policy: Policy, narrowing: Iterable[str]) -> list[str]:
    """The grants to anyone that no condition on one of the `narrowing` keys bounds."""
    keys = {key.lower() for key in narrowing}
    return [
        f"{policy.where} {statement}"
        for statement in policy.grants
        if statement.for_anyone and not _narrowed(statement, keys)
    ]


def _narrowed(statement: Statement, keys: Collection[str]) -> bool:
    """Whether a condition asks for one of the keys, by more than a pattern that fits everything."""
    return any(
        test in _OPERATORS and key.lower() in keys and not any(set(v) <= {"*", "?"} for v in values)
        for test, by_key in statement.conditions.items()
        for key, values in by_key.items()
    )


_OUTSIDE = "Federated:"


def trusted(policy: Policy) -> set[str]:
    """Who may assume the role whose trust policy it is, but for those who sign in elsewhere."""
    return {
        principal
        for statement in policy.grants
        for principal in [*statement.principals, *(f"not {p}" for p in statement.not_principals)]
        if not principal.startswith(_OUTSIDE)
    }


def sign_ins(policy: Policy) -> list[dict[str, dict[str, list[str]]]]:
    """On what conditions, grant by grant, one may assume the role who signed in elsewhere."""
    return [
        {test: {key: sorted(v) for key, v in keys.items()} for test, keys in one.conditions.items()}
        for one in policy.grants
        if any(principal.startswith(_OUTSIDE) for principal in one.principals)
    ]
