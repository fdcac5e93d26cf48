"""From test results to what can be said of each requirement. Pure: files are read elsewhere.

Whatever is not known to be a proof of what is checked out does not count as one, and of several
outcomes the worst counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.evidence.model import (
    Acceptance,
    Checkout,
    Control,
    Evidence,
    Mutation,
    Observation,
    PlaceEvidence,
    Provenance,
    RequirementEvidence,
    Run,
    Standing,
)
from tests.evidence.reading import Report, Test, without_places
from tests.support.catalogue import Catalogue, Place, Requirement
from tests.support.report import Verdict
from tests.support.target import EMULATORS, IN_PLACE
from tests.support.waivers import Waivers

# How long what was seen in a real account stands: it changes without a commit.
LASTS = timedelta(days=30)
# How far the clocks of the machines may be apart that run the tiers and make the evidence.
CLOCKS = timedelta(minutes=5)
# As waivers end what they say.
_UNTIL = re.compile(r"\(\w+, until (\S+)\)")
_FRAMEWORKS = ("CIS AWS", "FSBP", "NIST", "Well-Architected")
_STANDINGS = {
    Verdict.passed: Standing.proven,
    Verdict.failed: Standing.failed,
    Verdict.invalid: Standing.invalid,
    Verdict.not_provable: Standing.not_provable,
    Verdict.waived: Standing.waived,
}
# Bad news stays bad news, whatever the run; good news needs a whole one.
_BAD = {Standing.failed, Standing.invalid}
_GOOD = {Standing.proven, Standing.waived}


@dataclass(frozen=True)
class Source:
    """A tier's report as it was looked for: `name` is its file, `report` None if there is none."""

    tier: str
    name: str
    report: Report | None


def evidence(
    catalogue: Catalogue,
    sources: Sequence[Source],
    checkout: Checkout,
    made: datetime,
    waivers: Waivers,
    mutation: Mutation | None = None,
) -> Evidence:
    """Put together what `sources` say of each requirement; `made` decides what is past."""
    runs = tuple(_run(source, checkout, made) for source in sources)
    known = {requirement.id for requirement in catalogue.requirements}
    seen, strays = list[tuple[str, Observation]](), list[str]()
    for source, run in zip(sources, runs, strict=True):
        for test in source.report.tests if source.report else ():
            if test.requirement in known and test.place in set(Place):
                seen.append((test.requirement or "", _observation(test, run, made.date())))
            else:
                named = test.requirement or "no requirement"
                strays.append(f"{source.name}: {test.test} names {named} ({test.place})")
    requirements = tuple(
        _requirement(one, [o for identifier, o in seen if identifier == one.id])
        for one in catalogue.requirements
    )
    counted = Counter(one.standing for one in requirements)
    return Evidence(
        made=made,
        checkout=checkout,
        runs=runs,
        totals={standing: counted[standing] for standing in Standing},
        sections=catalogue.sections,
        requirements=requirements,
        waivers=tuple(_acceptances(waivers, made.date())),
        mutation=mutation,
        strays=tuple(strays),
    )


def stale(provenance: Provenance | None, checkout: Checkout, made: datetime) -> list[str]:
    """Why results of this provenance are not of what is there at `made`; empty if they are."""
    if provenance is None:
        return ["the report does not say what it judged"]
    ran, here = provenance.commit, checkout.commit
    reasons = []
    if ran is None or here is None:
        reasons.append("no commit is known to compare with")
    elif ran != here:
        reasons.append(f"it is of commit {ran[:12]}, and {here[:12]} is checked out")
    if provenance.stack_hash != checkout.stack_hash:
        reasons.append("the stack has changed since, or it is of another one")
    if provenance.dirty and ran is not None:
        reasons.append("there were uncommitted changes when it ran")
    if checkout.dirty and here is not None:
        reasons.append("there are uncommitted changes now")
    return [*reasons, *_times(provenance, made)]


def _times(provenance: Provenance, made: datetime) -> Iterable[str]:
    """What of the run's times is past, or cannot be."""
    began, ended = provenance.started, provenance.ended
    if ended < began:
        yield "it ended before it began"
    if max(began, ended) > made + CLOCKS:
        yield "it ended after this evidence was made: a clock is wrong"
    if provenance.target not in {None, *EMULATORS} and began < made - LASTS:
        yield f"it looked at a real account on {began:%Y-%m-%d}, more than {LASTS.days} days ago"


def partial(complete: bool, provenance: Provenance | None, results: int) -> list[str]:
    """Why a run was not a whole one; empty if it was."""
    reasons = [] if complete else ["it was cut short"]
    reasons += [f"it was narrowed: {word}" for word in (provenance.narrowed if provenance else ())]
    if provenance and provenance.target == IN_PLACE:
        reasons.append("it took an emulator for AWS")
    return reasons if results else [*reasons, "it has no result"]


def _run(source: Source, checkout: Checkout, made: datetime) -> Run:
    report = source.report
    if report is None:
        return Run(tier=source.tier, report=source.name, missing=True)
    return Run(
        tier=source.tier,
        report=source.name,
        stale=tuple(stale(report.provenance, checkout, made)),
        partial=tuple(partial(report.complete, report.provenance, len(report.tests))),
        provenance=report.provenance,
        outcomes=dict(Counter(test.outcome for test in report.tests)),
    )


def _observation(test: Test, run: Run, today: date) -> Observation:
    message, expires = without_places(test.message), None
    standing = _STANDINGS[test.outcome]
    if standing is Standing.waived:
        expires = _last_day(message)
        standing = Standing.failed if expires is None or expires < today else standing
    if run.stale and standing not in _BAD:
        standing = Standing.stale
    elif run.partial and standing in _GOOD:
        standing = Standing.partial
    told = run.provenance
    return Observation(
        test=test.test,
        place=Place(test.place or ""),
        outcome=test.outcome,
        standing=standing,
        message=message,
        report=run.report,
        # Nothing deployed is looked at by what reads the source or a plan.
        target=(told.target if told else test.target) if run.tier != "static" else None,
        environment=test.environment or (told.environment if told else None),
        expires=expires,
    )


def _last_day(message: str) -> date | None:
    """The first of the last days that the message names; None if one cannot be read."""
    try:
        return min((date.fromisoformat(day) for day in _UNTIL.findall(message)), default=None)
    except ValueError:
        return None


def _requirement(requirement: Requirement, seen: Sequence[Observation]) -> RequirementEvidence:
    # A result where the catalogue asks for none may be bad news all the same.
    asked = dict.fromkeys((*requirement.proven, *(one.place for one in seen)))
    places = tuple(_place(place, [one for one in seen if one.place is place]) for place in asked)
    return RequirementEvidence(
        **requirement.model_dump(include={"id", "title", "severity", "section", "why", "fix"}),
        controls=tuple(_control(control) for control in requirement.controls),
        standing=Standing.worst(place.standing for place in places),
        places=places,
    )


def _place(place: Place, seen: Sequence[Observation]) -> PlaceEvidence:
    if place is Place.people:
        return PlaceEvidence(place=place, standing=Standing.for_people, observations=tuple(seen))
    shown = {(one.test, one.environment) for one in seen if one.standing is Standing.proven}
    told = [
        one.model_copy(update={"superseded": True})
        if one.standing is Standing.not_provable and (one.test, one.environment) in shown
        else one
        for one in seen
    ]
    standing = Standing.worst(one.standing for one in told if not one.superseded)
    return PlaceEvidence(place=place, standing=standing, observations=tuple(told))


def _control(control: str) -> Control:
    framework = next(name for name in _FRAMEWORKS if control.startswith(name))
    return Control(framework=framework, control=control)


def _acceptances(waivers: Waivers, today: date) -> Iterable[Acceptance]:
    for waiver in waivers.waivers:
        yield Acceptance(
            subject=waiver.subject,
            addresses=waiver.addresses,
            file=waiver.file,
            reason=waiver.reason,
            owner=waiver.owner,
            expires=waiver.expires,
            problem=waiver.problem(today),
        )
