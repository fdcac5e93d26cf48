"""What has been judged so far: one line of JSON a mutant, kept for a run that goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from tests.support import terraform, tool_environment, workspace
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT, shown

OUTCOMES = ("killed", "survived", "invalid", "unjudged")
# What no rule of the static tier reads.
ELSEWHERE = ("emulator", "standin", "__pycache__")
SUITE = ("tests/unit", "tests/support", "policies")
# What finds a place for a mutant is no part of it: each result names the edits that it is of.
JUDGES = ("worker", "rules", "planner", "children", "checkov_server", "concern", "mutant",
          "enumeration")  # fmt: skip
FILES = ("conftest.py", "pyproject.toml", "tests/catalogue.yaml", "requirements/suite.txt",
         "requirements/checkov.txt")  # fmt: skip
# What is judged with a stack: it lies beside it, or this repository's goes with it.
BESIDE = (".github/workflows/deploy.yml", "docs/runbooks.md", "tests/waivers.yaml")


def key(stack: Path) -> str:
    """Changes with the stack and what lies beside it, with the suite and with Terraform."""
    digest = hashlib.sha256(workspace.digest_of(stack).encode())
    for path in sorted(set(_inputs(stack))):
        digest.update(f"\0{shown(path)}\0".encode())
        digest.update(path.read_bytes())
    checkov = tool_environment.fingerprint(ROOT / "requirements" / "checkov.txt")
    digest.update(f"{terraform.find().fingerprint()} {checkov}".encode())
    return digest.hexdigest()[:16]


def _inputs(stack: Path) -> Iterable[Path]:
    for name in SUITE:
        for path in (ROOT / name).rglob("*"):
            if path.suffix in (".py", ".yaml") and not set(ELSEWHERE) & set(path.parts):
                yield path
    yield from (Path(__file__).with_name(f"{name}.py") for name in JUDGES)
    yield from (ROOT / name for name in FILES)
    beside = (around / name for around in (stack.parent, ROOT) for name in BESIDE)
    yield from (path for path in beside if path.is_file())


def _is_result(one: Any) -> bool:
    """Whether it has what is read of every result; a killed mutant says what noticed it."""
    if not isinstance(one, dict) or not all(isinstance(one.get(k), str) for k in ("id", "key")):
        return False
    killed = one.get("killed")
    layer = killed.get("layer") if isinstance(killed, dict) else None
    return one.get("outcome") in OUTCOMES and (one["outcome"] == "killed") == isinstance(layer, str)


def _ends_a_line(file: BinaryIO) -> bool:
    if not file.seek(0, os.SEEK_END):
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


class Journal:
    """The results of one key, in a file to which lines are only added.

    `stack` is a hash of the stack alone: an earlier suite's results of the same have it as well.
    """

    def __init__(self, path: Path, key_: str, stack: str) -> None:
        self._path, self._key, self._stack = path, key_, stack

    def results(self) -> dict[str, dict[str, Any]]:
        """What was judged under this key, by the mutant's id; a torn last line is no result."""
        return {one["id"]: one for one in self._lines() if one["key"] == self._key}

    def latest(self) -> dict[str, dict[str, Any]]:
        """The newest result of each of the stack's mutants, under whatever key."""
        return {one["id"]: one for one in self._lines() if one.get("stack") == self._stack}

    def _lines(self) -> list[dict[str, Any]]:
        if not self._path.is_file():
            return []
        found = []
        # A line that was damaged, by a crash or by hand, is no result: its mutant is judged anew.
        for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                one = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if _is_result(one):
                found.append(one)
        return found

    def add(self, result: dict[str, Any]) -> None:
        """Write a result down. SuiteError where that is not possible."""
        line = json.dumps({"key": self._key, "stack": self._stack, **result})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                # Lest a line that was torn when the machine went down takes this one with it.
                before = b"" if _ends_a_line(file) else b"\n"
                file.write(before + f"{line}\n".encode())
        except OSError as error:
            raise SuiteError(f"cannot write {self._path}: {error.strerror}") from error
