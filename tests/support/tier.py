"""A tier run on another stack, in a process of its own, and what it said of each test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tests.support.project import ROOT

TIER_SECONDS = 1500


class Run(BaseModel):
    """A tier's run: its exit code, what it printed, and its record of each test."""

    code: int
    output: str
    tests: tuple[dict[str, Any], ...]

    def failing(self, requirement: str, place: str) -> list[str]:
        """The messages of the requirement's tests that failed in that place."""
        wanted = (requirement, place, "fail")
        return [
            test["message"]
            for test in self.tests
            if (test["requirement"], test["place"], test["outcome"]) == wanted
        ]

    def red(self) -> set[str]:
        """The requirements with at least one test that failed."""
        return {test["requirement"] for test in self.tests if test["outcome"] == "fail"}


def run_tier(tier: str, stack: Path, reports: Path, arguments: Sequence[str]) -> Run:
    """Run a tier's tests on another stack in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [*arguments, f"--stack={stack}", f"--reports={reports}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "SUITE_TIER": tier},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIER_SECONDS,
        check=False,
    )
    record = reports / f"{tier}.json"
    tests = json.loads(record.read_text(encoding="utf-8"))["tests"] if record.is_file() else []
    return Run(code=done.returncode, output=done.stdout + done.stderr, tests=tuple(tests))
