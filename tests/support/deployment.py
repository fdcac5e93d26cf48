"""The stack deployed to the emulator by Terraform itself.

A deployment is kept by everything it depends on: its requests and its state. The next one with the
same stack, variables, Terraform, provider, moto and emulator plays the requests instead of applying
for minutes, and Terraform's state still fits what is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.support import emulator as emulator_package
from tests.support import terraform, workspace
from tests.support.emulator import Emulator
from tests.support.emulator.recording import BrokenRecordingError
from tests.support.outcomes import SuiteError
from tests.support.planning import account_id, check_variables, secret_variables
from tests.support.project import CACHE, shown, unwritable
from tests.support.source import SourceTree
from tests.support.terraform import Completed, Terraform

__all__ = ["Deployment", "account_id", "deploy"]

# Almost all of an apply is the provider waiting for what AWS takes minutes to make.
APPLY_SECONDS = 1200.0
PLAN_SECONDS = 300.0
PARALLELISM = 50
PROGRESS_SECONDS = 15.0
KEPT = 6
STATE, REQUESTS, PLANNED = "terraform.tfstate", "requests.gz", "planned"


@dataclass(frozen=True)
class Deployment:
    """A stack as applied: `planned_count` resources were announced, `resource_count` are there.

    `directory` is the initialised copy that was applied, with its state.
    """

    stack: Path
    environment: str
    _terraform: Terraform = field(repr=False)
    _settings: dict[str, str] = field(repr=False)
    planned_count: int
    directory: Path = field(repr=False)
    _watch: Callable[[], None] = field(default=lambda: None, repr=False)

    @property
    def resource_count(self) -> int:
        """The managed resources in the state."""
        state = json.loads((self.directory / STATE).read_text(encoding="utf-8"))
        managed = [one for one in state["resources"] if one["mode"] == "managed"]
        return sum(len(one["instances"]) for one in managed)

    def second_plan(self) -> list[str]:
        """What another apply would change: `action address`, outputs as `change output.<name>`.

        Drift that Terraform only notices and would not act on is not in it. Raises SuiteError when
        the emulator stops meanwhile.
        """
        done = self._terraform.run(
            "plan", "-json", "-input=false", "-lock=false", "-detailed-exitcode",
            f"-parallelism={PARALLELISM}", f"-var-file=environments/{self.environment}.tfvars",
            cwd=self.directory, environment=self._settings, timeout_seconds=PLAN_SECONDS,
            watch=self._watch,
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
    fresh: bool = False,
) -> Iterator[Deployment]:
    """Deploy the stack's environment to the emulator; `progress` is told a line now and then.

    With `fresh` a kept deployment is not used. Raises SuiteError when the stack cannot be applied,
    naming the resource, and when the emulator dies meanwhile. What was deployed goes with the
    emulator.
    """
    source = SourceTree.load(stack)
    check_variables(source, environment)
    program = terraform.find()
    settings = {**emulator.environment(), **secret_variables(source)}
    make = partial(Deployment, stack, environment, program, settings, _watch=emulator.check_alive)
    kept = CACHE / "deployments" / _fingerprint(stack, environment, program)

    def play() -> tuple[int, Path] | None:
        if fresh or not kept.is_dir() or not played(emulator, kept, progress):
            return None
        return _counted(kept), kept / "stack"

    def apply(left: contextlib.ExitStack) -> tuple[int, Path]:
        copy = left.enter_context(workspace.scratch_copy(stack, path_style(source)))
        workspace.initialise(copy, stack, program)
        emulator.record()
        planned = _apply(emulator, stack, environment, program, copy, settings, progress)
        record(emulator, copy.parent, planned)
        if fresh:
            shutil.rmtree(kept, ignore_errors=True)
        workspace.keep(copy.parent, kept, KEPT)
        return planned, (kept if kept.is_dir() and not copy.is_dir() else copy.parent) / "stack"

    with contextlib.ExitStack() as left:
        made = play()
        if made is None:
            # An apply takes minutes: whoever wants the same meanwhile waits, and plays it then.
            with contextlib.nullcontext() if fresh else workspace.making(kept, progress):
                made = play() or apply(left)
        yield make(*made)


def record(emulator: Emulator, directory: Path, planned: int) -> None:
    """Write the requests of a deployment and how many resources were planned."""
    try:
        emulator.save(directory / REQUESTS)
        (directory / PLANNED).write_text(str(planned), encoding="utf-8")
    except BrokenRecordingError as error:
        raise SuiteError(
            f"cannot record the deployment in {shown(directory)}: {error}; free some "
            "disk space or check its permissions"
        ) from error
    except OSError as error:
        raise unwritable(directory, error) from error


def played(emulator: Emulator, kept: Path, progress: Callable[[str], None]) -> bool:
    """Whether the kept deployment could be played; one that could not is thrown away."""
    try:
        _counted(kept)
        emulator.play(kept / REQUESTS)
    except (BrokenRecordingError, OSError, ValueError) as error:
        progress(f"the recorded deployment is discarded: {error}")
        shutil.rmtree(kept, ignore_errors=True)
        return False
    kept.touch()
    progress("the recorded deployment was played; --fresh applies anew")
    return True


def _counted(kept: Path) -> int:
    if not (kept / "stack" / STATE).is_file():
        raise ValueError("it has no state")
    return int((kept / PLANNED).read_text(encoding="utf-8"))


def _fingerprint(stack: Path, environment: str, program: Terraform) -> str:
    """A hash of everything that a deployment depends on."""
    code = [Path(__file__), *sorted(Path(emulator_package.__file__).parent.rglob("*.py"))]
    digest = hashlib.sha256(workspace.fingerprint(stack, program).encode())
    digest.update(f"{environment} {version('moto')} {version('botocore')}".encode())
    for path in code:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


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


def path_style(source: SourceTree) -> str:
    """Settings for an S3 endpoint that is an address: bucket names cannot be part of its name."""
    aliases = {str(block.get("alias") or "") for block in source.blocks("provider", "aws")}
    return "\n".join(
        'provider "aws" {\n'
        + (f"  alias = {json.dumps(alias)}\n" if alias else "")
        + "  s3_use_path_style = true\n}\n"
        for alias in sorted(aliases)
    )
