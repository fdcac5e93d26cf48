"""One task without a region: the stand-in, started from a task definition on a free port.

Port mapping: the container listens on its containerPort in a network of its own. Here that port
may be taken, so the stand-in listens on a free loopback port instead, as with
`docker run -p 127.0.0.1:<free>:<containerPort>`. The mapping lives outside the container: its
environment stays exactly the task definition's.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from tests.support.deployed import Task
from tests.support.outcomes import Invalid, Violation
from tests.support.project import ROOT
from tests.support.standin.__main__ import EX_CONFIG

_START_SECONDS = 20
_STOP_SECONDS = 5
_POLL_SECONDS = 0.2
_UNHEALTHY_STATUS = 400  # curl -f


@dataclass
class Service:
    """A running stand-in; `served` is filled in once it has stopped."""

    host: str
    probes: int = 0
    served: int | None = None


@dataclass(frozen=True)
class Application:
    """What the stand-in pretends to be.

    `required` are the variables it cannot do without, `paths` what it serves besides
    `health_path`, `service_seconds` the time it takes.
    """

    required: tuple[str, ...]
    paths: tuple[str, ...]
    health_path: str
    service_seconds: float = 0.0


@contextlib.contextmanager
def running(task: Task, application: Application) -> Iterator[Service]:
    """The task as a healthy process on loopback, stopped on leaving.

    Raises Violation when it does not start or does not become healthy within the task
    definition's own grace.
    """
    command = [sys.executable, "-BE", "-m", "tests.support.standin",
               "--workload", json.dumps({"other_seconds": application.service_seconds}),
               "--health-path", application.health_path,
               "--require", *application.required, "--serve", *application.paths]  # fmt: skip
    # Complaints go to a file: a pipe that nobody reads would stop the process once it is full.
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(task.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            start_new_session=True,  # Ctrl-C is answered by whoever started it, in order
        )
        try:
            service = Service(host=f"http://127.0.0.1:{_port(process, task, complaints)}")
            _await_healthy(process, service, task)
            yield service
            service.served = _stop(process)
        finally:
            process.kill()
            process.communicate()


def _port(process: subprocess.Popen[str], task: Task, complaints: IO[bytes]) -> int:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    line = process.stdout.readline() if ready else ""
    if line:
        return int(json.loads(line)["port"])
    if ready:
        # It is ending by itself; its exit code says why.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    process.kill()
    process.wait()
    complaints.seek(0)
    complaint = complaints.read().decode(errors="replace")
    if process.returncode == EX_CONFIG:
        raise Violation(
            where=task.arn,
            expected="every variable of the environment contract, with a value",
            actual=complaint.strip(),
        )
    raise Invalid(f"the stand-in did not start: {complaint.strip() or 'no answer'}")


def _await_healthy(process: subprocess.Popen[str], service: Service, task: Task) -> None:
    """Ask as the health check does; the first healthy answer makes the container healthy."""
    check = task.health_check
    deadline = time.monotonic() + check.grace_seconds
    while True:
        service.probes += 1
        seen = _probe(service.host, check.path, check.timeout_seconds)
        if isinstance(seen, int) and seen < _UNHEALTHY_STATUS:
            return
        # A definite answer from a process without dependencies does not change by waiting, nor
        # does the silence of one that is gone.
        gone = process.poll() is not None
        if isinstance(seen, int) or gone or time.monotonic() > deadline:
            raise Violation(
                where=task.arn,
                expected=f"GET {check.path} answers below {_UNHEALTHY_STATUS}",
                actual=f"it answers {seen}",
            )
        time.sleep(_POLL_SECONDS)


def _probe(host: str, path: str, timeout_seconds: float) -> int | str:
    connection = http.client.HTTPConnection(host.removeprefix("http://"), timeout=timeout_seconds)
    try:
        connection.request("GET", path, headers={"Connection": "close", "User-Agent": "curl/8"})
        return connection.getresponse().status
    except OSError as error:
        return type(error).__name__
    finally:
        connection.close()


def _stop(process: subprocess.Popen[str]) -> int | None:
    """Close its standard input; the requests it counted, None if it died before."""
    try:
        output, _ = process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    lines = output.splitlines()
    return int(json.loads(lines[-1])["served"]) if lines else None
