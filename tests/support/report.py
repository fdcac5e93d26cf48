"""How outcomes are told: the text of a failure, and the JSON record of a tier's run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.catalogue import Place, Requirement
from tests.support.outcomes import Invalid, NotProvable, SuiteError, Violation
from tests.support.project import write_whole

CHECKLIST = "checklist.md"
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
_DENIED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
# The user and the password of an address, as errors of botocore repeat it.
_SIGN_IN = re.compile(r"""[^\s/"'=:@]*:[^\s/"'=@]*@""")
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}


class Verdict(StrEnum):
    """The five outcomes, always distinct."""

    passed = "pass"
    failed = "fail"
    invalid = "invalid"
    not_provable = "not_provable"
    waived = "waived"


@dataclass(frozen=True)
class Record:
    """One test's outcome. `requirement` and `place` are None for the suite's own tests."""

    test: str
    requirement: str | None
    place: str | None
    outcome: Verdict
    message: str
    environment: str | None
    target: str | None


def verdict_of(error: BaseException | None) -> Verdict:
    """The outcome that ending with `error` means. Anything unforeseen is invalid, never a pass."""
    match error:
        case None:
            return Verdict.passed
        case NotProvable():
            return Verdict.not_provable
        case AssertionError() | pytest.fail.Exception():
            return Verdict.failed
        case _:
            return Verdict.invalid


def as_violation(error: BaseException) -> BaseException:
    """The error itself, but a Violation where AWS says that what was asked for is not there."""
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        if any(sign in told.get("Code", "") for sign in ("NotFound", "NoSuch")):
            return Violation(error.operation_name, "it exists", told.get("Message", "not found"))
    return error


def failure_text(requirement: Requirement, violation: Violation) -> str:
    """Say which requirement is violated, where, how, why it matters and what to do."""
    remedy = "   ·   ".join(filter(None, [requirement.fix, ", ".join(requirement.controls)]))
    lines = {
        "where": violation.where,
        "expected": violation.expected,
        "actual": violation.actual,
        "why": requirement.why,
        "fix": remedy,
    }
    head = f"{requirement.id} [{requirement.severity}] {requirement.title}"
    return "\n".join([head, *(f"  {name:<9} {text}" for name, text in lines.items())])


def invalid_text(error: BaseException) -> str:
    """Say in one line why the run could not judge, and what to do about it."""
    match error:
        case ClientError():
            told = error.response.get("Error", {})
            code = told.get("Code", "")
            if code in DENIED:
                # An action is not always called as its operation is; the message names it.
                action = _DENIED_ACTION.search(told.get("Message", ""))
                missing = f"add {action[1] if action else 'that action'} to the auditor's policy"
                return f"AWS denied {error.operation_name}: {missing}"
            if code in EXPIRED:
                return f"AWS answered {error.operation_name} with {code}: sign in again"
            return f"AWS answered {error.operation_name} with {code or error}; try again"
        case Invalid() | SuiteError():
            return str(error)
        case _:
            return without_sign_in(f"{type(error).__name__}: {error}")


def without_sign_in(text: str) -> str:
    """The text, with *** for the user and the password in an address."""
    return _SIGN_IN.sub("***@", text)


def for_people(requirements: Iterable[Requirement]) -> list[Requirement]:
    """The requirements that, in whole or in part, no machine can prove."""
    return [one for one in requirements if Place.people in one.proven]


def checklist(requirements: Iterable[Requirement]) -> str:
    """What people must see to, as Markdown with a box for each; none of it counts as passed."""
    entries = [
        f"- [ ] **{one.id}** [{one.severity}] {one.title}.\n  Do: {one.fix}.\n  Why: {one.why}.\n"
        for one in for_people(requirements)
    ]
    head = "# For people\n\nNo machine can prove these. The suite passes none of them.\n"
    return "\n".join([head, *entries])


def write(
    directory: Path,
    tier: str,
    records: Iterable[Record],
    complete: bool,
    requirements: Iterable[Requirement] = (),
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write <tier>.json and, with the requirements for people, checklist.md into `directory`.

    `provenance` is what `provenance.describe` tells of the run. Each by rename, so that no reader
    sees half of it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path, left = directory / f"{tier}.json", for_people(requirements)
    document = {
        "tier": tier,
        "complete": complete,
        "provenance": provenance,
        "tests": [asdict(record) for record in records],
        "for_people": [{"requirement": one.id, "title": one.title, "do": one.fix} for one in left],
    }
    write_whole(path, json.dumps(document, indent=1) + "\n")
    write_whole(directory / CHECKLIST, checklist(left))
    return path
