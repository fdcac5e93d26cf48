"""The catalogue: every requirement once, with the values that tests expect.

`tests/catalogue.yaml` is written by people from the deployment guide; nothing in it is read out
of the stack.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tests.support.outcomes import SuiteError

PATH = Path(__file__).resolve().parents[1] / "catalogue.yaml"
# PyYAML's C parser where it was built: the one in Python takes longer than most rules.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# The exact forms of the four frameworks: CIS AWS Foundations Benchmark with its version, AWS
# Foundational Security Best Practices, NIST SP 800-53 r5, AWS Well-Architected best practices.
_FAMILIES = "AC|AT|AU|CA|CM|CP|IA|IR|MA|MP|PE|PL|PM|PS|PT|RA|SA|SC|SI|SR"
CONTROL = re.compile(
    r"CIS AWS v(?:3\.0\.0|1\.4\.0) [1-5](?:\.\d{1,2}){1,2}"
    r"|FSBP [A-Z][A-Za-z0-9]+\.[1-9]\d*"
    rf"|NIST (?:{_FAMILIES})-[1-9]\d*(?:\([1-9]\d*\))?"
    r"|Well-Architected (?:COST|OPS|PERF|REL|SEC)(?:0[1-9]|1\d)-BP(?:0[1-9]|1\d)"
)


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
    units in the key, `controls` the framework controls it answers to (CONTROL has their forms),
    `proven` the places where a test must prove it.
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

    @field_validator("controls")
    @classmethod
    def _controls_are_exact(cls, controls: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [control for control in controls if not CONTROL.fullmatch(control)]:
            raise ValueError(f"of no framework that is known: {', '.join(unknown)}")
        return controls

    @field_validator("proven")
    @classmethod
    def _places_are_distinct(cls, places: tuple[Place, ...]) -> tuple[Place, ...]:
        if len(set(places)) < len(places):
            raise ValueError("a place is named twice")
        return places


class Catalogue(BaseModel):
    """The guide's headings that ask for something, and all requirements in the file's order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sections: tuple[str, ...] = Field(min_length=1)
    requirements: tuple[Requirement, ...] = Field(min_length=1)

    @field_validator("requirements")
    @classmethod
    def _ids_are_distinct(cls, requirements: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
        repeated = [i for i, n in Counter(r.id for r in requirements).items() if n > 1]
        if repeated:
            raise ValueError(f"duplicate id: {', '.join(repeated)}")
        return requirements

    @model_validator(mode="after")
    def _sections_are_the_guides(self) -> Catalogue:
        used = {requirement.section: requirement.id for requirement in self.requirements}
        if strange := sorted(set(used) - set(self.sections)):
            raise ValueError(f"{used[strange[0]]} section: no heading of the guide: {strange[0]}")
        if empty := [section for section in self.sections if section not in used]:
            raise ValueError(f"no requirement of the section {empty[0]}")
        return self

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
        document = yaml.load(path.read_text(encoding="utf-8"), LOADER)
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
