"""What `reports/evidence.json` holds; docs/evidence.schema.json is made from these models."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from tests.support.catalogue import Place, Severity
from tests.support.report import Verdict

SCHEMA_ID = "urn:mantisnxt:evidence:1"


class Standing(StrEnum):
    """What can be said of a requirement, or of one place where it is to be proven; worst first.

    `not_run`: there is no result. `stale`: there is one, of something else than what is checked
    out, of too long ago, or of a time that cannot be. `partial`: it passed, in a run that left
    tests out or took an emulator for AWS. Only `proven` is a proof.
    """

    failed = "failed"
    invalid = "invalid"
    not_run = "not_run"
    stale = "stale"
    partial = "partial"
    not_provable = "not_provable"
    for_people = "for_people"
    waived = "waived"
    proven = "proven"

    @classmethod
    def worst(cls, standings: Iterable[Standing]) -> Standing:
        """The worst of them; of none, `not_run`: nothing is proven by nothing."""
        order = list(cls)
        return min(standings, key=order.index, default=cls.not_run)


class Part(BaseModel):
    """What every part of the evidence is: immutable, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _in_utc(moment: datetime) -> datetime:
    """The same moment, in which form it can be compared and written whatever its time zone."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such time in UTC") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Checkout(Part):
    """What was checked out when the evidence was put together.

    `commit` is None where git cannot tell, and then `dirty` is true. `stack_hash` covers the
    Terraform tree's files.
    """

    commit: str | None
    dirty: bool
    stack: str
    stack_hash: str


class Provenance(Checkout):
    """The same of a tier's run, and when (UTC), on what target, in which account, by what tools.

    `target` is None where nothing deployed was looked at, and `staging` where AWS itself answered;
    every other is an emulator. `narrowed` names, in words of the command line, what left tests out.
    """

    started: Moment
    ended: Moment
    target: str | None
    environment: str | None
    account: str | None
    versions: dict[str, str]
    narrowed: tuple[str, ...]


class Run(Part):
    """A tier's run: its report's file, and why its results are not a proof, if they are not.

    `missing` says that there is no report. `stale` and `partial` hold the reasons; both are empty
    for a whole run on what is checked out.
    """

    tier: str
    report: str
    missing: bool = False
    stale: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    provenance: Provenance | None = None
    outcomes: dict[Verdict, int] = Field(default_factory=dict)


class Observation(Part):
    """One test's outcome on one target.

    `report` is that of the run it is from. `expires` is the last day of what a waiver accepts; an
    outcome `waived` whose day is past, or cannot be read, stands as `failed`. `superseded` says
    that another target showed, of the same environment, what this one cannot.
    """

    test: str
    place: Place
    outcome: Verdict
    standing: Standing
    message: str
    report: str
    target: str | None
    environment: str | None
    expires: date | None = None
    superseded: bool = False


class PlaceEvidence(Part):
    """A place where a requirement is to be proven, and what was seen there."""

    place: Place
    standing: Standing
    observations: tuple[Observation, ...]


class Control(Part):
    """A framework's control, as the catalogue names it."""

    framework: str
    control: str


class RequirementEvidence(Part):
    """A requirement and everything that was seen of it."""

    id: str
    title: str
    severity: Severity
    section: str
    why: str
    fix: str
    controls: tuple[Control, ...]
    standing: Standing
    places: tuple[PlaceEvidence, ...]


class Acceptance(Part):
    """A waiver: what it accepts, why, whose it is and its last day as written.

    `problem` says why it does not hold any more, None if it does.
    """

    subject: str
    addresses: tuple[str, ...]
    file: str
    reason: str
    owner: str
    expires: str
    problem: str | None


class Mutant(Part):
    """A defect that was put in on purpose and not noticed, and where (`where`) and what it is.

    `reason` is why it could not be judged, or why it is equivalent.
    """

    id: str
    category: str
    outcome: str
    where: str
    change: str
    reason: str


class CategoryScore(Part):
    """A category's mutants, or all; `score` is the killed in percent of killed and survived.

    `unjudged` are those that nothing is known of. `by_layer` says in which layer of the tests the
    killed were; `checkov_alone` counts the valid mutants that Checkov's own checks would notice.
    """

    category: str
    killed: int
    survived: int
    unjudged: int
    equivalent: int
    invalid: int
    score: float | None
    by_layer: dict[str, int]
    checkov_alone: int


class Mutation(Part):
    """The mutation run: what the tests would notice. Mutants that were killed are only counted."""

    report: str
    stale: tuple[str, ...]
    partial: tuple[str, ...]
    total: CategoryScore
    categories: tuple[CategoryScore, ...]
    survivors: tuple[Mutant, ...]
    unjudged: tuple[Mutant, ...]
    equivalents: tuple[Mutant, ...]


class Evidence(Part):
    """Requirements with what proves them, the runs that it comes from, and what is accepted.

    `sections` are the guide's, in its order. `totals` counts requirements by standing, every
    standing named. `strays` are results that name no requirement of the catalogue, in words.
    """

    version: int = 1
    made: datetime
    checkout: Checkout
    runs: tuple[Run, ...]
    totals: dict[Standing, int]
    sections: tuple[str, ...]
    requirements: tuple[RequirementEvidence, ...]
    waivers: tuple[Acceptance, ...]
    mutation: Mutation | None
    strays: tuple[str, ...]
