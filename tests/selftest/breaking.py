"""Mistakes put into a copy of the stack, and what a tier says of the copy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).resolve().parents[2]
STACK = ROOT / "terraform"
WAIVERS = ROOT / "tests" / "waivers.yaml"
PATH = Path(__file__).with_name("breaks.yaml")
TIER_SECONDS = 1500

Place = Literal["source", "plan", "policy", "deployed"]


class Break(BaseModel):
    """One mistake: `find` in `file` becomes `replace`, and `requirement` must fail for it.

    `places` are where it must fail, `says` a regular expression that one of its messages matches
    there, `also` other requirements that the same mistake breaks. With one that is not `plannable`
    only the source can be looked at; one that would hide others is made `apart`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    requirement: str
    places: tuple[Place, ...] = Field(min_length=1)
    says: str
    file: str
    find: str = Field(min_length=1)
    replace: str
    occurrence: Literal["only", "first", "last"] = "only"
    deviation: int | None = None
    also: tuple[str, ...] = ()
    plannable: bool = True
    apart: bool = False

    def apply(self, stack: Path) -> None:
        """Make the mistake; AssertionError when the place to make it is not there, or not once."""
        path = stack / self.file
        text = path.read_text(encoding="utf-8")
        count = text.count(self.find)
        assert count == 1 or (count > 1 and self.occurrence != "only"), f"{self.id}: {count} places"
        cut = text.rfind(self.find) if self.occurrence == "last" else text.find(self.find)
        changed = text[:cut] + self.replace + text[cut + len(self.find) :]
        path.write_text(changed, encoding="utf-8")


def load() -> tuple[Break, ...]:
    """Every mistake in breaks.yaml."""
    entries = yaml.safe_load(PATH.read_text(encoding="utf-8"))["breaks"]
    return tuple(Break.model_validate(entry) for entry in entries)


def broken_stack(breaks: Iterable[Break], directory: Path) -> Path:
    """A copy of the stack, below `directory`, with the mistakes made."""
    stack = directory / "terraform"
    shutil.copytree(STACK, stack, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    (directory / "tests").mkdir()
    shutil.copy(WAIVERS, directory / "tests")
    for mistake in breaks:
        mistake.apply(stack)
    return stack


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
