"""The stack deployed to the emulator by Terraform itself."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import terraform, workspace
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError
from tests.support.planning import account_id, check_variables, secret_variables
from tests.support.source import SourceTree
from tests.support.terraform import Completed, Terraform

__all__ = ["Deployment", "account_id", "deploy"]

# Almost all of an apply is the provider waiting for what AWS takes minutes to make.
APPLY_SECONDS = 1200.0
PLAN_SECONDS = 300.0
PARALLELISM = 50
PROGRESS_SECONDS = 15.0


@dataclass(frozen=True)
class Deployment:
    """A stack as applied: `planned_count` resources were announced, `resource_count` are there."""

    stack: Path
    environment: str
    planned_count: int
    resource_count: int
    _terraform: Terraform = field(repr=False)
    _copy: Path = field(repr=False)
    _settings: dict[str, str] = field(repr=False)

    def second_plan(self) -> list[str]:
        """What another apply would change: `action address`, outputs as `change output.<name>`.

        Drift that Terraform only notices and would not act on is not in it.
        """
        done = self._terraform.run(
            "plan", "-json", "-input=false", "-detailed-exitcode",
            f"-parallelism={PARALLELISM}", f"-var-file=environments/{self.environment}.tfvars",
            cwd=self._copy, environment=self._settings, timeout_seconds=PLAN_SECONDS,
        )  # fmt: skip
        if done.code not in (0, 2):
            raise workspace.failure(done, self.stack, "plan", self._terraform)
        changes = _changes(done)
        if (done.code == 2) != bool(changes):
            raise SuiteError(f"the second plan ended with {done.code} and named {len(changes)}")
        return changes


@contextlib.contextmanager
def deploy(
    emulator: Emulator,
    stack: Path,
    environment: str,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Deployment]:
    """Apply the stack's environment to the emulator; `progress` is told a line now and then.

    Raises SuiteError when the stack cannot be applied, naming the resource, and when the emulator
    dies meanwhile. What was deployed goes with the emulator.
    """
    source = SourceTree.load(stack)
    check_variables(source, environment)
    program = terraform.find()
    with workspace.scratch_copy(stack, _path_style(source)) as copy:
        workspace.initialise(copy, stack, program)
        settings = {**emulator.environment(), **secret_variables(source)}
        planned = _apply(emulator, stack, environment, program, copy, settings, progress)
        yield Deployment(
            stack, environment, planned, _resource_count(copy), program, copy, settings
        )


def _apply(
    emulator: Emulator,
    stack: Path,
    environment: str,
    program: Terraform,
    copy: Path,
    settings: dict[str, str],
    progress: Callable[[str], None],
) -> int:
    told = _Progress(environment, progress)
    done = program.run(
        "apply", "-json", "-input=false", "-auto-approve", f"-parallelism={PARALLELISM}",
        f"-var-file=environments/{environment}.tfvars",
        cwd=copy, environment=settings, timeout_seconds=APPLY_SECONDS, on_event=told,
        watch=emulator.check_alive,
    )  # fmt: skip
    if done.code != 0:
        raise workspace.failure(done, stack, "apply", program)
    told.finished()
    return told.planned


class _Progress:
    """Counts an apply's events and tells of them every few seconds."""

    def __init__(self, environment: str, tell: Callable[[str], None]) -> None:
        self._environment = environment
        self._tell = tell
        self._begun = self._told = time.monotonic()
        self._created = 0
        self.planned = 0
        tell(f"{environment}: terraform apply to the emulator")

    def __call__(self, event: dict[str, Any]) -> None:
        match event:
            case {"type": "change_summary", "changes": {"operation": "plan", "add": int() as add}}:
                self.planned = add
            case {"type": "apply_complete", "hook": {"action": "create"}}:
                self._created += 1
        if time.monotonic() - self._told >= PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._tell(self._line())

    def finished(self) -> None:
        """Tell the end."""
        self._tell(self._line())

    def _line(self) -> str:
        seconds = time.monotonic() - self._begun
        return f"{self._environment}: {self._created} of {self.planned} applied, {seconds:.0f} s"


def _changes(done: Completed) -> list[str]:
    changes = []
    for event in done.events:
        match event:
            case {"type": "planned_change", "change": {"action": str() as action, "resource": one}}:
                changes.append(f"{action} {one['addr']}")
            case {"type": "outputs", "outputs": dict() as outputs}:
                changes += [
                    f"{output['action']} output.{name}"
                    for name, output in outputs.items()
                    if output.get("action", "noop") != "noop"
                ]
    return changes


def _resource_count(copy: Path) -> int:
    """The managed resources in the state."""
    state = json.loads((copy / "terraform.tfstate").read_text(encoding="utf-8"))
    managed = [one for one in state["resources"] if one["mode"] == "managed"]
    return sum(len(one["instances"]) for one in managed)


def _path_style(source: SourceTree) -> str:
    """Settings for an S3 endpoint that is an address: bucket names cannot be part of its name."""
    aliases = {str(block.get("alias") or "") for block in source.blocks("provider", "aws")}
    return "\n".join(
        'provider "aws" {\n'
        + (f"  alias = {json.dumps(alias)}\n" if alias else "")
        + "  s3_use_path_style = true\n}\n"
        for alias in sorted(aliases)
    )
