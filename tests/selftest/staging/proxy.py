"""A server before the emulator, which notes what it is asked and answers with faults at will."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.emulator import wire
from tests.support.emulator.wire import Answer, Environ, Target

_FORWARD_SECONDS = 60


@dataclass(frozen=True)
class Exchange:
    """A request, and the way to the emulator's honest answer to it or to another one."""

    target: Target
    environ: Environ
    forward: Callable[[Environ], Answer]

    def honest(self) -> Answer:
        """The emulator's answer."""
        return self.forward(self.environ)

    def hang_up(self) -> Answer:
        """Close the connection without an answer."""
        self.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return 200, [], b""


Fault = Callable[[Exchange], Answer]


class Proxy:
    """Answers on a free port of the loopback interface as `fault` says. A context manager.

    `asked` holds service, operation and region of what boto3 has asked, refused or not; the
    services are botocore's. Whatever comes before the last question of those that enter an account
    is answered honestly, unless `from_the_start`.
    """

    def __init__(self, endpoint_url: str) -> None:
        place = urlsplit(endpoint_url)
        self._host, self._port = str(place.hostname), int(place.port or 80)
        self._lock = threading.Lock()
        self._entered = False
        self.asked: list[tuple[str, str, str]] = []
        self.fault: Fault = Exchange.honest
        self._server = make_server(
            "127.0.0.1", 0, self._serve, threaded=True, request_handler=_Quiet
        )

    @property
    def endpoint_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def begin(self, fault: Fault, from_the_start: bool = False) -> None:
        """Forget what was asked, and answer so from now on."""
        with self._lock:
            self.asked, self.fault, self._entered = [], fault, from_the_start

    def _serve(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
        target = wire.identify(environ)
        exchange = Exchange(target, environ, self._forward)
        with self._lock:
            if environ.get("HTTP_USER_AGENT", "").startswith("Boto"):
                asked = (target.service, str(target.operation), target.region)
                self.asked.append(asked)
            fault = self.fault if self._entered else Exchange.honest
            self._entered |= target.operation == "DescribeVpcs"
        status, headers, body = fault(exchange)
        kept = [one for one in headers if one[0].lower() not in ("content-length", "connection")]
        start_response(f"{status} Answer", [*kept, ("Content-Length", str(len(body)))])
        return [body]

    def _forward(self, environ: Environ) -> Answer:
        path = environ["REQUEST_URI"].partition("?")[0]
        query = environ.get("QUERY_STRING")
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_FORWARD_SECONDS)
        try:
            connection.request(
                environ["REQUEST_METHOD"],
                f"{path}?{query}" if query else path,
                wire.body_of(environ),
                headers,
            )
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def __enter__(self) -> Proxy:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """Nothing is written of a request."""
