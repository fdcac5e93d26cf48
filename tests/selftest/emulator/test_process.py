"""The emulator's process: one clear line on bad input, and no process left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.selftest.emulator.conftest import ACCOUNT
from tests.support.emulator import Emulator
from tests.support.emulator.server import HOST
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

SERVE = [sys.executable, "-m", "tests.support.emulator", "serve"]
SECONDS = 30
# Starts an emulator, prints its process id and waits to be killed.
PARENT = f"""
import time
from tests.support.emulator import Emulator
emulator = Emulator({ACCOUNT!r}).start()
print(emulator.port, flush=True)
time.sleep({SECONDS})
"""


@pytest.fixture
def own_emulator() -> Iterator[Emulator]:
    with Emulator(ACCOUNT) as running:
        yield running


def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SERVE, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def accepts(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((HOST, port)) == 0


def refuses_soon(port: int) -> bool:
    deadline = time.monotonic() + SECONDS
    while accepts(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not accepts(port)


def test_taken_port_is_one_line_and_exit_code_1(taken_port: int) -> None:
    done = serve("--port", str(taken_port), "--account", ACCOUNT)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot listen on {HOST}:{taken_port}: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--account", "12345"], "12345: an account id has 12 digits"),
        (["--account", ACCOUNT, "--port", "70000"], "70000: a port is a number from 0 to 65535"),
        (["--account", ACCOUNT, "--port", "http"], "http: a port is a number from 0 to 65535"),
    ],
    ids=["account", "port too large", "port no number"],
)
def test_wrong_usage_is_refused_by_name(arguments: list[str], message: str) -> None:
    done = serve(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_taken_port_is_one_error_for_the_run(taken_port: int) -> None:
    with pytest.raises(SuiteError, match=f"cannot listen on {HOST}:{taken_port}") as raised:
        Emulator(ACCOUNT, port=taken_port).start()
    assert "\n" not in str(raised.value)


def test_server_that_died_is_noticed(own_emulator: Emulator) -> None:
    server = own_emulator.process_id
    os.kill(server, signal.SIGKILL)
    assert refuses_soon(own_emulator.port)
    with pytest.raises(SuiteError, match="died"):
        own_emulator.check_alive()


def test_server_that_cannot_start_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    with pytest.raises(SuiteError, match="did not start; the end of its log"):
        Emulator(ACCOUNT).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_signal_ends_the_server_in_order(number: signal.Signals) -> None:
    command = [*SERVE, "--port", "0", "--account", ACCOUNT]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        assert one.stdout is not None
        assert one.stderr is not None
        assert one.stdout.readline().startswith(b"ready on port ")
        one.send_signal(number)
        assert one.wait(SECONDS) == 0
        assert b"Traceback" not in one.stderr.read()


def test_server_ends_with_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT]
    # A killed parent cannot remove the log.
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert accepts(port)
        parent.kill()
        parent.wait()
    assert refuses_soon(port)


def test_stopped_server_is_gone(own_emulator: Emulator) -> None:
    assert accepts(own_emulator.port)
    own_emulator.stop()
    assert not accepts(own_emulator.port)
