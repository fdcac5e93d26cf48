"""The value of one option of the AWS CLI, as a parameter: plain, JSON, shorthand or a file's."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from botocore.validate import ParamValidator

from tests.support import aws_shorthand


class BadCommandError(Exception):
    """The AWS CLI would refuse the command; says what is wrong with it."""


def value_of(option: str, values: tuple[str, ...], shape: Any, directory: Path) -> Any:
    """The value of one option; BadCommandError if it cannot be the shape's."""
    match shape.type_name:
        case "boolean":
            if values:
                raise BadCommandError(f"{option} takes no value, but has {' '.join(values)}")
            return True
        case "list" if shape.member.type_name in ("string", "integer") and not _document(values):
            if not values:
                raise BadCommandError(f"{option} has no value")
            return [value_of(option, (value,), shape.member, directory) for value in values]
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
        value = json_of(values[0], directory, option)
        if shape.type_name == "list" and isinstance(value, dict):
            value = [value]
        validate(value, shape, option)
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
    validate(value, shape, option)
    return value


def _typed(option: str, value: Any, shape: Any) -> Any:
    """A value read from shorthand, as the shape wants it."""
    match shape.type_name, value:
        case "structure", dict():
            for key in value:
                if key not in shape.members:
                    near = nearest(key, shape.members)
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


def json_of(text: str, directory: Path, option: str) -> Any:
    """JSON as written, or of the file in `directory` that file://NAME names."""
    try:
        if text.startswith("file://"):
            text = (directory / text.removeprefix("file://")).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise BadCommandError(f"{option} {text}: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise BadCommandError(f"{option} is not JSON: {error}") from error


def validate(value: Any, shape: Any, option: str) -> None:
    """BadCommandError where botocore would refuse the value."""
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        raise BadCommandError(f"{option}: {report.generate_report()}")


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a message that names what was perhaps meant; empty where nothing is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
