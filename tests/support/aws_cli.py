"""What the AWS CLI would make of a command: its operation, its parameters and what it would print.

Names come from botocore's service models, which the AWS CLI itself is built from. A model is read
once a run, and only those of the services that are asked for.
"""

from __future__ import annotations

import difflib
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
from botocore.validate import ParamValidator

from tests.support import aws_shorthand
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


class BadCommandError(Exception):
    """The AWS CLI would refuse the command; says what is wrong with it."""


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
        raise BadCommandError(f"no service {service}{_nearest(service, services)}") from error


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
        raise BadCommandError(f"{service} has no {kind} {name}{_nearest(name, known)}")
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
        parameters |= _json(document, directory, "--cli-input-json")
        _validate(parameters, shape, "--cli-input-json")
    for option, values in options.items():
        if option in negated:
            parameters[members[option.removeprefix("no-")]] = False
        elif option in members:
            member = shape.members[members[option]]
            parameters[members[option]] = _value(f"--{option}", values, member, directory)
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
            near = _nearest(option, allowed)
            raise BadCommandError(f"{service} {name} has no option --{option}{near}")


def _value(option: str, values: tuple[str, ...], shape: Any, directory: Path) -> Any:
    """The value of one option; BadCommandError if it cannot be the shape's."""
    match shape.type_name:
        case "boolean":
            if values:
                raise BadCommandError(f"{option} takes no value, but has {' '.join(values)}")
            return True
        case "list" if shape.member.type_name in ("string", "integer") and not _document(values):
            if not values:
                raise BadCommandError(f"{option} has no value")
            return [_value(option, (value,), shape.member, directory) for value in values]
        case "structure" | "list" | "map":
            return _composite(option, values, shape, directory)
    if len(values) != 1:
        raise BadCommandError(f"{option} takes one value, but has {len(values)}")
    return _plain(option, values[0], shape)


def _plain(option: str, value: str, shape: Any) -> Any:
    if shape.type_name in ("integer", "long"):
        if not value.removeprefix("-").isdigit():
            raise BadCommandError(f"{option} takes a number, not {value}")
        return int(value)
    if shape.type_name in ("float", "double"):
        try:
            return float(value)
        except ValueError as error:
            raise BadCommandError(f"{option} takes a number, not {value}") from error
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        raise BadCommandError(f"{option} is one of {', '.join(allowed)}, not {value}")
    return value


def _document(values: tuple[str, ...]) -> bool:
    return len(values) == 1 and values[0].startswith(("{", "[", "file://"))


def _composite(option: str, values: tuple[str, ...], shape: Any, directory: Path) -> Any:
    """A structure, list of structures or map, as JSON or in the CLI's shorthand."""
    if _document(values):
        value = _json(values[0], directory, option)
        if shape.type_name == "list" and isinstance(value, dict):
            value = [value]
        _validate(value, shape, option)
        return value
    if not values:
        raise BadCommandError(f"{option} has no value")
    words = values if shape.type_name == "list" else (",".join(values),)
    member = shape.member if shape.type_name == "list" else shape
    try:
        found = [_typed(option, aws_shorthand.read(word), member) for word in words]
    except ValueError as error:
        raise BadCommandError(f"{option}: {error}") from error
    value = found if shape.type_name == "list" else found[0]
    _validate(value, shape, option)
    return value


def _typed(option: str, value: Any, shape: Any) -> Any:
    """A value read from shorthand, as the shape wants it."""
    match shape.type_name, value:
        case "structure", dict():
            for key in value:
                if key not in shape.members:
                    near = _nearest(key, shape.members)
                    raise BadCommandError(f"{option} has no key {key}{near}")
            return {key: _typed(option, one, shape.members[key]) for key, one in value.items()}
        case "map", dict():
            return {key: _typed(option, one, shape.value) for key, one in value.items()}
        case "list", _:
            items = value if isinstance(value, list) else [value]
            return [_typed(option, one, shape.member) for one in items]
        case "boolean", "true" | "false":
            return value == "true"
        case (("string" | "integer" | "long" | "float" | "double"), str()):
            return _plain(option, value, shape)
    return value


def _json(text: str, directory: Path, option: str) -> Any:
    try:
        if text.startswith("file://"):
            text = (directory / text.removeprefix("file://")).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise BadCommandError(f"{option} {text}: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise BadCommandError(f"{option} is not JSON: {error}") from error


def _validate(value: Any, shape: Any, option: str) -> None:
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        raise BadCommandError(f"{option}: {report.generate_report()}")


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
