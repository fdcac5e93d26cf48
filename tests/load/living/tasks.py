"""One task of the service as a process: the stand-in, started from its task definition.

A task has an address of its own on loopback, made from that of its network interface, and listens
there on its definition's container port. Its environment is exactly the definition's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any

from tests.load.service.workload import Workload
from tests.support import catalogue, deployed, traffic
from tests.support.deployed import Task
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.project import ROOT
from tests.support.standin.__main__ import EX_CONFIG
from tests.support.target import Target

_CONTRACT, _HEALTH = "ECS-02", "ECS-04"
_VCPU_UNITS = 1024
_START_SECONDS = 30.0
_ANSWER_SECONDS = 10.0
_STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Application:
    """What the stand-in pretends to be.

    `required` are the variables it cannot do without, `paths` what it serves besides `health_path`.
    """

    required: tuple[str, ...]
    paths: tuple[str, ...]
    health_path: str

    @classmethod
    def expected(cls) -> Application:
        """The application as the catalogue has it and as visitors know it."""
        requirements = catalogue.load()
        contract = requirements.requirement(_CONTRACT).expected
        return cls(
            required=(*contract["environment"], *contract["secrets"]),
            paths=tuple(page.path for page in traffic.load().pages),
            health_path=requirements.requirement(_HEALTH).expected["path"],
        )


@dataclass(frozen=True)
class Definition:
    """What a revision of the task definition makes of a task, and the size of one."""

    task: Task
    vcpus: float
    memory_mib: float

    @classmethod
    def read(cls, target: Target, arn: str, container: str) -> Definition:
        """The revision `arn`, secrets resolved. Raises Violation where ECS could not start it."""
        ecs = target.client("ecs")
        with deployed.aws_errors():
            found = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        task = deployed.task_from_definition(
            found, container, lambda reference: deployed.resolve_secret(target.session, reference)
        )
        return cls(task, float(found["cpu"]) / _VCPU_UNITS, float(found["memory"]))


@dataclass(frozen=True)
class Work:
    """What requests take, and how many percent of them are answered 500 at once."""

    workload: Workload
    failing_percent: float = 0.0

    def document(self) -> str:
        """As the stand-in is told it."""
        return json.dumps({**asdict(self.workload), "failing_percent": self.failing_percent})


@dataclass(frozen=True)
class Sample:
    """What a task was used for in the last `seconds`, which are real ones.

    `busy_seconds` of all its servers together, `present_seconds` of all its requests together,
    `memory_mib` on average, `served` answers but for those to health checks.
    """

    busy_seconds: float
    present_seconds: float
    memory_mib: float
    served: int
    seconds: float


def loopback(private: str) -> str:
    """The address on loopback of a task with that private one: 127.<n>.1.4 for 10.0.1.4.

    n is this process's, so that the tasks of several regions on one machine do not meet: in each of
    them the same tasks have the same private addresses.
    """
    *_, third, fourth = private.split(".")
    own = 1 + os.getpid() % 254
    return str(ipaddress.IPv4Address(f"127.{own}.{third}.{fourth}"))


class TaskProcess:
    """A running stand-in. It ends when this process ends, however that happens."""

    def __init__(self, arn: str, process: asyncio.subprocess.Process, told: IO[bytes]) -> None:
        self._arn = arn
        self._process = process
        self._told = told
        self._asked: deque[asyncio.Future[dict[str, Any]]] = deque()
        self._sampling: asyncio.Task[dict[str, Any]] | None = None
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls, definition: Definition, application: Application, work: Work
    ) -> TaskProcess:
        """Start the program; it does not listen yet."""
        command = [
            "-BE", "-m", "tests.support.standin", "--listen-later",
            "--vcpus", str(definition.vcpus), "--memory-mib", str(definition.memory_mib),
            "--workload", work.document(), "--health-path", application.health_path,
            "--require", *application.required, "--serve", *application.paths,
        ]  # fmt: skip
        # Complaints go to a file: a pipe that nobody reads would stop the process once it is full.
        told = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                cwd=ROOT,
                env=dict(definition.task.environment),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=told,
                start_new_session=True,  # Ctrl-C is answered by whoever started it, in order
            )
        except BaseException:
            told.close()
            raise
        return cls(definition.task.arn, process, told)

    @property
    def code(self) -> int | None:
        """How it ended: its exit code, the negative of a signal's number; None while it runs."""
        return self._process.returncode

    @property
    def process_id(self) -> int:
        """The process's id."""
        return self._process.pid

    async def listen(self, private: str, port: int, seed: int) -> None:
        """Have it serve on the address that stands for a private one, with chance of its own.

        Raises Violation when its environment lacks a variable of the contract, SuiteError where
        the address cannot be had, Invalid when it ended for another reason.
        """
        address = loopback(private)
        listen = {"address": address, "port": port, "seed": seed}
        try:
            await asyncio.wait_for(self._ask({"listen": listen}), _START_SECONDS)
        except RefusedError as refused:
            raise SuiteError(
                f"the task with the address {private} cannot listen on {address}:{port}: {refused}."
                " Free the port, or let this machine use all of 127.0.0.0/8, as Linux does"
            ) from refused
        except EndedError as ended:
            await self._process.wait()
            raise self._complaint() from ended

    async def sample(self, seconds: float = _ANSWER_SECONDS) -> Sample | None:
        """What it was used for since the last sample; None when it does not answer in time.

        What it answers later is the next sample: nothing that it did is lost.
        """
        if self._sampling is None:
            self._sampling = asyncio.create_task(self._ask({"sample": True}))
        await asyncio.wait([self._sampling], timeout=seconds)
        if not self._sampling.done():
            return None
        sampling, self._sampling = self._sampling, None
        return Sample(**sampling.result()) if sampling.exception() is None else None

    async def put_work(self, work: Work) -> None:
        """Have every request from now on take this much. One that has ended takes nothing."""
        with contextlib.suppress(EndedError, TimeoutError):
            told = self._ask({"workload": json.loads(work.document())})
            await asyncio.wait_for(told, _ANSWER_SECONDS)

    async def stop(self) -> None:
        """Close its standard input, at which it ends, by force if need be. Safe to call twice."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        await self._reader
        if self._sampling is not None:
            await asyncio.wait([self._sampling])
        self._told.close()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a command. Raises EndedError and RefusedError."""
        if self._reader.done() or self._process.stdin is None:
            raise EndedError
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            await self._process.stdin.drain()
        found = await answer
        if "error" in found:
            raise RefusedError(found["error"])
        return found

    async def _read(self) -> None:
        """Hand each answer to who asked, in turn, even if they have stopped waiting."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            answer = self._asked.popleft() if self._asked else None
            if answer is not None and not answer.done():
                answer.set_result(json.loads(line))
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(EndedError())

    def _complaint(self) -> Exception:
        self._told.seek(0)
        complaint = self._told.read().decode(errors="replace").strip()
        if self.code == EX_CONFIG:
            expected = "every variable of the environment contract, with a value"
            return Violation(where=self._arn, expected=expected, actual=complaint)
        last = complaint.splitlines()[-1] if complaint else "it said nothing"
        return Invalid(f"the stand-in ended with {self.code} before it listened: {last}")


class EndedError(Exception):
    """The process has ended."""


class RefusedError(Exception):
    """The process cannot do what it was told."""
