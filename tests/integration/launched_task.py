"""A task started from its task definition on this machine, without a container engine.

The program is the stand-in, in namespaces of its own: the container's port is that port and no
other's, the program is process 1, and localhost is the container. `PATH` leads to the programs of
the application's image and to no others. testinfra enters the namespaces as `docker exec` does.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from testinfra.backend.base import BaseBackend
from testinfra.host import Host

from tests.support.containers import ports
from tests.support.outcomes import NotProvable, Violation
from tests.support.project import ROOT

# What the image has (docs/deviations.md, "The image"); the rest is what testinfra calls.
PROGRAMS = ("sh", "cat", "curl", "env", "ls", "readlink", "realpath", "stat", "test", "timeout",
            "uname")  # fmt: skip
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0
_COMMAND_SECONDS = 60.0
_POLL_SECONDS = 0.05
_USER = re.compile(r"(\d+)(?::(\d+))?")
_ROOT_USER = ("root", "0")


@dataclass(frozen=True)
class Image:
    """The application as the stand-in pretends to be it: where it listens and what it answers.

    `port` and `health_path` are the application's own, whatever a task definition says of them;
    `module` is the stand-in.
    """

    port: int
    health_path: str
    module: str = "tests.support.standin"


class TaskBackend(BaseBackend):  # type: ignore[misc]
    """testinfra's way into a launched task: each command in its namespaces, as its user."""

    NAME = "task"

    def __init__(self, arn: str, enter: Sequence[str], environment: Mapping[str, str], log: Path):
        super().__init__(arn)
        self.enter = enter
        self.environment = environment
        self.log_path = log

    def run(self, command: str, *args: str, **_: Any) -> Any:
        """Run a command line in the container's shell, as testinfra's other backends do."""
        line = self.get_command(command, *args)
        done = subprocess.run(
            [*self.enter, "/bin/sh", "-c", line],
            cwd="/", env=dict(self.environment), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_COMMAND_SECONDS, check=False,
        )  # fmt: skip
        return self.result(done.returncode, self.encode(line), done.stdout, done.stderr)

    def log(self) -> str:
        """What the task has written so far, to either stream."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Task:
    """What is to be run: the definition's container, and its environment with secrets resolved."""

    arn: str
    container: Mapping[str, Any]
    environment: Mapping[str, str] = field(repr=False)

    @property
    def user(self) -> tuple[int, int]:
        """The user and the group of the definition's `user`; root where it has none.

        Raises NotProvable for a name, which only the image knows.
        """
        written = str(self.container.get("user") or "root")
        if written in _ROOT_USER:
            return 0, 0
        found = _USER.fullmatch(written)
        if not found:
            raise NotProvable(f"which user {written} is only the application's image knows")
        return int(found[1]), int(found[2] or found[1])


@contextlib.contextmanager
def running(task: Task, image: Image) -> Iterator[Host]:
    """The task as testinfra's host; it listens when this is entered and is gone when left.

    Raises Violation when the task does not start, NotProvable where this machine cannot run it.
    """
    if task.container.get("command") or task.container.get("entryPoint"):
        raise NotProvable("the definition names a program, and the stand-in has only its own")
    with tempfile.TemporaryDirectory(prefix="task-") as place:
        directory, log = Path(place), Path(place, "log")
        environment = {"PATH": str(_programs(directory)), **task.environment}
        command, namespaces = _separated(task.user)
        with log.open("wb") as written:
            process = subprocess.Popen(
                [*command, *_standin(task.user, image)],
                cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is answered by whoever started it, in order
            )  # fmt: skip
        try:
            target = _await_listening(process, task.arn, log)
            enter = [_tool("nsenter"), "--target", str(target), *namespaces]
            backend = TaskBackend(task.arn, enter, environment, log)
            host = Host(backend)
            backend.set_host(host)
            yield host
        finally:
            _stop(process)


def _programs(directory: Path) -> Path:
    """A directory with the image's programs, which are this machine's."""
    directory.chmod(0o755)
    place = directory / "bin"
    place.mkdir()
    for program in PROGRAMS:
        (place / program).symlink_to(_tool(program))
    return place


def _tool(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise NotProvable(f"a task is run here with {program}, which this machine does not have")
    return found


def _separated(user: tuple[int, int]) -> tuple[list[str], list[str]]:
    """The command that makes the namespaces, and how they are entered as that user.

    Who is not root gets a user namespace too, in which they are that user.
    """
    number, group = user
    command = [_tool("unshare"), "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    namespaces = ["--net", "--pid", "--mount"]
    if os.geteuid() == 0:
        return command, [*namespaces, "--setuid", str(number), "--setgid", str(group), "--"]
    mapped = [f"--map-user={number}", f"--map-group={group}", "--keep-caps"]
    return [*command, *mapped], [*namespaces, "--user", "--preserve-credentials", "--"]


def _standin(user: tuple[int, int], image: Image) -> list[str]:
    return [sys.executable, "-BE", "-m", image.module, "--port", str(image.port),
            "--health-path", image.health_path, "--container-user", *map(str, user)]  # fmt: skip


def _await_listening(process: subprocess.Popen[bytes], arn: str, log: Path) -> int:
    """The process id, as seen from here, of the container's program once it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children():
            with contextlib.suppress(OSError):
                if ports(Path(f"/proc/{child.pid}/net/tcp").read_text(encoding="ascii")):
                    return int(child.pid)
        time.sleep(_POLL_SECONDS)
    written = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = written[-1] if written else ""
    if said.startswith("unshare: "):
        raise NotProvable(f"this machine lets nobody run a task apart: {said}")
    raise Violation(arn, "the task starts and listens", said or "it says nothing")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, at which it ends; else it is killed, and its namespaces with it."""
    assert process.stdin is not None
    process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    process.kill()
    process.wait()
