"""Policies as planned, though Terraform puts off reading a document that depends on a resource.

Such a data source is planned with all of its arguments, and what it will say follows from them
(provider documentation, `aws_iam_policy_document`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.iam import Policy, Statement, statements
from tests.support.outcomes import Invalid
from tests.support.plan import Plan
from tests.support.planned_resource import Resource

_DOCUMENT = "data.aws_iam_policy_document."
_IDENTITY = frozenset(
    {"aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"}
)
_ARGUMENTS = ("policy", "policy_document", "access_policy", "access_policies")
# Their `policy` is another thing, or bounds what others grant.
_NO_GRANT = frozenset({"aws_ecr_lifecycle_policy", "aws_vpc_endpoint", "aws_vpc_endpoint_policy"})


def identity_policies(plan: Plan) -> list[Policy]:
    """What is attached to roles, users and groups. Raises Invalid as `policy` does."""
    written = [(one, "policy") for one in plan.resources if one.type in _IDENTITY]
    inline = [
        (role, f"inline_policy[{index}].policy")
        for role in plan.all("aws_iam_role")
        if role.sets("inline_policy")
        for index, _ in enumerate(role.nested("inline_policy"))
    ]
    return [Policy(one.where, tuple(policy(plan, one, path))) for one, path in written + inline]


def trust_policies(plan: Plan) -> list[tuple[Resource, Policy]]:
    """Each role, and who may assume it. Raises Invalid as `policy` does."""
    return [
        (role, Policy(role.where, tuple(policy(plan, role, "assume_role_policy"))))
        for role in plan.all("aws_iam_role")
    ]


def given_to(plan: Plan, role: Resource, users: Mapping[str, str]) -> set[str]:
    """The services that the role is given to, as principals.

    `users` says by type and argument, such as `aws_lambda_function.role`, which service takes it.
    """
    name = f":role/{role.symbolic('name')}"
    found = set()
    for place, service in users.items():
        kind, _, argument = place.partition(".")
        for user in plan.all(kind):
            given = str(user.symbolic(argument) or "")
            if role.address in user.points_to(argument) or given.endswith(name):
                found.add(f"Service:{service}")
    return found


def attached(plan: Plan) -> list[str]:
    """The ARNs, some of them symbols, of the managed policies that are attached to anybody."""
    kinds = ("role", "user", "group")
    attachments = [one for k in kinds for one in plan.all(f"aws_iam_{k}_policy_attachment")]
    attachments += plan.all("aws_iam_policy_attachment")
    written = [str(one.symbolic("policy_arn")) for one in attachments]
    roles = [one for one in plan.all("aws_iam_role") if one.sets("managed_policy_arns")]
    return written + [arn for one in roles for arn in one.value("managed_policy_arns")]


def resource_policies(plan: Plan) -> list[Policy]:
    """What stands on buckets, keys, topics, functions and the like.

    Raises Invalid as `policy` does.
    """
    written = [
        (one, path)
        for one in plan.resources
        if one.type not in _IDENTITY | _NO_GRANT
        for path in _ARGUMENTS
        if one.sets(path)
    ]
    documents = [Policy(one.where, tuple(policy(plan, one, path))) for one, path in written]
    return documents + [_permission(one) for one in plan.all("aws_lambda_permission")]


def _permission(written: Resource) -> Policy:
    """A statement of a function's policy, as Lambda's AddPermission makes it."""
    principal = str(written.symbolic("principal"))
    kind = "Service" if principal.endswith(".amazonaws.com") else "AWS"
    conditions = {
        ("ArnLike", "aws:SourceArn"): written.symbolic("source_arn"),
        ("StringEquals", "aws:SourceAccount"): written.symbolic("source_account"),
        ("StringEquals", "aws:PrincipalOrgID"): written.symbolic("principal_org_id"),
    }
    tests: dict[str, dict[str, list[str]]] = {}
    for (test, variable), value in conditions.items():
        if value is not None:
            tests.setdefault(test, {})[variable] = [value]
    statement = Statement(
        sid=str(written.symbolic("statement_id") or ""),
        effect="Allow",
        actions=frozenset([written.value("action")]),
        resources=frozenset([str(written.symbolic("function_name"))]),
        principals=frozenset([f"{kind}:{principal}"]),
        conditions=tests,
    )
    return Policy(written.where, (statement,))


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
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in _known(written, "condition"):
        conditions.setdefault(condition["test"], {})[condition["variable"]] = condition["values"]
    return Statement(
        sid=written.after.get("sid") or "",
        effect=written.after.get("effect") or "Allow",
        actions=frozenset(_known(written, "actions")),
        resources=frozenset(_known(written, "resources")),
        principals=_principals(written, "principals"),
        conditions=conditions,
        not_actions=frozenset(_known(written, "not_actions")),
        not_resources=frozenset(_known(written, "not_resources")),
        not_principals=_principals(written, "not_principals"),
    )


def _principals(written: Resource, name: str) -> frozenset[str]:
    return frozenset(
        f"{principal['type']}:{identifier}"
        for principal in _known(written, name)
        for identifier in principal["identifiers"]
    )


def _known(written: Resource, name: str) -> list[Any]:
    """The members of a list in a statement. Raises Invalid if one of them is not known yet."""
    if "true" in json.dumps(written.unknown.get(name, False)):
        raise Invalid(f"{written.where}: {written.within}{name} is known only after apply")
    return list(written.after.get(name) or [])


def roles_at(plan: Plan, user: Resource, argument: str) -> list[str]:
    """The names of the roles that stand at an argument, by reference or written out."""
    pointed = [str(plan.at(address).symbolic("name")) for address in user.points_to(argument)]
    written = user.symbolic(argument)
    return pointed or (written if isinstance(written, list) else [str(written)])
