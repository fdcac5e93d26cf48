"""Mutants, results and a worker for tests in which nothing is judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.mutants import report
from tests.mutants.mutant import Edit, Mutant
from tests.support.outcomes import SuiteError

SMALL = Path(__file__).parent / "stack"
SSL_POLICY = "weaken-tls:network.tf:aws_lb_listener.https/ssl_policy"
KILL = {"test": "t", "requirement": "DB-02", "layer": "plan", "message": "m"}


def mutant(name: str) -> Mutant:
    """A mutant of which only the name matters."""
    return Mutant(name, "operator", "security", 1, "a → b", (Edit("a.tf", 0, 1, name),))


def result(name: str, outcome: str = "killed", **more: Any) -> dict[str, Any]:
    """What a worker says of it."""
    killed = KILL if outcome == "killed" else None
    return {"id": name, "outcome": outcome, "killed": killed, **more}


class Scripted:
    """A worker that says what it is told to, and remembers what it was asked."""

    asked: list[str]

    def __init__(self, outcomes: dict[str, str]) -> None:
        self.outcomes = outcomes
        self.asked = []

    def judge(self, one: Mutant) -> dict[str, Any]:
        self.asked.append(one.id)
        outcome = self.outcomes.get(one.id, "killed" if one.id else "survived")
        if outcome == "interrupt":
            raise SuiteError("a worker ended before it answered; --resume goes on")
        return result(one.id, outcome)

    def close(self) -> None:
        """Nothing to let go."""

    stop = close


def told_of(directory: Path) -> dict[str, Any]:
    """The report that a run has written."""
    found: dict[str, Any] = json.loads((directory / report.NAME).read_text(encoding="utf-8"))
    return found
