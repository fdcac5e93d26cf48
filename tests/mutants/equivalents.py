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


def load(path: Path = PATH) -> dict[str, str]:
    """Each equivalent mutant's reason, by its id. SuiteError names the file and the entry."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = [Equivalent.model_validate(entry) for entry in document["equivalent"]]
    except (OSError, yaml.YAMLError, ValidationError, TypeError, KeyError) as error:
        first = str(error).splitlines()[-1].strip() if str(error) else type(error).__name__
        raise SuiteError(f"{path}: {first}") from error
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
