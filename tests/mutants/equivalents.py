"""Mutants that change nothing anybody could notice: `equivalent.yaml`, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.mutants.mutant import Mutant
from tests.support.outcomes import SuiteError

PATH = Path(__file__).with_name("equivalent.yaml")


class Equivalent(BaseModel):
    """Mutants that no test of the stack could tell from it, and why.

    Each is given by its id, with what it edited when somebody looked (`Mutant.passage`): an id
    counts statements, so that a change of the stack may give it to another mutant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mutants: dict[str, str] = Field(min_length=1)
    reason: str = Field(min_length=20)


@dataclass(frozen=True)
class Excuse:
    """What an equivalent mutant edits, and why nobody could notice it."""

    edits: str
    reason: str


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    equivalent: tuple[Equivalent, ...]


def load(path: Path = PATH) -> dict[str, Excuse]:
    """Each equivalent mutant's excuse, by its id. SuiteError names the file and the entry."""
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
    excuses: dict[str, Excuse] = {}
    for entry in entries:
        for name, edits in entry.mutants.items():
            if name in excuses:
                raise SuiteError(f"{path}: {name} is listed twice")
            excuses[name] = Excuse(edits, entry.reason)
    return excuses


def reasons(excuses: Mapping[str, Excuse], mutants: Iterable[Mutant]) -> dict[str, str]:
    """The reason, by its id, of each mutant that is still the one that is excused."""
    return {
        one.id: excuses[one.id].reason
        for one in mutants
        if one.id in excuses and excuses[one.id].edits == one.passage
    }


def problems(
    excuses: Mapping[str, Excuse],
    mutants: Iterable[Mutant],
    results: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """What is wrong with the list, by all of a stack's mutants and the results that there are.

    Ids that there are not, mutants that edit something else now, and those that were noticed.
    """
    edits = {one.id: one.passage for one in mutants}
    gone = [f"{name}: there is no such mutant" for name in excuses if name not in edits]
    others = [
        f"{name}: it edits something else than when it was looked at; if nobody could notice that "
        f'either, write "{name}": "{edits[name]}"'
        for name, excuse in excuses.items()
        if edits.get(name, excuse.edits) != excuse.edits
    ]
    dead = [
        f"{name}: it is {results[name]['outcome']}, so it is no equivalent"
        for name in excuses
        if name in results and results[name]["outcome"] in ("killed", "invalid")
    ]
    return gone + others + dead
