"""The emulator in the background: up, down and status, and what can come between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.selftest.documented import given
from tests.selftest.emulator.test_process import SECONDS, accepts, refuses_soon
from tests.support.emulator import Emulator
from tests.support.emulator.server import HOST
from tests.support.project import ROOT

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

# The command with its state in a directory of the test's, and with nothing deployed unless told so.
COMMAND = """
import contextlib, pathlib, sys, time, types
from tests.support import standing_emulator
from tests.support.emulator.__main__ import main

@contextlib.contextmanager
def nothing(*_, progress, **__):
    progress("deploying")
    time.sleep(seconds)
    yield types.SimpleNamespace(resource_count=7)

directory, seconds = pathlib.Path(sys.argv.pop(1)), float(sys.argv.pop(1))
standing_emulator.STATE = directory / "emulator.json"
standing_emulator.LOG = directory / "emulator.log"
if seconds >= 0:
    standing_emulator.deploy = nothing
sys.exit(main())
"""
# The first to deploy this stack really applies it; whoever comes later plays the recording.
DEPLOYED_SECONDS = 600
GIVEN = {
    "up": given('eval "$(python -m tests.support.emulator up)"')[2:],
    "status": given("python -m tests.support.emulator status")[2:],
    "down": given("python -m tests.support.emulator down")[2:],
}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(directory: Path, *arguments: str, seconds: float = 0) -> list[str]:
    """The command's words; deploying takes `seconds`, or is real when they are negative."""
    asked = GIVEN.get(arguments[0], arguments[:1])
    return [sys.executable, "-c", COMMAND, str(directory), str(seconds), *asked, *arguments[1:]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run the command; whatever it started is ended after the test."""

    def run_it(*arguments: str, seconds: float = 0) -> subprocess.CompletedProcess[str]:
        words = command(tmp_path, *arguments, seconds=seconds)
        return subprocess.run(
            words, cwd=ROOT, capture_output=True, text=True, timeout=DEPLOYED_SECONDS, check=False
        )

    yield run_it
    run_it("down")


def state(directory: Path) -> dict[str, Any]:
    """The state file."""
    found: dict[str, Any] = json.loads((directory / "emulator.json").read_text(encoding="utf-8"))
    return found


def port_of(directory: Path) -> int:
    """The port of the emulator that is up."""
    return int(state(directory)["endpoint"].rpartition(":")[2])


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The last line on standard error."""
    return done.stderr.splitlines()[-1]


def test_variables_lead_to_the_deployed_stack(run: Run) -> None:
    done = run("up", "--environment", "staging", seconds=-1)
    assert done.returncode == 0, done.stderr
    script = f"export AWS_PROFILE=other\n{done.stdout}\nenv -0"
    listed = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    variables = dict(pair.split("=", 1) for pair in listed.stdout.split("\0") if pair)
    assert "AWS_PROFILE" not in variables
    session = boto3.Session(
        variables["AWS_ACCESS_KEY_ID"],
        variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_REGION"],
    )
    ecs = session.client("ecs", endpoint_url=variables["AWS_ENDPOINT_URL"])
    assert [arn.rpartition("/")[2] for arn in ecs.list_clusters()["clusterArns"]] == [
        "mantisnxt-staging"
    ]


def test_up_twice_is_up_once(run: Run, tmp_path: Path) -> None:
    first = run("up")
    before = state(tmp_path)
    again = run("up")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert said(again).startswith("already up: the emulator at http://127.0.0.1:")
    assert state(tmp_path) == before


def test_another_environment_is_refused_while_one_is_up(run: Run) -> None:
    run("up")
    other = run("up", "--environment", "develop")
    assert other.returncode == 1
    assert other.stdout == ""
    assert "is up; end it with `down` first" in said(other)


def test_status_tells_where_what_and_since_when(run: Run, tmp_path: Path) -> None:
    run("up")
    lines = dict(line.split(maxsplit=1) for line in run("status").stdout.splitlines())
    known = {key: state(tmp_path)[key] for key in ("endpoint", "environment", "stack", "since")}
    assert lines == {**known, "resources": "7"}


def test_down_leaves_nothing(run: Run, tmp_path: Path) -> None:
    run("up")
    port = port_of(tmp_path)
    done = run("down")
    assert (done.returncode, accepts(port)) == (0, False)
    assert said(run("down")) == "the emulator is not up"
    assert (run("status").returncode, run("status").stdout) == (1, "not up\n")


def test_emulator_that_died_is_noticed_and_started_anew(run: Run, tmp_path: Path) -> None:
    run("up")
    os.kill(state(tmp_path)["process"], signal.SIGKILL)
    assert refuses_soon(port_of(tmp_path))
    done = run("up")
    assert done.returncode == 0
    assert "has ended by itself" in done.stderr
    assert accepts(port_of(tmp_path))


@pytest.mark.parametrize("process", [1, os.getpid()], ids=["of another user", "of another program"])
def test_process_id_of_another_program_is_left_alone(
    process: int, run: Run, tmp_path: Path
) -> None:
    with Emulator("222233334444") as other:
        document = {"process": process, "endpoint": other.endpoint_url, "environment": "staging",
                    "stack": "x", "since": "x", "settings": {}, "resources": 7}  # fmt: skip
        (tmp_path / "emulator.json").write_text(json.dumps(document), encoding="utf-8")
        assert run("status").returncode == 1
        (tmp_path / "emulator.json").write_text(json.dumps(document), encoding="utf-8")
        assert said(run("down")) == "the emulator is not up"
        other.check_alive()


def test_unreadable_state_is_discarded(run: Run, tmp_path: Path) -> None:
    (tmp_path / "emulator.json").write_text('{"process": ', encoding="utf-8")
    done = run("status")
    assert (done.returncode, said(done)) == (1, "emulator.json is unreadable and is discarded")


def test_state_that_cannot_be_kept_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    words = command(tmp_path / "file", "up")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "file/emulator.lock: " in done.stderr


def test_taken_port_is_one_line(run: Run, taken_port: int) -> None:
    done = run("up", "--port", str(taken_port))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"cannot listen on {HOST}:{taken_port}" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupted_up_leaves_nothing(number: signal.Signals, run: Run, tmp_path: Path) -> None:
    words = command(tmp_path, "up", seconds=SECONDS)
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as one:
        assert one.stderr is not None
        assert one.stderr.readline() == "deploying\n"
        port = port_of(tmp_path)
        assert run("status").stdout.endswith("resources    being deployed\n")
        assert said(run("up")) == "error: another `up` is under way; wait for it"
        one.send_signal(number)
        assert one.wait(SECONDS) != 0
        assert "Traceback" not in one.stderr.read()
    assert not accepts(port)
    assert run("status").stdout == "not up\n"


def test_killed_up_is_cleared_by_the_next(run: Run, tmp_path: Path) -> None:
    words = command(tmp_path, "up", seconds=SECONDS)
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as one:
        assert one.stderr is not None
        assert one.stderr.readline() == "deploying\n"
        port = port_of(tmp_path)
        one.kill()
    done = run("up")
    assert (done.returncode, accepts(port)) == (0, False)
    assert "was left half-way and is ended" in done.stderr
    assert state(tmp_path)["resources"] == 7
