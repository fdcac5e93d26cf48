"""What the AWS CLI would make of a command: its operation, its parameters and what it would print.

Names come from botocore's service models, which the AWS CLI itself is built from. A model is read
once a run, and only those of the services that are asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from tests.support.aws_cli_values import BadCommandError, json_of, nearest, validate, value_of
from tests.support.jmespath_shapes import UnknownField, check_query

# Options of every command, and whether a value follows them.
GLOBAL = {
    "--cli-input-json": True,
    "--output": True,
    "--profile": True,
    "--query": True,
    "--region": True,
    "--no-cli-pager": False,
    "--no-paginate": False,
}
PAGINATED = {"--max-items", "--page-size", "--starting-token"}
# Services that the CLI calls by another name than botocore.
RENAMED = {"s3api": "s3"}
# Commands that the CLI adds to those of the models: how many words follow, the options, and the
# actions that the command needs.
ADDED: dict[tuple[str, str], tuple[int, tuple[str, ...], tuple[str, ...]]] = {
    ("ecr", "get-login-password"): (0, (), ("ecr:GetAuthorizationToken",)),
    ("s3", "sync"): (2, ("cache-control", "no-progress"), ("s3:ListBucket", "s3:PutObject")),
}


def _invalidation(paths: Sequence[str]) -> dict[str, Any]:
    """What `cloudfront create-invalidation --paths` asks for."""
    listed = {"Quantity": len(paths), "Items": list(paths)}
    return {"InvalidationBatch": {"Paths": listed, "CallerReference": f"cli-{time.time_ns()}"}}


# Options that the CLI adds to an operation, and the parameters that each stands for.
SHORT = {("cloudfront", "create-invalidation"): {"paths": _invalidation}}
LOADER = Loader()


@dataclass(frozen=True)
class Command:
    """A command that the AWS CLI knows.

    `operation` is the CLI's word for it, a waiter's with `wait` before it. `options` holds what was
    written, by option without its dashes; `parameters` the request, or the `words` of a command
    that is of no model; `output` is the operation's output shape, None where the CLI prints no
    document; `actions` what IAM must allow, as service:Action.
    """

    service: str
    operation: str
    options: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Any]
    output: Any
    actions: tuple[str, ...]

    @property
    def name(self) -> str:
        """Service and operation as typed: `ecs describe-services`."""
        return f"{self.service} {self.operation}"

    def printed(self, document: Any) -> str:
        """What the CLI prints of an answer, by --query and --output text or json.

        BadCommandError where text output would be a table of more than one line.
        """
        query = self.options.get("query")
        value = jmespath.search(query[0], document) if query else document
        if self.options.get("output", ("json",))[0] == "json":
            return json.dumps(value) + "\n"
        values = value if isinstance(value, list) else [value]
        if any(isinstance(item, (list, dict)) for item in values):
            raise BadCommandError("--output text of nested values: ask for one level less")
        return "\t".join(map(str, values)) + "\n"


def parse(words: Sequence[str], directory: Path) -> Command:
    """Read a command's words, `aws` included; BadCommandError if the AWS CLI would refuse them.

    Checks names, required parameters, the types of values, documents given as JSON, in shorthand or
    as file://NAME in `directory`, and every field that --query asks for. A plain value that is
    file://NAME stays as it is.
    """
    positional, options = _split(words[1:])
    for option, values in options.items():
        if "" in values:
            raise BadCommandError(f"--{option} has an empty value")
    if tuple(positional[:2]) in ADDED:
        return _added(positional, options)
    waits = positional[1:2] == ["wait"]
    if len(positional) != (3 if waits else 2):
        raise BadCommandError(f"aws {' '.join(positional)}: expected a service and an operation")
    service, name = positional[0], positional[-1]
    model = _model(service)
    operation = _operation(service, model, name, waits)
    parameters = _parameters(service, name, operation, options, directory)
    output = None if waits else operation.output_shape
    for query in options.get("query", ()):
        try:
            check_query(query, output)
        except UnknownField as error:
            raise BadCommandError(f"aws {service} {name} --query {query}: {error}") from error
    operated = f"wait {name}" if waits else name
    actions = (f"{RENAMED.get(service, service)}:{operation.name}",)
    return Command(service, operated, options, parameters, output, actions)


def _added(positional: list[str], options: Mapping[str, tuple[str, ...]]) -> Command:
    service, name, *words = positional
    count, known, actions = ADDED[service, name]
    _refuse_unknown(service, name, options, known)
    if len(words) != count:
        raise BadCommandError(f"aws {service} {name} takes {count} words, not {len(words)}")
    return Command(service, name, options, {"words": words}, None, actions)


def _split(words: Sequence[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Positional words, and the values of each option by its name without dashes."""
    positional: list[str] = []
    options: dict[str, tuple[str, ...]] = {}
    current = None
    for word in words:
        if word.startswith("--"):
            current, equals, value = word[2:].partition("=")
            if current in options:
                raise BadCommandError(f"--{current} is given twice")
            options[current] = (value,) if equals else ()
        elif current is not None and GLOBAL.get(f"--{current}", True):
            options[current] += (word,)
        else:
            positional.append(word)
    return positional, options


@cache
def _model(service: str) -> Any:
    name = RENAMED.get(service, service)
    try:
        return ServiceModel(LOADER.load_service_model(name, "service-2"))
    except DataNotFoundError as error:
        services = [*LOADER.list_available_services("service-2"), *RENAMED]
        raise BadCommandError(f"no service {service}{nearest(service, services)}") from error


@cache
def _extra(service: str, kind: str, key: str) -> dict[str, Any]:
    """A service's waiters or paginators; empty if it has none."""
    try:
        found = LOADER.load_service_model(RENAMED.get(service, service), kind)[key]
    except DataNotFoundError:
        return {}
    return dict(found)


def page_size(service: str, operation: str) -> str | None:
    """The parameter by which a request asks for one page of a size; the CLI then pages no more."""
    paging = _extra(service, "paginators-1", "pagination").get(operation, {})
    return str(paging["limit_key"]) if "limit_key" in paging else None


def _operation(service: str, model: Any, name: str, waits: bool) -> Any:
    """The operation's model; a waiter's is that of the operation it repeats."""
    if waits:
        waiters = _extra(service, "waiters-2", "waiters")
        known = {xform_name(waiter, "-"): waiters[waiter]["operation"] for waiter in waiters}
    else:
        known = {xform_name(operation, "-"): operation for operation in model.operation_names}
    if name not in known:
        kind = "waiter" if waits else "operation"
        raise BadCommandError(f"{service} has no {kind} {name}{nearest(name, known)}")
    return model.operation_model(known[name])


def _parameters(
    service: str,
    name: str,
    operation: Any,
    options: Mapping[str, tuple[str, ...]],
    directory: Path,
) -> dict[str, Any]:
    shape = operation.input_shape
    members = {xform_name(m, "-"): m for m in shape.members} if shape else {}
    negated = {f"no-{option}" for option, m in members.items() if _kind(shape, m) == "boolean"}
    paginated = operation.name in _extra(service, "paginators-1", "pagination")
    extra = [option[2:] for option in PAGINATED] if paginated else []
    short = SHORT.get((service, name), {})
    _refuse_unknown(service, name, options, [*members, *negated, *extra, *short])
    parameters: dict[str, Any] = {}
    for option in short.keys() & options.keys():
        parameters |= short[option](options[option])
    for document in options.get("cli-input-json", ()):
        parameters |= json_of(document, directory, "--cli-input-json")
        validate(parameters, shape, "--cli-input-json")
    for option, values in options.items():
        if option in negated:
            parameters[members[option.removeprefix("no-")]] = False
        elif option in members:
            member = shape.members[members[option]]
            parameters[members[option]] = value_of(f"--{option}", values, member, directory)
    missing = set(shape.required_members) - set(parameters) if shape else set()
    if missing:
        wanted = ", ".join(f"--{xform_name(member, '-')}" for member in sorted(missing))
        raise BadCommandError(f"{service} {name} needs {wanted}")
    return parameters


def _kind(shape: Any, member: str) -> str:
    return str(shape.members[member].type_name)


def _refuse_unknown(service: str, name: str, options: Iterable[str], known: Iterable[str]) -> None:
    allowed = [*known, *(option[2:] for option in GLOBAL)]
    for option in options:
        if option not in allowed:
            near = nearest(option, allowed)
            raise BadCommandError(f"{service} {name} has no option --{option}{near}")
