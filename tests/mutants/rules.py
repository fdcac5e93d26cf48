"""The static tier's tests, collected once, in a process that is forked for each mutant.

Run as `python -m tests.mutants.rules STACK READ WRITE`, with two inherited file descriptors. Each
line read is a Request, each line written the Answer to it. It ends with its input.

The tests are pytest's own run of the tier with the fixtures of its conftest. Three answers are
given in another way than there: the plans, Checkov's findings and what `terraform validate` says
have been made already and are read.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.concern import concerned
from tests.support import checkov, checkov_reports, markers, planning
from tests.support.plan import Plan
from tests.support.project import ROOT
from tests.support.report import Verdict
from tests.support.source import SourceTree
from tests.support.terraform import Diagnostic

LAYERS = ("source", "policy", "plan")
# What is no defect of the infrastructure's: the form of the text, and waivers that are left over.
UNCOUNTED = (
    "test_files_are_formatted",
    "test_every_waiver_of_a_requirement_still_holds",
    "test_every_waiver_still_holds",
)
SLOW = ("test_pipeline", "test_runbooks")
LIMIT_SECONDS = 120.0


@dataclass(frozen=True)
class Request:
    """What to judge: the tree, the JSON of each environment's plan, Checkov's output.

    `layers` are run in their order, and of the plan rules those of `environments` only, with those
    about all of them if `whole`. `families` are the requirements whose failure ends the run.
    """

    stack: str
    layers: Sequence[str]
    plans: dict[str, str] = field(default_factory=dict)
    findings: str = ""
    diagnostics: Sequence[dict[str, Any]] | None = None
    environments: Sequence[str] = ()
    whole: bool = False
    families: Sequence[str] = ()


@dataclass
class Answer:
    """`killed` is the first test of a requirement concerned that failed by its assertion.

    `elsewhere` are requirements not concerned that failed, `unjudged` the tests that could not
    judge, `ran` how many there were. `error` says why there is no answer.
    """

    killed: dict[str, str] | None = None
    elsewhere: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    ran: int = 0
    error: str | None = None


class Server:
    """A pytest plugin that answers requests in the place of running the tests it collected."""

    def __init__(self, reading: int, writing: int) -> None:
        self._requests = os.fdopen(reading, encoding="utf-8")
        self._answers = os.fdopen(writing, "w", encoding="utf-8")
        self._answer = Answer()
        self._request = Request("", ())
        self._scan: checkov.Scan | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Fork for each request."""
        self._say({"ready": len(session.items)})
        for line in self._requests:
            self._say(self._forked(session, Request(**json.loads(line))))
        return True

    def _say(self, answer: dict[str, Any]) -> None:
        print(json.dumps(answer), file=self._answers, flush=True)

    def _forked(self, session: pytest.Session, request: Request) -> dict[str, Any]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._child(session, request, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            ready, _, _ = select.select([pipe], [], [], LIMIT_SECONDS)
            if not ready:
                os.kill(child, signal.SIGKILL)
            said = pipe.read() if ready else b""
        os.waitpid(child, 0)
        try:
            answer: dict[str, Any] = json.loads(said)
        except ValueError:
            reason = "the tests crashed" if ready else "the tests took too long"
            answer = asdict(Answer(error=reason))
        return answer

    def _child(self, session: pytest.Session, request: Request, writing: int) -> None:
        """Run what is asked for and never come back."""
        try:
            # A process group of its own would outlive a Ctrl-C; this one ends with its parent's.
            self._request = request
            session.config.option.stack = request.stack
            self._prepare()
            self._run(session)
        except BaseException as error:
            self._answer.error = f"{type(error).__name__}: {error}"[:300]
        finally:
            with suppress(BaseException):
                if self._scan:
                    self._scan.stop()
                os.write(writing, json.dumps(asdict(self._answer)).encode())
            os._exit(0)

    def _prepare(self) -> None:
        request, stack = self._request, Path(self._request.stack)
        diagnostics = request.diagnostics
        planning.plan_all = lambda *_: read_plans(stack, request.plans)
        checkov_reports.publish = lambda *_: None
        if diagnostics is not None:
            planning.validate = lambda stack: [Diagnostic.read(one) for one in diagnostics]
        if request.findings:
            scan = self._scan = checkov.Scan(stack, kept=Path(request.findings))
            checkov.running = lambda *_: scan  # type: ignore[assignment]

    def _run(self, session: pytest.Session) -> None:
        items = self._wanted(session.items)
        for item, following in zip(items, [*items[1:], None], strict=True):
            self._answer.ran += 1
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._answer.killed:
                return

    def _wanted(self, items: list[pytest.Item]) -> list[pytest.Item]:
        wanted = [
            item
            for layer in self._request.layers
            for item in items
            if item.get_closest_marker(layer)
            and item.name.partition("[")[0] not in UNCOUNTED
            and self._has_plan(item, layer)
        ]
        # What judges the pipeline and the runbooks takes half of the time, and seldom notices.
        return sorted(wanted, key=lambda item: item.path.stem in SLOW)

    def _has_plan(self, item: pytest.Item, layer: str) -> bool:
        if layer != "plan":
            return True
        parameters = getattr(item, "callspec", None)
        environment = parameters.params.get("planned_environment") if parameters else None
        if environment is None:
            return self._request.whole
        return environment in self._request.environments

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell a kill from everything else."""
        verdict = getattr(report, "verdict", Verdict.passed)
        details: dict[str, Any] = dict(report.user_properties)
        requirement = str(details.get("requirement"))
        match verdict:
            case Verdict.invalid:
                self._answer.unjudged.append(report.nodeid)
            case Verdict.failed if concerned(self._request.families, requirement):
                self._answer.killed = self._answer.killed or {
                    "test": report.nodeid,
                    "requirement": requirement,
                    "layer": str(details.get("place")),
                    "message": _brief(report.longreprtext),
                }
            case Verdict.failed:
                self._answer.elsewhere.append(requirement)


def read_plans(stack: Path, plans: dict[str, str]) -> dict[str, Plan]:
    """The plans that have been made, as tests/support/planning.py hands them out."""
    source = SourceTree.load(stack)
    return {
        name: Plan(
            json.loads(Path(path).read_text(encoding="utf-8")),
            markers.ALL,
            source.location,
            partial(planning.written, source),
        )
        for name, path in plans.items()
    }


def _brief(text: str) -> str:
    """What was expected and what was there instead."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    told = [line for line in lines if line.startswith(("where", "expected", "actual"))]
    return " · ".join(told or lines[:1])[:400]


def main() -> int:
    """Collect, and answer until the input ends."""
    stack, reading, writing = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    # The first test to need Checkov would otherwise start it.
    checkov.running = lambda *_: None  # type: ignore[assignment]
    SourceTree.load(Path(stack))  # parsed once, and remembered by text
    arguments = ["tests/unit", f"--stack={stack}", f"--rootdir={ROOT}", "-q", "-s"]
    arguments += ["-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    os.environ.pop("SUITE_TIER", None)
    return int(pytest.main(arguments, plugins=[Server(reading, writing)]))


if __name__ == "__main__":
    sys.exit(main())
