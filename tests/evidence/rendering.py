"""The page: one HTML file that needs nothing else, made by the template in `page/`."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from tests.evidence.model import (
    Evidence,
    Observation,
    RequirementEvidence,
    Run,
    Standing,
)
from tests.support.catalogue import Place, Severity
from tests.support.target import EMULATORS

TEMPLATES = Path(__file__).with_name("page")
FRAMEWORKS = {
    "CIS AWS": "CIS AWS Foundations Benchmark",
    "FSBP": "AWS Foundational Security Best Practices",
    "NIST": "NIST SP 800-53 Rev. 5",
    "Well-Architected": "AWS Well-Architected Framework",
}


class Meaning(NamedTuple):
    """How a standing is shown: its label, a sign beside the colour, and what it says."""

    label: str
    sign: str
    text: str


MEANINGS = {
    Standing.proven: Meaning(
        "proven", "✓", "Looked at everywhere it must be, on what is checked out, and as required."
    ),
    Standing.waived: Meaning(
        "waived",
        "~",
        "As required, but for findings accepted with a reason and an expiry.",
    ),
    Standing.failed: Meaning("fail", "✗", "Looked at, and not as required."),
    Standing.invalid: Meaning(
        "invalid", "?", "A run tried and could not judge. This is never a pass."
    ),
    Standing.not_run: Meaning("not run", "∅", "There is no result in at least one place."),
    Standing.stale: Meaning(
        "stale",
        "↺",
        "There is a result, but of something else than what is checked out, or of too long ago.",
    ),
    Standing.partial: Meaning(
        "partial", "◔", "It passed, in a run that was cut short or left tests out."
    ),
    Standing.not_provable: Meaning(
        "not provable here",
        "⊘",
        "The emulator has no such thing; a run on staging may show it.",
    ),
    Standing.for_people: Meaning(
        "for people", "☐", "No machine can prove it. Somebody must see to it."
    ),
}
OUTCOMES = {
    "pass": Standing.proven,
    "fail": Standing.failed,
    "invalid": Standing.invalid,
    "not_provable": Standing.not_provable,
    "waived": Standing.waived,
}


class Bar(NamedTuple):
    """A part of the summary's bar, in percent of its width."""

    standing: Standing
    begin: float
    width: float


class ControlRow(NamedTuple):
    """A control, the worst standing of its requirements, and these."""

    control: str
    standing: Standing
    requirements: tuple[RequirementEvidence, ...]


def page(evidence: Evidence) -> str:
    """The whole page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": _day, "moment": _moment, "slug": _slug}
    style, script = _asset("page.css"), _asset("page.js")
    rendered = environment.get_template("page.html").render(
        evidence=evidence,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}",
        meanings=MEANINGS,
        outcomes=OUTCOMES,
        frameworks=FRAMEWORKS,
        severities=list(Severity),
        emulators=EMULATORS,
        people=people(evidence),
        sections=sections(evidence),
        bars=bars(evidence),
        machine=sum(evidence.totals.values()) - len(people(evidence)),
        controls=controls(evidence),
        not_provable=not_provable(evidence),
        run_state=run_state,
        runs={run.report: run for run in evidence.runs},
        Standing=Standing,
    )
    return rendered.lstrip()


def people(evidence: Evidence) -> list[RequirementEvidence]:
    """The requirements that no machine proves in any part."""
    return [
        one
        for one in evidence.requirements
        if all(place.place is Place.people for place in one.places)
    ]


def sections(evidence: Evidence) -> list[tuple[str, list[RequirementEvidence]]]:
    """The other requirements by the guide's section, in its order."""
    apart = {one.id for one in people(evidence)}
    machine = [one for one in evidence.requirements if one.id not in apart]
    machine.sort(key=lambda one: evidence.sections.index(one.section))
    return [(name, list(group)) for name, group in groupby(machine, lambda one: one.section)]


def bars(evidence: Evidence) -> list[Bar]:
    """The standings that occur, best first, as parts of one bar."""
    total = sum(evidence.totals.values())
    parts, begin = list[Bar](), 0.0
    for standing in MEANINGS:
        width = 100 * evidence.totals[standing] / total
        if width:
            parts.append(Bar(standing, begin, width))
        begin += width
    return parts


def controls(evidence: Evidence) -> dict[str, list[ControlRow]]:
    """For each framework its controls and the requirements that answer to them."""
    found = dict[tuple[str, str], list[RequirementEvidence]]()
    for one in evidence.requirements:
        for control in one.controls:
            found.setdefault((control.framework, control.control), []).append(one)
    return {
        framework: [
            ControlRow(control, Standing.worst(one.standing for one in ones), tuple(ones))
            for (of, control), ones in sorted(found.items(), key=lambda item: _natural(item[0][1]))
            if of == framework
        ]
        for framework in FRAMEWORKS
    }


def not_provable(evidence: Evidence) -> list[tuple[str, list[tuple[str, Observation]]]]:
    """What no target showed, by reason: requirement and observation."""
    found = dict[str, list[tuple[str, Observation]]]()
    for one in evidence.requirements:
        for seen in (seen for place in one.places for seen in place.observations):
            if seen.outcome == "not_provable" and not seen.superseded:
                reason = seen.message.removeprefix("not provable here: ")
                found.setdefault(reason, []).append((one.id, seen))
    return list(found.items())


def run_state(run: Run) -> Standing:
    """What the run's results are worth at best."""
    states = (
        (run.missing, Standing.not_run),
        (bool(run.stale), Standing.stale),
        (bool(run.partial), Standing.partial),
    )
    return next((standing for holds, standing in states if holds), Standing.proven)


def _asset(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _hash(content: str) -> str:
    """The content as a content security policy names it: nothing else is run or applied."""
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _natural(text: str) -> list[Any]:
    """Sorts 5.2 before 5.10."""
    return [
        (0, int("".join(group)), "") if digits else (1, 0, "".join(group))
        for digits, group in groupby(text, str.isdigit)
    ]


def _day(moment: datetime) -> str:
    return moment.strftime("%-d %B %Y")


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower())
