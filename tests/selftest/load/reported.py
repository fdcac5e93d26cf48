"""The report of two scenarios on the modelled service, as load.json has it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.load.report import figures, report
from tests.load.report.report import Report
from tests.load.scenarios.shapes import Scenario
from tests.load.verdict import claims
from tests.selftest.load.observations import BREACH, FIND, STEADY, WORK, run

EMPTY = Report("staging", "emulator", "http://127.0.0.1:8080")


def of(scenario: Scenario, **changed: Any) -> Report:
    """The report of one scenario, whose run is changed so."""
    judged = run(scenario, **changed)
    section = figures.section(judged, figures.foresee(judged, WORK, tasks=2), WORK)
    empty = replace(EMPTY, scenario=scenario.name, figures=section)
    return empty.with_claims(claims.judge(judged, FIND), FIND)


def document(**changed: Any) -> dict[str, Any]:
    """What is written of the steady scenario and the breach; each call gives its own."""
    found: dict[str, Any] = json.loads(_written() if not changed else _text(**changed))
    return found


@cache
def _written() -> str:
    return _text()


def _text(**changed: Any) -> str:
    with tempfile.TemporaryDirectory() as directory:
        report.write(of(BREACH, **changed).after(of(STEADY, **changed)), Path(directory))
        return (Path(directory) / "load.json").read_text(encoding="utf-8")
