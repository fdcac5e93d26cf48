"""The two processes that a worker asks: the tier's tests, and Checkov. Each forks for a tree."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from tests.mutants.rules import Answer, Request
from tests.support import tool_environment
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

CHECKOV_SECONDS = 120.0
STOP_SECONDS = 10.0


class Child:
    """A process that answers a line with a line. SuiteError when it is gone."""

    def __init__(self, name: str, process: subprocess.Popen[Any], out: IO[str], back: IO[str]):
        self.name, self._process, self._out, self._back = name, process, out, back

    def ask(self, question: dict[str, Any] | None) -> dict[str, Any]:
        """The answer to a question; to none, what it says first."""
        try:
            if question is not None:
                print(json.dumps(question), file=self._out, flush=True)
            answer: dict[str, Any] = json.loads(self._back.readline())
        except (OSError, ValueError) as error:
            code = self._process.poll()
            raise SuiteError(f"{self.name} ended with code {code}; run it again") from error
        return answer


@contextlib.contextmanager
def rules(stack: Path) -> Iterator[Child]:
    """The tests of the static tier, collected."""
    there, writing = os.pipe()
    reading, back = os.pipe()
    command = [sys.executable, "-m", "tests.mutants.rules", str(stack), str(there), str(back)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(there, back),
    )
    os.close(there)
    os.close(back)
    with os.fdopen(reading, encoding="utf-8") as told, os.fdopen(writing, "w") as out:
        child = Child("the tests of tests/unit", process, out, told)
        try:
            child.ask(None)
            yield child
        finally:
            with contextlib.suppress(OSError):
                out.close()
            _ended(process)


def judged(child: Child, request: Request) -> Answer:
    """What the tests say of a tree."""
    return Answer(**child.ask(asdict(request)))


@contextlib.contextmanager
def checkov(stack: Path) -> Iterator[Child]:
    """Checkov, loaded."""
    python = tool_environment.ensure("checkov") / "python"
    server = Path(__file__).with_name("checkov_server.py")
    process = subprocess.Popen(
        [str(python), str(server), str(ROOT), str(stack)],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(stack),
             "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Child("Checkov", process, process.stdin, process.stdout)
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        _ended(process)
        process.stdout.close()


def scanned(child: Child, stack: Path, out: Path) -> str | None:
    """Have Checkov look at a tree; why it could not, None if it has."""
    question = {"stack": str(stack), "out": str(out), "seconds": CHECKOV_SECONDS}
    answer = child.ask(question)["error"]
    return None if answer is None else str(answer)


def findings(out: Path) -> set[tuple[str, str]]:
    """Check and address of each finding of Checkov's own checks."""
    census = json.loads((out / "census.json").read_text(encoding="utf-8"))
    own = set(census["builtin"])
    results = json.loads((out / "found.json").read_text(encoding="utf-8"))["results"]
    return {
        (r["check_id"], r["resource"]) for r in results["failed_checks"] if r["check_id"] in own
    }


def _ended(process: subprocess.Popen[Any]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
