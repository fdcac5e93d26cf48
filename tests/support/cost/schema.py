"""Reads the two files behind the estimate, and tells what is wrong with them by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tests.support import yaml_lines
from tests.support.outcomes import SuiteError
from tests.support.project import shown

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Frozen, without arguments that nobody asked for and without infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def read(path: Path, model: type[Model]) -> Model:
    """The file as a `model`. SuiteError names the file, the line and what is wrong there."""
    name = shown(path)
    try:
        document = yaml_lines.load(path, name)
    except ValueError as error:  # a day that no calendar has
        raise SuiteError(f"{name}: {error}") from error
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        told = first["msg"].removeprefix("Value error, ")
        field = ".".join(str(step) for step in first["loc"])
        line = _line(document, first["loc"])
        raise SuiteError(f"{name}:{line}: {field}{': ' if field else ''}{told}") from error


def _line(document: Any, steps: tuple[int | str, ...]) -> int:
    """The line of the innermost key or mapping on the way to what is wrong."""
    line, value = 1, document
    for step in steps:
        if isinstance(value, yaml_lines.Mapping):
            line = value.line_of(str(step))
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        line = value.line if isinstance(value, yaml_lines.Mapping) else line
    return line
