"""Whole runs with real Locust, a real stand-in and minutes of one second."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.selftest.load.one_task import Application, running
from tests.selftest.load.servers import certificate, serving
from tests.support.deployed import HealthCheck, Task
from tests.support.project import ROOT

# Lateness and response times are those of a machine with nothing else to do.
pytestmark = [pytest.mark.selftest, pytest.mark.alone]

LOCUSTFILE = Path(__file__).with_name("short_periods_locustfile.py")
TASK = Task("arn", 3000, HealthCheck("/api/health", 30, 5, 3, 60), {})
NOBODY = "http://127.0.0.1:9"
# What seed 1 offers at 20 requests/s in the minute that settles and in those that are judged.
OFFERED = [22, 23, 19]


def command(reports: Path, host: str, *more: str) -> list[str]:
    """Plain Locust on the short locustfile."""
    return [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless",
            "--only-summary", "--reports", str(reports), "--host", host, *more]  # fmt: skip


def locust(
    reports: Path, host: str, *more: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """A run to its end."""
    return subprocess.run(
        command(reports, host, *more),
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def document(reports: Path) -> dict[str, Any]:
    """The JSON report."""
    found: dict[str, Any] = json.loads((reports / "load.json").read_text(encoding="utf-8"))
    return found


def quiet(reports: Path) -> tuple[str, str]:
    """The outcome of LOAD-02 and what was seen."""
    found = {entry["requirement"]: entry for entry in document(reports)["tests"]}["LOAD-02"]
    return found["outcome"], found["actual"]


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[str]:
    """The host of a stand-in whose mean service time, in seconds, is the parameter."""
    with running(TASK, Application((), ("/",), "/api/health", request.param)) as started:
        yield started.host


@pytest.fixture
def deaf() -> Iterator[str]:
    """A loopback address that refuses connections: bound, so that nobody takes it, and deaf."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def redirecting() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """The host of a server that redirects, and what it has been asked."""
    with serving() as server:
        yield f"http://127.0.0.1:{server.server_port}", server.seen


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[str]:
    """The host of an HTTPS server whose certificate nobody vouches for."""
    with serving(certificate(tmp_path / "server.pem")) as server:
        yield f"https://127.0.0.1:{server.server_port}"


def test_a_host_whose_certificate_nobody_vouches_for_is_not_loaded(
    self_signed: str, tmp_path: Path
) -> None:
    run = locust(tmp_path, self_signed, SHORT_PAGE_STATUS="302")
    assert run.returncode == 3, run.stdout + run.stderr
    assert "nothing answered: 64 × SSLCertVerificationError" in quiet(tmp_path)[1]


@pytest.mark.parametrize("users", ["0", "7"])
@pytest.mark.parametrize("service", [0.01], indirect=True)
def test_a_quick_service_passes_however_many_users_locust_is_asked_for(
    service: str, users: str, tmp_path: Path
) -> None:
    run = locust(tmp_path, service, "-u", users)
    assert run.returncode == 0, run.stdout + run.stderr
    assert quiet(tmp_path)[0] == "pass"
    assert [period["offered"] for period in document(tmp_path)["figures"]["periods"]] == OFFERED


@pytest.mark.parametrize("service", [0.3], indirect=True)
def test_a_closed_loop_that_sends_less_than_it_should_is_no_pass(
    service: str, tmp_path: Path
) -> None:
    assert locust(tmp_path, service).returncode == 0
    run = locust(tmp_path, service, SHORT_FAULT="closed", CLOSED_VISITORS="1")
    assert run.returncode == 3, run.stdout + run.stderr
    assert "the offered rate was missed" in quiet(tmp_path)[1]


@pytest.mark.parametrize("service", [1.0], indirect=True)
def test_a_slow_service_fails_although_every_request_succeeds(service: str, tmp_path: Path) -> None:
    run = locust(tmp_path, service)
    assert run.returncode == 1, run.stdout + run.stderr
    outcome, actual = quiet(tmp_path)
    assert outcome == "fail"
    assert "→ ALARM at 00:03:00; offered 21.0/s, achieved 21.0/s" in actual


@pytest.mark.parametrize("service", [0.0], indirect=True)
def test_unexpected_answers_fail(service: str, tmp_path: Path) -> None:
    run = locust(tmp_path, service, SHORT_PAGE_STATUS="204")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "42 × status 200" in quiet(tmp_path)[1]


def test_a_service_without_the_page_fails(tmp_path: Path) -> None:
    with running(TASK, Application((), ("/elsewhere",), "/api/health")) as service:
        run = locust(tmp_path, service.host)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "42 × status 404" in quiet(tmp_path)[1]


def test_a_service_that_refuses_connections_fails(deaf: str, tmp_path: Path) -> None:
    run = locust(tmp_path, deaf)
    assert run.returncode == 1, run.stdout + run.stderr
    assert quiet(tmp_path)[0] == "fail"
    assert "42 of 42 requests failed" in quiet(tmp_path)[1]
    assert "42 × connection refused" in quiet(tmp_path)[1]


@pytest.mark.parametrize("service", [600.0], indirect=True)
def test_a_service_that_never_answers_is_not_a_pass(service: str, tmp_path: Path) -> None:
    run = locust(tmp_path, service)
    assert run.returncode == 3, run.stdout + run.stderr
    assert "nothing answered: 64 × timed out" in quiet(tmp_path)[1]


def test_a_redirect_is_not_followed_and_a_cookie_not_shared(
    redirecting: tuple[str, list[tuple[str, str | None]]], tmp_path: Path
) -> None:
    host, seen = redirecting
    run = locust(tmp_path, host, SHORT_PAGE_STATUS="302")
    assert run.returncode == 0, run.stdout + run.stderr
    assert seen == [("/", None)] * sum(OFFERED)


@pytest.mark.parametrize("service", [0.0], indirect=True)
def test_more_arrivals_than_the_generator_can_send_are_invalid(
    service: str, tmp_path: Path
) -> None:
    run = locust(tmp_path, service, "--rate", "20000")
    assert run.returncode == 3, run.stdout + run.stderr
    assert quiet(tmp_path)[0] == "invalid"
    assert "the generator was late" in quiet(tmp_path)[1]


def test_an_alarm_deployed_with_another_threshold_fails_by_name(tmp_path: Path) -> None:
    run = locust(tmp_path, NOBODY, SHORT_THRESHOLD="5")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "where     arn:alarm" in run.stdout
    assert quiet(tmp_path) == ("fail", "threshold_seconds 5.0")


def test_a_generator_that_breaks_before_the_run_does_not_say_that_the_service_failed(
    tmp_path: Path,
) -> None:
    run = locust(tmp_path, NOBODY, SHORT_FAULT="prepare")
    assert run.returncode == 3, run.stdout + run.stderr
    assert "ZeroDivisionError" in run.stderr


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("start", "the load generator broke: ZeroDivisionError"),
        ("send", "the load generator broke: TypeError"),
    ],
)
def test_a_generator_that_breaks_is_invalid(fault: str, reason: str, tmp_path: Path) -> None:
    run = locust(tmp_path, NOBODY, SHORT_FAULT=fault)
    assert run.returncode == 3, run.stdout + run.stderr
    assert quiet(tmp_path) == ("invalid", reason)


@pytest.mark.parametrize("service", [0.01], indirect=True)
def test_a_run_whose_report_cannot_be_written_ends_and_is_no_pass(
    service: str, tmp_path: Path
) -> None:
    run = locust(tmp_path, service, SHORT_FAULT="taken")
    assert run.returncode == 3, run.stdout + run.stderr
    assert f"error: cannot write {tmp_path}: Is a directory" in run.stderr
    assert "Traceback" not in run.stderr


STOPS = {
    "Ctrl-C": lambda run: run.send_signal(signal.SIGINT),
    "SIGTERM": lambda run: run.send_signal(signal.SIGTERM),
    "whoever-started-it-is-gone": lambda run: run.stdin.close(),
}


def test_a_run_interrupted_before_it_begins_sends_nothing_and_says_so(tmp_path: Path) -> None:
    run = locust(tmp_path, NOBODY, SHORT_FAULT="interrupt")
    assert run.returncode == 3, run.stdout + run.stderr
    assert not document(tmp_path)["complete"]
    assert quiet(tmp_path)[1].startswith("interrupted after 0 complete")


@pytest.mark.parametrize(
    ("after", "stop"),
    [
        ("requests/s on", "Ctrl-C"),
        ("requests/s on", "whoever-started-it-is-gone"),
        ("  00:00:00  sent", "Ctrl-C"),
        ("  00:00:00  sent", "SIGTERM"),
        ("  00:00:00  sent", "whoever-started-it-is-gone"),
    ],
)
@pytest.mark.parametrize("service", [0.01], indirect=True)
def test_a_run_cut_short_ends_at_once_and_says_that_it_is_partial(
    service: str, after: str, stop: str, tmp_path: Path
) -> None:
    long = command(tmp_path, service, "--run-time", "60s", "--die-with-stdin")
    with subprocess.Popen(
        long, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        assert any(after in line for line in run.stdout)
        STOPS[stop](run)
        assert run.wait(timeout=20) == 3
    assert not document(tmp_path)["complete"]
    assert quiet(tmp_path)[1].startswith("interrupted after 0 complete")


@pytest.mark.parametrize(
    ("host", "more", "told"),
    [
        ("https://admin.example.com", (), "not staging's own host"),
        (NOBODY, ("--rate", "0"), "--rate 0"),
        (NOBODY, ("--run-time", "1s"), "the alarm needs 2"),
        (NOBODY, ("--environment", "qa"), "'qa' has no traffic"),
        (NOBODY, ("--reports", f"{__file__}/reports"), "--reports"),
        (NOBODY, ("--rate", "60000"), "at most 50000"),
        (NOBODY, ("--scenario", "scale"), "set AWS_ENDPOINT_URL"),
        (NOBODY, ("--region-url", NOBODY), "no living region answers"),
        (NOBODY, ("--region-url", "http://admin.example.com:80"), "on loopback only"),
    ],
    ids=[
        "host",
        "rate",
        "run-time",
        "environment",
        "reports",
        "cap",
        "no-deployment",
        "no-region",
        "region-elsewhere",
    ],
)
def test_a_run_that_cannot_be_is_refused_before_anything_is_sent(
    host: str, more: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    run = locust(tmp_path, host, *more)
    assert run.returncode == 2
    assert "error: " in run.stderr
    assert told in run.stderr
    assert not (tmp_path / "load.json").exists()
