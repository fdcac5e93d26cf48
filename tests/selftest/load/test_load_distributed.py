"""Several generators are one: the same schedule, the same verdict, and none may be missing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.selftest.load.one_task import Application, running
from tests.selftest.load.test_load_short_run import (
    LOCUSTFILE,
    NOBODY,
    OFFERED,
    TASK,
    command,
    document,
    locust,
    quiet,
)
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

MASTER = "127.0.0.2"


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[str]:
    """The host of a stand-in whose service time, in seconds, is the parameter, 0.01 without one."""
    seconds = getattr(request, "param", 0.01)
    with running(TASK, Application((), ("/",), "/api/health", seconds)) as started:
        yield started.host


@pytest.fixture
def port() -> int:
    """A port that is free on the master's address."""
    with socket.socket() as bound:
        bound.bind((MASTER, 0))
        return int(bound.getsockname()[1])


@contextlib.contextmanager
def workers(
    port: int, *, variables: dict[str, str] | None = None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two worker hosts of a master on that port; `variables` are the second one's."""
    joined = [command(Path("-"), NOBODY)[0], "-m", "locust", "-f", str(LOCUSTFILE), "--worker",
              "--master-host", MASTER, "--master-port", str(port)]  # fmt: skip
    started = [
        subprocess.Popen(joined, cwd=ROOT, stderr=subprocess.DEVNULL, env={**os.environ, **more})
        for more in ({}, variables or {})
    ]
    try:
        yield started
    finally:
        for worker in started:
            worker.kill()
            worker.wait()


@contextlib.contextmanager
def begun(arguments: list[str], told: str) -> Iterator[subprocess.Popen[str]]:
    """Locust once it has printed a line with this; it does not outlive the test."""
    with subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        try:
            assert run.stdout is not None
            assert any(told in line for line in run.stdout)
            yield run
        finally:
            run.kill()


def master(port: int) -> tuple[str, ...]:
    """Locust's options for the master of two workers."""
    return ("--master", "--master-bind-host", MASTER, "--master-bind-port", str(port),
            "--expect-workers", "2")  # fmt: skip


def offered(reports: Path) -> list[int]:
    """How many requests were due in each minute."""
    return [period["offered"] for period in document(reports)["figures"]["periods"]]


def own_port(port: int) -> tuple[str, ...]:
    """Locust's options for two processes of its own beside other runs on this machine."""
    return ("--processes", "2", "--master-bind-port", str(port), "--master-port", str(port))


def test_two_processes_send_what_one_sends_and_pass_as_it_does(
    service: str, port: int, tmp_path: Path
) -> None:
    run = locust(tmp_path, service, *own_port(port))
    assert run.returncode == 0, run.stdout + run.stderr
    assert quiet(tmp_path)[0] == "pass"
    assert offered(tmp_path) == OFFERED


@pytest.mark.parametrize("service", [1.0], indirect=True)
def test_two_processes_fail_a_slow_service_as_one_does(
    service: str, port: int, tmp_path: Path
) -> None:
    run = locust(tmp_path, service, *own_port(port))
    assert run.returncode == 1, run.stdout + run.stderr
    assert "→ ALARM at 00:03:00; offered 21.0/s, achieved 21.0/s" in quiet(tmp_path)[1]


def test_two_worker_hosts_give_the_same_verdict_as_one(
    service: str, port: int, tmp_path: Path
) -> None:
    with workers(port) as hosts:
        run = locust(tmp_path, service, *master(port))
        assert [host.wait(timeout=20) for host in hosts] == [0, 0]
    assert run.returncode == 0, run.stdout + run.stderr
    assert (quiet(tmp_path)[0], offered(tmp_path)) == ("pass", OFFERED)


def test_a_worker_that_is_killed_makes_the_run_invalid_long_before_its_end(
    service: str, port: int, tmp_path: Path
) -> None:
    long = command(tmp_path, service, *master(port), "--run-time", "300s")
    with workers(port) as hosts, begun(long, "  00:00:01  sent") as run:
        hosts[0].kill()
        assert run.wait(timeout=60) == 3
    outcome, reason = quiet(tmp_path)
    assert outcome == "invalid"
    assert "of 2 was lost" in reason


def test_a_worker_that_is_interrupted_makes_the_run_invalid(
    service: str, port: int, tmp_path: Path
) -> None:
    long = command(tmp_path, service, *master(port), "--run-time", "300s")
    with workers(port) as hosts, begun(long, "  00:00:01  sent") as run:
        hosts[0].send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 3
    assert "broke: it was interrupted" in quiet(tmp_path)[1]


def test_a_worker_with_another_traffic_file_makes_the_run_invalid(
    service: str, port: int, tmp_path: Path
) -> None:
    with workers(port, variables={"SHORT_PAGE_STATUS": "302"}):
        run = locust(tmp_path, service, *master(port))
    assert run.returncode == 3, run.stdout + run.stderr
    assert "traffic file is not the one that the run was made of" in quiet(tmp_path)[1]


def test_workers_that_never_come_make_the_run_invalid(port: int, tmp_path: Path) -> None:
    run = locust(tmp_path, NOBODY, *master(port), "--expect-workers-max-wait", "3")
    assert run.returncode == 3, run.stdout + run.stderr
    assert quiet(tmp_path) == ("invalid", "0 of 2 workers came in 3 s")


def test_an_interrupt_while_workers_are_waited_for_ends_at_once(port: int, tmp_path: Path) -> None:
    with begun(command(tmp_path, NOBODY, *master(port)), "requests/s on") as run:
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=30) == 3
    assert not document(tmp_path)["complete"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda it: it.name)
def test_an_interrupt_ends_every_process_and_leaves_a_partial_report(
    number: signal.Signals, service: str, port: int, tmp_path: Path
) -> None:
    long = command(tmp_path, service, *own_port(port), "--run-time", "300s")
    with begun(long, "  00:00:01  sent") as run:
        children = psutil.Process(run.pid).children()
        run.send_signal(number)
        assert run.wait(timeout=30) == 3
    assert len(children) == 2
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert not document(tmp_path)["complete"]


def test_workers_do_not_outlive_a_master_that_is_killed(
    service: str, port: int, tmp_path: Path
) -> None:
    long = command(tmp_path, service, *own_port(port), "--run-time", "300s")
    with begun(long, "  00:00:00  sent") as run:
        children = psutil.Process(run.pid).children()
        run.kill()
        assert len(children) == 2
        assert psutil.wait_procs(children, timeout=20)[1] == []


def test_a_request_that_nobody_waits_for_is_not_lost_at_the_end(port: int, tmp_path: Path) -> None:
    with running(TASK, Application((), ("/",), "/api/health", 600.0)) as slow:
        run = locust(tmp_path, slow.host, *own_port(port))
    assert run.returncode == 3, run.stdout + run.stderr
    assert quiet(tmp_path)[1].startswith(f"nothing answered: {sum(OFFERED)} × timed out")
