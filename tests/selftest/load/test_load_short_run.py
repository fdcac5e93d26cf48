"""Whole runs with real Locust, a real stand-in and periods of one second."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.load.deployed import HealthCheck, Task
from tests.load.service import Application, running

pytestmark = pytest.mark.selftest

ROOT = Path(__file__).resolve().parents[3]
LOCUSTFILE = Path(__file__).with_name("short_periods_locustfile.py")


def locust(
    reports: Path, host: str, *more: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Plain Locust on the short locustfile."""
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless"]
    command += ["--only-summary", "--reports", str(reports), "--host", host, *more]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def result(reports: Path, requirement: str) -> dict[str, Any]:
    """The result that the run reported for a requirement."""
    results = json.loads((reports / "load.json").read_text(encoding="utf-8"))["tests"]
    found: dict[str, Any] = {entry["requirement"]: entry for entry in results}[requirement]
    return found


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[str]:
    """The host of a stand-in whose mean service time, in seconds, is the parameter."""
    task = Task("arn", 3000, HealthCheck("/api/health", 30, 5, 3, 60), {})
    with running(task, Application((), ("/",), "/api/health", request.param)) as started:
        yield started.host


@pytest.fixture
def nobody() -> Iterator[str]:
    """A loopback address that refuses connections: bound, so that nobody takes it, and deaf."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{deaf.getsockname()[1]}"


@pytest.mark.parametrize("service", [0.01], indirect=True)
def test_a_quick_service_passes(service: str, tmp_path: Path) -> None:
    run = locust(tmp_path, service, "-u", "7")
    assert run.returncode == 0, run.stdout + run.stderr
    assert result(tmp_path, "LOAD-02")["outcome"] == "pass"


@pytest.mark.parametrize("service", [1.5], indirect=True)
def test_a_slow_service_fails_although_every_request_succeeds(service: str, tmp_path: Path) -> None:
    run = locust(tmp_path, service)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "→ ALARM at 00:00:02; offered 20.0/s" in result(tmp_path, "LOAD-02")["actual"]


@pytest.mark.parametrize("service", [0.0], indirect=True)
def test_unexpected_answers_fail(service: str, tmp_path: Path) -> None:
    run = locust(tmp_path, service, SHORT_PAGE_STATUS="204")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "40 × status 200" in result(tmp_path, "LOAD-02")["actual"]


def test_refused_connections_are_not_a_pass(nobody: str, tmp_path: Path) -> None:
    run = locust(tmp_path, nobody)
    assert run.returncode == 3, run.stdout + run.stderr
    assert "× connection refused" in result(tmp_path, "LOAD-02")["actual"]


@pytest.mark.parametrize(
    ("host", "more", "told"),
    [
        ("https://admin.example.com", (), "not staging's own host"),
        ("http://127.0.0.1:9", ("--rate", "0"), "--rate 0"),
        ("http://127.0.0.1:9", ("--run-time", "1s"), "the alarm needs 2"),
        ("http://127.0.0.1:9", ("--environment", "qa"), "'qa' has no traffic"),
    ],
    ids=["host", "rate", "run-time", "environment"],
)
def test_a_run_that_cannot_be_is_refused_before_anything_is_sent(
    host: str, more: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    run = locust(tmp_path, host, *more)
    assert run.returncode == 2
    assert "error: " in run.stderr
    assert told in run.stderr
    assert not (tmp_path / "load.json").exists()
