"""Locust's own page starts a run, which ends by itself and is judged as any other."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.load import web
from tests.selftest.load.one_task import Application, running
from tests.selftest.load.test_load_short_run import (
    NOBODY,
    OFFERED,
    TASK,
    command,
    document,
    quiet,
)
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

_WAIT_SECONDS = 60


@dataclass(frozen=True)
class Page:
    """Locust with its page at `url`."""

    url: str
    process: subprocess.Popen[str]

    def ask(self, path: str, **form: str) -> str:
        """GET a path, or POST a form to it."""
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(f"{self.url}{path}", data, timeout=10) as response:
            text: str = response.read().decode()
            return text

    def until(self, path: str, *not_yet: str) -> str:
        """GET a path until it answers with something else than this."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            with contextlib.suppress(OSError):
                if (text := self.ask(path)) not in not_yet:
                    return text
            assert time.monotonic() < deadline, f"{path} did not change"
            time.sleep(0.2)

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Locust with its page and no host yet."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    with_page = [one for one in command(tmp_path, "") if one not in ("--headless", "--host", "")]
    process = subprocess.Popen(
        [*with_page, "--web-host", "127.0.0.1", "--web-port", str(port)],
        cwd=ROOT, env={**os.environ}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield Page(f"http://127.0.0.1:{port}", process)
    finally:
        process.kill()
        process.communicate()


NOT_YET = f"{web.NOT_YET}\n"


def test_the_start_button_runs_the_schedule_whatever_number_of_users_is_typed(
    page: Page, tmp_path: Path
) -> None:
    assert page.until("/").startswith("<!doctype html>")
    assert page.ask("/verdict") == NOT_YET
    with running(TASK, Application((), ("/",), "/api/health", 0.01)) as service:
        page.ask("/swarm", user_count="130", spawn_rate="7", host=service.host)
        verdict = page.until("/verdict", NOT_YET)
    assert "LOAD-02" in verdict
    assert quiet(tmp_path)[0] == "pass"
    assert [one["offered"] for one in document(tmp_path)["figures"]["periods"]] == OFFERED
    assert page.end() == 0


def test_a_second_run_from_the_page_is_judged_anew(page: Page, tmp_path: Path) -> None:
    page.until("/")
    with running(TASK, Application((), ("/",), "/api/health", 1.0)) as service:
        page.ask("/swarm", user_count="1", spawn_rate="1", host=service.host)
        first = page.until("/verdict", NOT_YET)
    assert quiet(tmp_path)[0] == "fail"
    with running(TASK, Application((), ("/",), "/api/health", 0.01)) as service:
        page.ask("/swarm", user_count="1", spawn_rate="1", host=service.host)
        page.until("/verdict", NOT_YET, first)
    assert quiet(tmp_path)[0] == "pass"
    assert page.end() == 0


def test_the_stop_button_ends_the_run_which_is_partial(page: Page, tmp_path: Path) -> None:
    page.until("/")
    with running(TASK, Application((), ("/",), "/api/health", 0.01)) as service:
        page.ask("/swarm", user_count="1", spawn_rate="1", host=service.host, run_time="300s")
        time.sleep(3)
        page.ask("/stop", now="yes")
        page.until("/verdict", NOT_YET)
    assert not document(tmp_path)["complete"]
    assert page.end() == 3


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"host": "https://admin.example.com"}, "not staging's own host"),
        (
            {"host": "https://admin.example.com", "environment": "production"},
            "not staging's own host",
        ),
        ({"host": NOBODY, "rate": "many"}, "--rate many"),
        ({"host": NOBODY, "rate": "60000"}, "at most 50000 per second"),
    ],
    ids=["host", "environment", "no-number", "cap"],
)
def test_what_the_page_may_not_ask_for_is_refused_and_said_there(
    form: dict[str, str], told: str, page: Page, tmp_path: Path
) -> None:
    page.until("/")
    page.ask("/swarm", user_count="1", spawn_rate="1", **form)
    assert told in page.until("/verdict", NOT_YET)
    assert not (tmp_path / "load.json").exists()
    assert page.end() == 3
