"""A run keeps to a living region's clock, and asks nothing of what is none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.load.hosts import RefusedError, UsageError
from tests.load.living.clock import Clock
from tests.load.service import region_client
from tests.load.service.workload import Workload

pytestmark = pytest.mark.selftest

WORK = Workload(0.08, 1024)
TOLD: dict[str, Any] = {
    "environment": "staging",
    "host": "http://127.0.0.1:3000",
    "clock": {"scale": 20, "real_origin": 5, "region_origin": 60},
    "start_up_seconds": 90,
    "workload": {**asdict(WORK), "failing_percent": 0},
}


class Answering(BaseHTTPRequestHandler):
    """Answers the server's `answer`, and keeps what it is given."""

    server: Any

    def do_GET(self) -> None:
        """Answer."""
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        """Keep the body, and answer."""
        length = int(self.headers["Content-Length"])
        self.server.given.append((self.path, json.loads(self.rfile.read(length))))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A server on loopback that answers the parameter, a status and a body."""
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    made.answer, made.given = getattr(request, "param", (200, json.dumps(TOLD).encode())), []
    made.url = f"http://127.0.0.1:{made.server_port}"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_a_region_tells_its_clock_its_host_and_what_a_request_takes(server: Any) -> None:
    living = region_client.read(f"{server.url}/")
    assert (living.url, living.environment, living.host) == (
        server.url,
        "staging",
        "http://127.0.0.1:3000",
    )
    assert (living.clock, living.workload) == (Clock(20, 5, 60), WORK)
    assert living.start_up_seconds == 90


def test_a_region_is_told_what_a_request_takes(server: Any) -> None:
    region_client.put_workload(server.url, WORK)
    assert server.given == [("/workload", asdict(WORK))]


@pytest.mark.parametrize(
    "server",
    [
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, json.dumps({**TOLD, "clock": {"scale": 0}}).encode()),
        (200, json.dumps({**TOLD, "workload": {"cpu_seconds": "much"}}).encode()),
        (404, b""),
        (500, b""),
    ],
    indirect=True,
    ids=["no-json", "no-object", "empty", "clock", "workload", "not-found", "broken"],
)
def test_what_answers_something_else_is_no_region(server: Any) -> None:
    with pytest.raises(UsageError, match="region"):
        region_client.read(server.url)


@pytest.mark.parametrize("server", [(400, b"")], indirect=True)
def test_a_region_that_takes_no_workload_is_one_error(server: Any) -> None:
    with pytest.raises(UsageError, match="answers 400"):
        region_client.put_workload(server.url, WORK)


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1", "http://[::1", "http://h:x"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="give http://127"):
        region_client.read(url)


def test_a_region_elsewhere_is_refused() -> None:
    with pytest.raises(RefusedError, match="on loopback only"):
        region_client.read("http://10.0.0.1:80")
