"""Mutants that change nothing anybody could notice: `equivalent.yaml`, each with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.support.outcomes import SuiteError

PATH = Path(__file__).with_name("equivalent.yaml")


class Equivalent(BaseModel):
    """Mutants, by their ids, that no test of the stack could tell from it, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...] = Field(min_length=1)
    reason: str = Field(min_length=20)


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    equivalent: tuple[Equivalent, ...]


def load(path: Path = PATH) -> dict[str, str]:
    """Each equivalent mutant's reason, by its id. SuiteError names the file and the entry."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = _Document.model_validate(document).equivalent
    except OSError as error:
        raise SuiteError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SuiteError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise SuiteError(f"{path}: {where}: {first['msg']}") from error
    reasons: dict[str, str] = {}
    for entry in entries:
        for name in entry.ids:
            if name in reasons:
                raise SuiteError(f"{path}: {name} is listed twice")
            reasons[name] = entry.reason
    return reasons


def problems(
    reasons: Mapping[str, str], known: Collection[str], results: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """What is wrong with the list: ids that there are not, and mutants that do not survive."""
    gone = [f"{name}: there is no such mutant" for name in reasons if name not in known]
    dead = [
        f"{name}: it is {results[name]['outcome']}, so it is no equivalent"
        for name in reasons
        if name in results and results[name]["outcome"] != "survived"
    ]
    return gone + dead
