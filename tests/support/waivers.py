"""Accepted findings: `tests/waivers.yaml`, each with a reason, an owner and a last day.

A waiver accepts one check of Checkov's, or one requirement in the source, in the plan and by its
policies, on resources of one file. What it no longer accepts it must not hide: one that has
expired, or that matches nothing, is a problem of its own. A day that cannot be read counts as past.

Waivers of checks are told used from unused by Checkov's findings (`Waivers.apply`); those of
requirements only when all the rules have run (`Ledger`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tests.support.findings import Finding, Resource
from tests.support.outcomes import SuiteError, Violation
from tests.support.project import shown

PATH = Path(__file__).resolve().parents[1] / "waivers.yaml"
# Whoever accepts a finding looks at it again within a year.
LONGEST = timedelta(days=366)
UNUSED = "there is no such finding any more; remove it"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# File, line and address, as rules name what they object to.
PLACE = re.compile(r"(?P<file>\S+\.tf):\d+ +(?P<address>[\w.-]+(?:\[[^\]]*\][\w.-]*)*)(?=\s|$)")


class Waiver(BaseModel):
    """One entry: a `check` id or a `requirement`, on `addresses` in `file` (below the stack).

    `owner` is one of the teams of the guide's support tiers, `expires` the last day it holds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str | None = Field(default=None, pattern=r"^CKV2?_[A-Z]+_\d+$")
    requirement: str | None = Field(default=None, pattern=r"^[A-Z]+-\d{2}$")
    addresses: tuple[str, ...] = Field(min_length=1)
    file: str = Field(min_length=1)
    reason: str = Field(min_length=20)
    owner: Literal["DevOps", "Infrastructure"]
    expires: str

    @model_validator(mode="after")
    def _names_one_thing(self) -> Waiver:
        if (self.check is None) == (self.requirement is None):
            raise ValueError("name either a check or a requirement")
        return self

    @property
    def subject(self) -> str:
        """What it accepts."""
        return self.check or self.requirement or ""

    @property
    def last_day(self) -> date | None:
        """The last day it holds, None if that cannot be read."""
        try:
            return date.fromisoformat(self.expires) if DAY.fullmatch(self.expires) else None
        except ValueError:
            return None

    def covers(self, finding: Finding, address: str) -> bool:
        """Whether the finding is the one it accepts at this address of its."""
        about = self.subject in (finding.check_id, finding.requirement)
        return about and finding.resource == Resource(address, self.file)

    def __str__(self) -> str:
        return f"{self.reason} ({self.owner}, until {self.last_day})"

    def problem(self, today: date) -> str | None:
        """Why it does not hold, None if it does."""
        if self.last_day is None:
            return f"expires {self.expires!r} is no day of the form 2027-01-31: it counts as past"
        if self.last_day < today:
            return f"expired on {self.last_day}: fix the finding or renew the waiver"
        if self.last_day > today + LONGEST:
            return f"runs until {self.last_day}: a year is the longest"
        return None


@dataclass(frozen=True)
class Waived:
    """A finding that a waiver accepts."""

    finding: Finding
    waiver: Waiver

    def __str__(self) -> str:
        return f"{self.finding}: {self.waiver}"


@dataclass(frozen=True)
class Applied:
    """Findings told apart, and what is wrong with the waivers of checks themselves."""

    open: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    problems: tuple[str, ...]


class Waivers(BaseModel):
    """All waivers, in the order of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    waivers: tuple[Waiver, ...] = ()

    @model_validator(mode="after")
    def _accept_each_finding_once(self) -> Waivers:
        entries = Counter(
            (w.subject, address, w.file) for w in self.waivers for address in w.addresses
        )
        for (subject, address, file), times in entries.items():
            if times > 1:
                raise ValueError(f"{subject} on {address} in {file} is accepted {times} times")
        return self

    def apply(self, findings: Iterable[Finding], today: date) -> Applied:
        """Tell the findings that a waiver holds for from those that are open."""
        remaining, waived, problems = list(findings), list[Waived](), list[str]()
        for waiver in self.waivers:
            wrong = waiver.problem(today)
            for address in waiver.addresses:
                name = f"{waiver.subject} on {address} in {waiver.file}"
                matched = [f for f in remaining if waiver.covers(f, address)]
                if wrong is None:
                    waived += [Waived(finding, waiver) for finding in matched]
                    remaining = [finding for finding in remaining if finding not in matched]
                # Those of requirements are the ledger's: rules may need them as well.
                if waiver.check and (wrong or not matched):
                    problems.append(f"{name}: {wrong or UNUSED}")
        return Applied(tuple(remaining), tuple(waived), tuple(problems))


class Ledger:
    """Which waivers of requirements a run has used, by the day of the run.

    `stack` is the name that files begin with in what rules say, such as `terraform`.
    """

    def __init__(self, waivers: Waivers, stack: str, today: date) -> None:
        self.today = today
        self._stack = stack
        self._waivers = [waiver for waiver in waivers.waivers if waiver.requirement]
        self._used = set[tuple[str, Resource]]()

    def accept(self, requirement: str, violation: Violation) -> str | None:
        """Why the violation is accepted, None if any part of it is not.

        Its parts are the resource that it is about or, where it is about a whole, its offenders.
        What names no resource with its file cannot be accepted.
        """
        places = [self._place(violation.where, PLACE.fullmatch)]
        if places == [None] and violation.offenders:
            places = [self._place(part, PLACE.match) for part in violation.offenders]
        accepting = [self._holding(requirement, place) for place in places]
        used = [(w, place) for w, place in zip(accepting, places, strict=True) if w and place]
        if len(used) < len(places):
            return None
        self._used |= {(requirement, place) for _, place in used}
        return "; ".join(dict.fromkeys(str(waiver) for waiver, _ in used))

    def note(self, waived: Iterable[Waived]) -> None:
        """Count the waivers by which findings of policies were accepted as used."""
        self._used |= {
            (entry.waiver.requirement, entry.finding.resource)
            for entry in waived
            if entry.waiver.requirement
        }

    def problems(self, *, whole: bool) -> list[str]:
        """What is wrong with the waivers; that one was not used only if the run was `whole`."""
        return [
            f"{waiver.subject} on {address} in {waiver.file}: {wrong}"
            for waiver in self._waivers
            for address in waiver.addresses
            if (wrong := waiver.problem(self.today))
            or (whole and (wrong := self._unused(waiver, address)))
        ]

    def _unused(self, waiver: Waiver, address: str) -> str | None:
        place = Resource(address, waiver.file)
        return None if (waiver.subject, place) in self._used else UNUSED

    def _place(self, text: str, read: Callable[[str], re.Match[str] | None]) -> Resource | None:
        found = read(text.removeprefix(f"{self._stack}/"))
        return Resource(found["address"], found["file"]) if found else None

    def _holding(self, requirement: str, place: Resource | None) -> Waiver | None:
        for waiver in self._waivers:
            named = {Resource(address, waiver.file) for address in waiver.addresses}
            if (waiver.requirement == requirement and place in named) and not waiver.problem(
                self.today
            ):
                return waiver
        return None


def beside(stack: Path) -> Waivers:
    """The waivers that lie beside a stack, as `tests/waivers.yaml` does; another's do not count."""
    path = path_beside(stack)
    return load(path) if path.is_file() else Waivers()


def path_beside(stack: Path) -> Path:
    """Where a stack's waivers lie, if it has any."""
    return stack.parent / "tests" / PATH.name


def told(stack: Path) -> str:
    """Where a stack's waivers are read from, or that there are none."""
    path = path_beside(stack)
    return f"accepted ones are in {shown(path)}" if path.is_file() else f"{path} accepts none"


def load(path: Path = PATH) -> Waivers:
    """Read and check the waivers. SuiteError names the file and the line or the entry."""
    try:
        # Every value as text: YAML would refuse the whole file for a 31st of February.
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    except OSError as error:
        raise SuiteError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SuiteError(
            f"{path}{line}: {getattr(error, 'problem', None) or 'not YAML'}"
        ) from error
    try:
        return Waivers.model_validate(document)
    except ValidationError as error:
        raise SuiteError(f"{path}: {_first(error, document)}") from error


def _first(error: ValidationError, document: Any) -> str:
    """The first complaint, with the entry that it is about."""
    complaint = error.errors()[0]
    place = [str(part) for part in complaint["loc"]]
    match complaint["loc"]:
        case ("waivers", int() as index, *rest) if isinstance(document, dict):
            entry = document["waivers"][index]
            names = entry if isinstance(entry, dict) else {}
            subject = names.get("check") or names.get("requirement") or "no check"
            place = [f"entry {index + 1} ({subject})", *map(str, rest)]
    return f"{' '.join(place)}: {complaint['msg'].removeprefix('Value error, ')}".lstrip(": ")
