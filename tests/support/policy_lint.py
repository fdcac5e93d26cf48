"""parliament, an IAM linter: what it finds in a policy, and what it knows of AWS's actions.

Its data are the pages "Actions, resources, and condition keys" of the service authorization
reference. It is read when first asked for: it takes a third of a second.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import botocore.session

from tests.support.outcomes import Invalid, SuiteError

_VARIABLE = re.compile(r"\$\{(\w+)\}")
# parliament's own order, least first.
SEVERITIES = ("MUTED", "INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")


@dataclass(frozen=True)
class Remark:
    """Something that parliament objects to; `severity` is one of SEVERITIES."""

    severity: str
    title: str
    detail: str

    def __str__(self) -> str:
        return f"{self.title} ({self.severity}){self.detail and ': '}{self.detail}"

    def above(self, severity: str) -> bool:
        """Whether it is worse than that."""
        return SEVERITIES.index(self.severity) > SEVERITIES.index(severity)


def remarks(document: Mapping[str, Any]) -> list[Remark]:
    """What parliament says of an identity policy, given as a JSON object.

    One statement with an action that parliament does not know keeps it from judging the others:
    leave such out (`exists`).
    """
    analysed = _parliament().analyze_policy_string(json.dumps(document))
    found = [_parliament().enhance_finding(one) for one in analysed.findings]
    return [Remark(one.severity, one.title, _text(one.detail)) for one in found]


def actions(pattern: str) -> list[str]:
    """The actions that `pattern`, such as `kms:GenerateDataKey*`, stands for; none if unknown."""
    if pattern.count(":") != 1:
        return []
    expanded = _parliament().expand_action(pattern, raise_exceptions=False)
    return [f"{one['service']}:{one['action']}" for one in expanded]


def takes_resource(action: str) -> bool:
    """Whether the action can be granted on resources by their ARNs."""
    return bool(resource_types(action))


def resource_types(action: str) -> list[str]:
    """The kinds of resources that the action can be granted on; none if only on everything."""
    kinds = [one["resource_type"].rstrip("*") for one in _privilege(action)["resource_types"]]
    return [kind for kind in kinds if kind]


def access_level(action: str) -> str | None:
    """The Service Authorization Reference's: List, Read, Write, Tagging, Permissions management.

    None if parliament does not know the action; upper and lower case do not matter.
    """
    service, _, name = action.partition(":")
    return _levels(service).get(name.lower())


def _privilege(action: str) -> Mapping[str, Any]:
    service, _, name = action.partition(":")
    return dict(_privileges(service)[name])


def exists(pattern: str) -> bool:
    """Whether the pattern stands for at least one action.

    IAM takes a name that no service has without a word. Raises Invalid where parliament does not
    know the action but the service's API does, or cannot be asked: its data may be too old.
    """
    if pattern == "*" or actions(pattern):
        return True
    service, _, name = pattern.partition(":")
    operations = _operations(service.lower())
    if operations is None and not _service(service):
        return False
    if operations is None or name.lower() in operations:
        raise Invalid(f"parliament knows no action {pattern}, which may be newer than its data")
    return False


@cache
def _forms() -> dict[str, str]:
    """The form of every resource's ARN, by service and type without anything between letters."""
    return {
        _bare(f"{service['prefix']}{resource['resource']}"): str(resource["arn"])
        for service in _parliament().iam_definition
        for resource in service["resources"]
    }


def filled(form: str, values: Mapping[str, str], otherwise: str) -> str:
    """The ARN of that form with `values` for its variables, and `otherwise` for all others."""
    return _VARIABLE.sub(lambda found: values.get(found[1], otherwise), form)


def form_of(name: str) -> str | None:
    """The form of the ARN of a kind of resource, such as `ecs_task_definition`; None if unknown.

    It has variables such as `${Account}`.
    """
    return _forms().get(_bare(name))


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _text(detail: Any) -> str:
    match detail:
        case None:
            return ""
        case str():
            return detail
        case Mapping():
            return " ".join(f"{key} {_text(value)}" for key, value in detail.items())
        case Iterable():
            return ", ".join(_text(one) for one in detail)
    return str(detail)


@cache
def _service(prefix: str) -> Mapping[str, Any]:
    for service in _parliament().iam_definition:
        if service["prefix"] == prefix.lower():
            return dict(service)
    return {}


@cache
def _privileges(service: str) -> dict[str, Any]:
    return {one["privilege"]: one for one in _service(service).get("privileges", [])}


@cache
def _levels(service: str) -> dict[str, str]:
    return {name.lower(): str(one["access_level"]) for name, one in _privileges(service).items()}


@cache
def _operations(service: str) -> frozenset[str] | None:
    """The operations of the service's API in lower case; None if none goes by IAM's name for it."""
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return None
    return frozenset(name.lower() for name in session.get_service_model(service).operation_names)


@cache
def _parliament() -> Any:
    """The module. It finds its files through pkg_resources, which setuptools no longer has."""
    spec = find_spec("parliament")
    if spec is None or not spec.submodule_search_locations:
        raise SuiteError("parliament is not installed: run the tier through tox")
    root = Path(spec.submodule_search_locations[0])
    finder = ModuleType("pkg_resources")
    finder.__dict__["resource_filename"] = lambda _package, name: str(root / name)
    with warnings.catch_warnings(), patch.dict(sys.modules, {"pkg_resources": finder}):
        # It leaves its files open and writes its patterns without r"".
        warnings.simplefilter("ignore")
        import parliament
    return parliament
