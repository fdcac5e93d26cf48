"""The command that lets an environment live: what it starts, tells and takes, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3
import pytest

from tests.load.service import region_client
from tests.load.service.workload import Workload
from tests.selftest.breaking import STACK
from tests.selftest.documented import given
from tests.support.project import ROOT

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

# A first deployment takes minutes.
READY_SECONDS, END_SECONDS = 400, 60
QUICK = ("--time-scale", "60", "--start-up-seconds", "10")
ERROR = "error: "
DIED = f"{ERROR}the AWS emulator died with exit code -9"


class Command:
    """The command as a process of its own, and the processes that it has started."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                *given("python -m tests.load.living"),
                "--stack",
                str(STACK),
                *QUICK,
                *options,
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.line, self.children = "", list[int]()

    def ready(self) -> Command:
        """Wait for the line that says so."""
        self.line = self._first_line(self.process.stdout)
        assert self.line, self.ended()
        self.children = children(self.process.pid)
        return self

    def starting(self) -> Command:
        """Wait until something is started."""
        self._first_line(self.process.stderr)
        self.children = children(self.process.pid)
        return self

    def _first_line(self, stream: Any) -> str:
        readable, _, _ = select.select([stream], [], [], READY_SECONDS)
        assert readable, "it said nothing in time"
        return str(stream.readline().decode())

    @property
    def told(self) -> dict[str, Any]:
        """The line as JSON."""
        found: dict[str, Any] = json.loads(self.line)
        return found

    def ended(self) -> tuple[int, str]:
        """Its exit code and what it complained of, once it has ended."""
        _, said = self.process.communicate(timeout=END_SECONDS)
        return self.process.returncode, said.decode()


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(number) for task in tasks for number in task.read_text().split()]


def all_gone(processes: list[int]) -> bool:
    """Whether none of the processes runs any more, soon."""
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        if not any(_runs(one) for one in processes):
            return True
        time.sleep(0.1)
    return False


def _runs(process: int) -> bool:
    with contextlib.suppress(OSError):
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    return False


@pytest.fixture
def command() -> Iterator[Callable[..., Command]]:
    """Start the command with some options; it is gone after the test."""
    made: list[Command] = []

    def start(*options: str) -> Command:
        made.append(Command(*options))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()
        one.process.communicate()


# --- What lives -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def living() -> Iterator[dict[str, Any]]:
    """What the command has told of an environment that lives; it ends with standard input."""
    started = Command("--json", "--die-with-stdin", "--begin", "10:30", "--service-time", "0.01")
    try:
        yield started.ready().told
    finally:
        started.process.communicate(timeout=END_SECONDS)


@pytest.fixture
def aws(living: dict[str, Any]) -> Callable[[str], Any]:
    """A client of a service, by what the command has told."""
    settings = living["aws"]
    session = boto3.Session(
        settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"],
        region_name=settings["AWS_REGION"],
    )  # fmt: skip
    return lambda service: session.client(service, endpoint_url=settings["AWS_ENDPOINT_URL"])


def get(url: str, path: str) -> tuple[int, str]:
    """The status of a request, and where it is sent on to."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Host": "admin.staging.mantisnxt.com"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", "")


def put(url: str, body: object) -> None:
    """PUT as JSON."""
    urlopen(Request(url, json.dumps(body).encode(), method="PUT"), timeout=10)


def test_listeners_answer_as_they_are_deployed(living: dict[str, Any]) -> None:
    assert living["host"] == living["listeners"]["443"]
    assert get(living["host"], "/dashboard") == (200, "")
    status, location = get(living["listeners"]["80"], "/dashboard")
    assert (status, location) == (301, "https://admin.staging.mantisnxt.com:443/dashboard")


def test_service_is_at_rest_with_as_many_tasks_as_it_wants(
    living: dict[str, Any], aws: Callable[[str], Any]
) -> None:
    name = "mantisnxt-staging"
    (service,) = aws("ecs").describe_services(cluster=name, services=[f"{name}-app"])["services"]
    assert service["runningCount"] == service["desiredCount"] == living["tasks"]
    assert [one["rolloutState"] for one in service["deployments"]] == ["COMPLETED"]


def test_load_run_reads_the_region(living: dict[str, Any]) -> None:
    found = region_client.read(living["url"])
    assert (found.environment, found.host) == ("staging", living["host"])
    assert (found.clock.scale, found.start_up_seconds) == (60, 10)
    assert found.workload.service_seconds == 0.01


def test_region_begins_when_it_is_told_to(aws: Callable[[str], Any]) -> None:
    items = aws("cloudwatch").describe_alarm_history(HistoryItemType="StateUpdate")
    first = min(one["Timestamp"] for one in items["AlarmHistoryItems"])
    assert (first.hour, first.minute) >= (10, 30)
    assert first.hour < 11


def test_workload_can_be_changed_under_way(living: dict[str, Any]) -> None:
    before = region_client.read(living["url"]).workload
    changed = Workload(before.cpu_seconds, before.idle_memory_mib, other_seconds=0.02)
    region_client.put_workload(living["url"], changed)
    assert region_client.read(living["url"]).workload == changed
    region_client.put_workload(living["url"], before)


def test_connections_are_refused_while_it_is_told_to(living: dict[str, Any]) -> None:
    put(f"{living['url']}/faults", {"refuse": True})
    with pytest.raises(URLError, match="refused"):
        urlopen(living["host"], timeout=10)
    put(f"{living['url']}/faults", {"refuse": False})
    assert get(living["host"], "/")[0] == 200


# --- How it ends ------------------------------------------------------------------------------


def close_standard_input(started: Command) -> None:
    """As whoever started it does by ending."""
    assert started.process.stdin is not None
    started.process.stdin.close()
    started.process.stdin = None


def interrupt(started: Command) -> None:
    """Ctrl-C."""
    started.process.send_signal(signal.SIGINT)


def kill(started: Command) -> None:
    """Give it no chance to do anything."""
    started.process.kill()


def kill_emulator(started: Command) -> None:
    """End the emulator under it: its first child."""
    os.kill(started.children[0], signal.SIGKILL)


ENDINGS = [
    pytest.param(close_standard_input, ["--die-with-stdin"], 0, id="standard input closes"),
    pytest.param(interrupt, [], 0, id="Ctrl-C"),
    pytest.param(kill, [], -signal.SIGKILL, id="killed"),
    pytest.param(kill_emulator, [], 1, id="emulator killed"),
]


@pytest.mark.parametrize(("end", "options", "code"), ENDINGS)
def test_nothing_is_left_running(
    end: Callable[[Command], None],
    options: list[str],
    code: int,
    command: Callable[..., Command],
) -> None:
    started = command(*options).ready()
    assert started.line.startswith("ready: env ")
    assert " AWS_ENDPOINT_URL=http://127.0.0.1:" in started.line
    assert len(started.children) > 1
    end(started)
    found, said = started.ended()
    assert all_gone(started.children)
    assert (found, "Traceback" in said) == (code, False)
    errors = [line for line in said.splitlines() if line.startswith(ERROR)]
    assert [line[: len(DIED)] for line in errors] == [DIED] * (code == 1)


def test_start_can_be_interrupted(command: Callable[..., Command]) -> None:
    started = command().starting()
    interrupt(started)
    code, said = started.ended()
    assert all_gone(started.children)
    assert (code, "Traceback" in said) == (0, False)


# --- Bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--time-scale", "0.5"], 2, "0.5: give a number, 1 to 60"),
        (["--time-scale", "61"], 2, "61: give a number, 1 to 60"),
        (["--time-scale", "fast"], 2, "fast: give a number"),
        (["--begin", "25:00"], 2, "25:00: give a time as HH:MM"),
        (["--environment", "prod"], 2, "invalid choice: 'prod'"),
        (["--port", "70000"], 2, "70000: a port is a number"),
        (["--service-time", "0"], 2, "0: give a number, 0.001 or more"),
        (["--start-up-seconds", "nan"], 2, "nan: give a number"),
        (["--cpu-time", "1"], 1, "--cpu-time 1 is more than a request takes, 0.08 s"),
        (["--stack", "nowhere"], 1, "nowhere"),
    ],
    ids=["slow motion", "too fast", "no number", "no time", "no environment", "no port", "no work",
         "NaN", "CPU", "no stack"],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(
    options: list[str], code: int, reason: str, command: Callable[..., Command]
) -> None:
    found, said = command(*options).ended()
    complaints = [line for line in said.splitlines() if ERROR in line]
    assert (found, len(complaints)) == (code, 1)
    assert reason in complaints[0]
    assert "Traceback" not in said
