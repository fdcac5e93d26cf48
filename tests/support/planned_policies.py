"""Policies as planned, though Terraform puts off reading a document that depends on a resource.

Such a data source is planned with all of its arguments, and what it will say follows from them
(provider documentation, `aws_iam_policy_document`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.iam import Statement, statements
from tests.support.outcomes import Invalid
from tests.support.plan import Plan, Resource

_DOCUMENT = "data.aws_iam_policy_document."


def policy(plan: Plan, resource: Resource, path: str) -> list[Statement]:
    """The statements of the policy at `path` of a resource, with symbols for what AWS decides.

    Raises Invalid where the policy is neither written out nor made by a policy document.
    """
    written = resource.symbolic(path)
    if isinstance(written, str) and written.startswith("{"):
        return statements(written)
    documents = [name for name in resource.references(path) if _DOCUMENT in name]
    found = [one for name in documents for one in _instances(plan, name, resource)]
    if not found:
        raise Invalid(f"{resource.where}: {path} is known only after apply")
    return [statement for document in found for statement in _statements(plan, document)]


def _instances(plan: Plan, name: str, user: Resource) -> list[Resource]:
    """The document of that address; of several, the one with the same key as its user."""
    documents = plan.data("aws_iam_policy_document")
    exact = [one for one in documents if one.address == name]
    same_key = [one for one in documents if one.block == name and one.key == user.key]
    return exact or same_key


def _statements(plan: Plan, document: Resource) -> Iterator[Statement]:
    for path in ("source_policy_documents", "override_policy_documents"):
        if document.references(path) or document.symbolic(path):
            yield from _merged(plan, document, path)
    for written in document.nested("statement"):
        yield _statement(written)


def _merged(plan: Plan, document: Resource, path: str) -> list[Statement]:
    sources = document.symbolic(path) or []
    if sources and all(isinstance(one, str) and one.startswith("{") for one in sources):
        return [statement for one in sources for statement in statements(one)]
    return policy(plan, document, path)


def _statement(written: Resource) -> Statement:
    after: Mapping[str, Any] = written.after
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in after.get("condition") or []:
        conditions.setdefault(condition["test"], {})[condition["variable"]] = condition["values"]
    return Statement(
        sid=after.get("sid") or "",
        effect=after.get("effect") or "Allow",
        actions=frozenset(after.get("actions") or []),
        resources=frozenset(after.get("resources") or []),
        principals=frozenset(
            f"{principal['type']}:{name}"
            for principal in after.get("principals") or []
            for name in principal["identifiers"]
        ),
        conditions=conditions,
    )
