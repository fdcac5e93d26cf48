"""The catalogue: every requirement once, with the values that tests expect.

`tests/catalogue.yaml` is written by people from the deployment guide; nothing in it is read out
of the stack.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tests.support.outcomes import SuiteError

PATH = Path(__file__).resolve().parents[1] / "catalogue.yaml"


class Severity(StrEnum):
    """How much a violation hurts."""

    critical = "critical"
    high = "high"
    medium = "medium"
    low = "low"


class Place(StrEnum):
    """Where a requirement is proven. `people` marks what no machine can prove."""

    source = "source"
    plan = "plan"
    policy = "policy"
    deployed = "deployed"
    load = "load"
    runbook = "runbook"
    people = "people"


class Requirement(BaseModel):
    """One requirement.

    `title` is the state wanted, `section` the guide's heading, `expected` the values with their
    units in the key, `controls` the framework controls it answers to, `proven` the places where a
    test must prove it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Z]+-\d{2}$")
    title: str = Field(min_length=10)
    severity: Severity
    section: str = Field(min_length=3)
    why: str = Field(min_length=10)
    fix: str = Field(min_length=10)
    expected: dict[str, Any]
    controls: tuple[str, ...]
    proven: tuple[Place, ...] = Field(min_length=1)

    @field_validator("proven")
    @classmethod
    def _places_are_distinct(cls, places: tuple[Place, ...]) -> tuple[Place, ...]:
        if len(set(places)) < len(places):
            raise ValueError("a place is named twice")
        return places


class Catalogue(BaseModel):
    """All requirements, in the order of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requirements: tuple[Requirement, ...] = Field(min_length=1)

    @field_validator("requirements")
    @classmethod
    def _ids_are_distinct(cls, requirements: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
        repeated = [i for i, n in Counter(r.id for r in requirements).items() if n > 1]
        if repeated:
            raise ValueError(f"duplicate id: {', '.join(repeated)}")
        return requirements

    def requirement(self, identifier: str) -> Requirement:
        """Return the requirement with this id; SuiteError if there is none."""
        for candidate in self.requirements:
            if candidate.id == identifier:
                return candidate
        raise SuiteError(f"tests/catalogue.yaml has no requirement {identifier}: add it there")

    def unproven(self, proofs: set[tuple[str, Place]]) -> list[str]:
        """Return `id: place` for each proof that the catalogue asks for and `proofs` lacks.

        What only people can prove needs no test.
        """
        return [
            f"{requirement.id}: {place}"
            for requirement in self.requirements
            for place in requirement.proven
            if place is not Place.people and (requirement.id, place) not in proofs
        ]

    def unasked(self, proofs: set[tuple[str, Place]]) -> list[str]:
        """Return `id: place` for each proof that the catalogue does not ask for."""
        asked = {(r.id, place) for r in self.requirements for place in r.proven}
        return sorted(f"{identifier}: {place}" for identifier, place in proofs - asked)


def load(path: Path = PATH) -> Catalogue:
    """Read and check the catalogue. SuiteError names the file and the line or the entry."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SuiteError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise SuiteError(f"{path}{line}: {problem}") from error
    try:
        return Catalogue.model_validate(document)
    except ValidationError as error:
        raise SuiteError(f"{path}: {_first(error, document)}") from error


def _first(error: ValidationError, document: Any) -> str:
    """The first complaint, with the id of the entry that it is about."""
    complaint = error.errors()[0]
    where = ".".join(str(part) for part in complaint["loc"])
    match complaint["loc"]:
        case ("requirements", int() as index, *rest) if isinstance(document, dict):
            entry = document["requirements"][index]
            name = entry.get("id", f"entry {index + 1}") if isinstance(entry, dict) else where
            where = " ".join([str(name), *map(str, rest)])
    return f"{where}: {complaint['msg']}"
