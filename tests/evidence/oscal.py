"""OSCAL Assessment Results of the evidence, made and held valid by compliance-trestle.

A finding's state is `satisfied` only for what is proven. OSCAL knows one other state, so the reason
(`fail` or `other`), the remark and the risk tell apart what failed from what nobody could judge.
https://pages.nist.gov/OSCAL/learn/concepts/layer/assessment/assessment-results/
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from trestle.common.const import VAL_MODE_ALL
from trestle.core.validator_factory import validator_factory
from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import AssessmentResults

from tests.evidence.model import Evidence, Observation, RequirementEvidence, Run, Standing
from tests.evidence.rendering import FRAMEWORKS, MEANINGS, people
from tests.support.outcomes import SuiteError
from tests.support.target import EMULATORS

NAMESPACE = "urn:mantisnxt:evidence"
_RISK = {
    Standing.failed: "open",
    Standing.waived: "deviation-approved",
    Standing.invalid: "investigating",
    Standing.not_run: "investigating",
    Standing.stale: "investigating",
    Standing.partial: "investigating",
    Standing.not_provable: "investigating",
}
# OSCAL's own ids of the controls of NIST SP 800-53, such as sc-28.1; other frameworks have none.
_NIST = re.compile(r"NIST ([A-Z]{2}-\d+)(?:\((\d+)\))?")
_NO_TOKEN = re.compile(r"[^a-z0-9.]+")


def document(evidence: Evidence) -> str:
    """The Assessment Results as JSON."""
    made = AssessmentResults.model_validate(_Writer(evidence).results())
    return str(made.oscal_serialize_json(pretty=True)) + "\n"


def validate(path: Path) -> None:
    """Have trestle read and judge what was written. SuiteError when it objects."""
    try:
        read = AssessmentResults.oscal_read(path)
    except Exception as error:  # trestle wraps whatever went wrong
        raise SuiteError(f"{path.name}: trestle cannot read it: {_line(str(error))}") from error
    validator = validator_factory.get(Namespace(mode=VAL_MODE_ALL))
    if read is None or not validator.model_is_valid(read, True):
        raise SuiteError(f"{path.name}: no valid OSCAL: {_line(validator.error_msg())}")


def control_id(control: str) -> str:
    """The control's id as OSCAL writes ids."""
    if found := _NIST.fullmatch(control):
        return ".".join(filter(None, found.groups())).lower()
    return _token(control)


class _Writer:
    """Writes one evidence. What is the same in the next has the same id."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._runs = {run.report: run for run in evidence.runs}
        self._plan = _id("plan")

    def results(self) -> dict[str, Any]:
        evidence = self._evidence
        moment = evidence.made.isoformat()
        return {
            "uuid": _id(moment),
            "metadata": {
                "title": "MantisNXT infrastructure: assessment results",
                "last-modified": moment,
                "version": moment,
                "oscal-version": OSCAL_VERSION,
                "props": _props(evidence.checkout.model_dump()),
            },
            "import-ap": {
                "href": f"#{self._plan}",
                "remarks": "The requirements, with where each must be proven, are the plan.",
            },
            "results": [self._result()],
            "back-matter": {"resources": self._resources()},
        }

    def _resources(self) -> list[dict[str, Any]]:
        files = {
            "plan": ("Catalogue of requirements", "../tests/catalogue.yaml", "application/yaml"),
            "page": ("Evidence, to read", "evidence.html", "text/html"),
            "data": ("Evidence, as data", "evidence.json", "application/json"),
        }
        return [
            {"uuid": _id(name), "title": title, "rlinks": [{"href": href, "media-type": kind}]}
            for name, (title, href, kind) in files.items()
        ]

    def _result(self) -> dict[str, Any]:
        evidence = self._evidence
        told = [run.provenance for run in evidence.runs if run.provenance]
        seen = [(one, each) for one in evidence.requirements for each in _observations(one)]
        risks = [self._risk(one) for one in evidence.requirements if one.standing in _RISK]
        found: dict[str, Any] = {
            "uuid": _id(f"result {evidence.made.isoformat()}"),
            "title": f"Requirements of the Terraform tree {evidence.checkout.stack}",
            "description": "Static, integration and load tests, put together by requirement.",
            "start": min((one.started for one in told), default=evidence.made).isoformat(),
            "end": max((one.ended for one in told), default=evidence.made).isoformat(),
            "reviewed-controls": self._reviewed(),
            "findings": [self._finding(one) for one in evidence.requirements],
            "remarks": "\n".join(self._remarks()),
        }
        components = list(self._components())
        optional = {
            "local-definitions": {"components": components} if components else {},
            "observations": [self._observation(one, each) for one, each in seen],
            "risks": risks,
        }
        return found | {name: value for name, value in optional.items() if value}

    def _remarks(self) -> Iterable[str]:
        totals = self._evidence.totals
        yield "; ".join(f"{MEANINGS[one].label}: {count}" for one, count in totals.items())
        for run in self._evidence.runs:
            if run.missing:
                yield f"{run.report}: there is no such report"
            elif weak := (*run.stale, *run.partial):
                yield f"{run.report}: {'; '.join(weak)}"

    def _reviewed(self) -> dict[str, Any]:
        """Every control that a requirement answers to, and every requirement as an objective."""
        controls = {c for one in self._evidence.requirements for c in one.controls}
        selections = [
            {"description": name, "include-controls": [{"control-id": i} for i in sorted(ids)]}
            for short, name in FRAMEWORKS.items()
            if (ids := {control_id(c.control) for c in controls if c.framework == short})
        ]
        apart = {one.id for one in people(self._evidence)}
        machine = {one.id for one in self._evidence.requirements} - apart
        return {
            "control-selections": selections or [{"include-all": {}}],
            "control-objective-selections": [
                {"include-objectives": [{"objective-id": i} for i in sorted(machine)]}
            ],
        }

    def _components(self) -> Iterable[dict[str, Any]]:
        """What was looked at: the tree itself, and each deployment of it."""
        for run in self._evidence.runs:
            if told := run.provenance:
                deployed = f"{told.environment} on {told.target}"
                yield {
                    "uuid": _id(f"component {run.report}"),
                    "type": "service" if told.target else "software",
                    "title": deployed if told.target else f"Terraform tree {told.stack}",
                    "description": f"Looked at by the {run.tier} tier ({run.report}).",
                    "props": _props(
                        told.model_dump(exclude={"versions", "narrowed", "started", "ended"})
                        | {f"version-{_token(n)}": v for n, v in told.versions.items()}
                    ),
                    "status": {"state": "other" if told.target in EMULATORS else "operational"},
                }

    def _observation(self, one: RequirementEvidence, seen: Observation) -> dict[str, Any]:
        run = self._runs[seen.report]
        told = run.provenance
        found: dict[str, Any] = {
            "uuid": _observed(one, seen),
            "title": f"{one.id}: {_line(seen.test)}",
            "description": seen.message or "As required.",
            "props": _props(
                {"requirement": one.id, "standing": seen.standing}
                | seen.model_dump(include={"test", "place", "outcome", "target", "environment"})
            ),
            "methods": ["TEST"],
            "types": ["control-objective"],
            "relevant-evidence": [{"href": seen.report, "description": f"The {run.tier} tier."}],
            "collected": (told.ended if told else self._evidence.made).isoformat(),
        }
        if doubts := "\n".join(_doubts(run, seen)):
            found["remarks"] = doubts
        if told:
            subject = _id(f"component {run.report}")
            found["subjects"] = [{"subject-uuid": subject, "type": "component"}]
        if seen.expires:
            found["expires"] = datetime.combine(seen.expires, time.max, UTC).isoformat()
        return found

    def _finding(self, one: RequirementEvidence) -> dict[str, Any]:
        reason = {Standing.proven: "pass", Standing.failed: "fail"}.get(one.standing, "other")
        related = [{"observation-uuid": _observed(one, seen)} for seen in _observations(one)]
        found: dict[str, Any] = {
            "uuid": _id(f"finding {one.id}"),
            "title": f"{one.id} {one.title}",
            "description": one.why,
            "props": _props({"severity": one.severity, "section": one.section}),
            "target": {
                "type": "objective-id",
                "target-id": one.id,
                "props": [
                    _prop("control-id", control_id(each.control), each.control)
                    for each in one.controls
                ],
                "status": {
                    "state": "satisfied" if reason == "pass" else "not-satisfied",
                    "reason": reason,
                    "remarks": f"{MEANINGS[one.standing].label}: {MEANINGS[one.standing].text}",
                },
            },
        }
        if not one.controls:
            del found["target"]["props"]
        if related:
            found["related-observations"] = related
        if one.standing in _RISK:
            found["related-risks"] = [{"risk-uuid": _id(f"risk {one.id}")}]
        return found

    def _risk(self, one: RequirementEvidence) -> dict[str, Any]:
        seen = [each for each in _observations(one) if each.standing is not Standing.proven]
        days = [each.expires for each in seen if each.standing is Standing.waived and each.expires]
        found: dict[str, Any] = {
            "uuid": _id(f"risk {one.id}"),
            "title": f"{one.id} is not proven: {MEANINGS[one.standing].label}",
            "description": MEANINGS[one.standing].text,
            "statement": one.why,
            "props": _props({"severity": one.severity}),
            "status": _RISK[one.standing],
            "remediations": [
                {
                    "uuid": _id(f"fix {one.id}"),
                    "lifecycle": "recommendation",
                    "title": "Fix",
                    "description": one.fix,
                }
            ],
        }
        if days:
            found["deadline"] = datetime.combine(min(days), time.max, UTC).isoformat()
        if seen:
            found["related-observations"] = [
                {"observation-uuid": _observed(one, each)} for each in seen
            ]
        return found


def _observations(one: RequirementEvidence) -> Sequence[Observation]:
    """Each once: a test may be listed again for every finding that it accepts."""
    seen = {_observed(one, each): each for place in one.places for each in place.observations}
    return list(seen.values())


def _observed(one: RequirementEvidence, seen: Observation) -> str:
    return _id(
        f"{one.id} {seen.report} {seen.test} {seen.place} {seen.outcome} "
        f"{seen.target} {seen.environment} {seen.message}"
    )


def _doubts(run: Run, seen: Observation) -> Iterable[str]:
    yield from (*run.stale, *run.partial)
    if seen.outcome == "waived" and seen.standing is Standing.failed:
        yield f"the waiver expired on {seen.expires}" if seen.expires else "the waiver has no day"
    if seen.superseded:
        yield "shown on another target"
    if run.provenance is None:
        yield "the report does not say when it was made; the time is the evidence's"


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{NAMESPACE} {name}"))


def _props(values: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        _prop(name.replace("_", "-"), str(value))
        for name, value in values.items()
        if value is not None and str(value).strip()
    ]


def _prop(name: str, value: str, remarks: str = "") -> dict[str, str]:
    found = {"name": name, "ns": NAMESPACE, "value": _line(value)}
    return found | ({"remarks": remarks} if remarks else {})


def _token(text: str) -> str:
    return _NO_TOKEN.sub("-", text.lower())


def _line(text: str) -> str:
    return " ".join(text.split())
