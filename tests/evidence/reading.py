"""Reads what the tiers and the mutation run wrote. What is no such report is one clear line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tests.evidence.model import Provenance
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT, shown
from tests.support.report import Verdict

TIERS = ("static", "integration", "load")
_Read = TypeVar("_Read", bound=BaseModel)


class Loose(BaseModel):
    """A part of a report, of which only what is named here matters."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Test(Loose):
    """A test's outcome, as every tier writes it."""

    test: str
    requirement: str | None
    place: str | None
    outcome: Verdict
    message: str
    environment: str | None = None
    target: str | None = None


class Report(Loose):
    """A tier's report. `provenance` is None in one that does not say where it comes from."""

    tier: str
    complete: bool
    tests: tuple[Test, ...]
    provenance: Provenance | None = None


class KillerRead(Loose):
    """What noticed a mutant."""

    layer: str = "unknown"


class MutantRead(Loose):
    """A mutant as the mutation run reports it."""

    id: str
    category: str
    outcome: str
    where: str = ""
    change: str = ""
    reason: str | None = None
    killed_by: KillerRead | None = None
    checkov_alone: tuple[str, ...] = ()


class MutantsRead(Loose):
    """The mutation run's report."""

    mutants: tuple[MutantRead, ...]
    complete: bool
    provenance: Provenance | None = None


def tier(directory: Path, name: str) -> Report | None:
    """The tier's report in the directory, None if there is none. SuiteError names what is wrong."""
    path = directory / f"{name}.json"
    report = _validated(Report, path)
    if report is not None and report.tier != name:
        raise SuiteError(f"{shown(path)}: the report is the {report.tier} tier's; run {name} anew")
    return report


def mutants(directory: Path) -> MutantsRead | None:
    """The mutation run's report, None if there is none."""
    return _validated(MutantsRead, directory / "mutants.json")


def _validated(model: type[_Read], path: Path) -> _Read | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
        # Half a character, which JSON can escape, is text that nothing can be written with.
        json.dumps(document, ensure_ascii=False).encode()
        return model.model_validate(document)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SuiteError(f"cannot read {shown(path)}: {error.strerror}") from error
    except ValidationError as error:
        complaint = error.errors()[0]
        where = ".".join(str(part) for part in complaint["loc"]) or "the document"
        raise SuiteError(f"{shown(path)}: {where}: {complaint['msg']}; run it anew") from error
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{shown(path)}: no JSON ({error}); run it anew") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def without_places(text: str) -> str:
    """The text without what only this machine has: the project's directory, the user's home."""
    for place, stands in ((f"{ROOT}/", ""), (str(Path.home()), "~")):
        text = text.replace(place, stands) if len(place) > 1 else text
    return text
