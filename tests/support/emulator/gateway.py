"""The WSGI application in front of moto: gap handlers, immediate errors, one request at a time.

Requests are served one after another. moto is plain Python without locks of its own, so nothing is
lost, and its random identifiers become a function of the order of the requests.
"""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from tests.support.emulator import buckets, wire
from tests.support.emulator.clock import RegionClock
from tests.support.emulator.recording import BrokenRecordingError, Recorder, play
from tests.support.emulator.registry import (
    COMMANDS,
    HANDLERS,
    AwsError,
    Call,
    Document,
    Forwarded,
    Handler,
    State,
)
from tests.support.emulator.server import CONTROL, WITHOUT_GAP
from tests.support.emulator.wire import Answer, Environ, Target

log = logging.getLogger("emulator")

UNSUPPORTED = "UnsupportedOperation"
INTERNAL = "EmulatorFailure"
_WITHOUT_GAP = "HTTP_" + WITHOUT_GAP.upper().replace("-", "_")


class Gateway:
    """Serves AWS requests from gap handlers where there are some, and from moto otherwise.

    An operation that neither implements, and an exception in either, is answered at once with
    HTTP 400: the Terraform provider retries a 500 for many minutes.
    """

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._state = State()
        self._lock = threading.Lock()
        self._recorder: Recorder | None = None
        self._clock = RegionClock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request, as WSGI asks for it."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        stream = environ["wsgi.input"]
        chunked = environ.get("wsgi.input_terminated")
        body = stream.read() if chunked else stream.read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        with self._lock:
            status, headers, content = self._served(environ)
        kept = [pair for pair in headers if pair[0].lower() not in ("content-length", "connection")]
        if environ["REQUEST_METHOD"] == "HEAD":
            kept = headers
        else:
            kept.append(("Content-Length", str(len(content))))
        start_response(f"{status} {'OK' if status < 400 else 'Error'}", kept)
        return [content]

    def _served(self, environ: Environ) -> Answer:
        """The answer to a buffered request, or to a call of the emulator's own."""
        command = environ.get("PATH_INFO", "").removeprefix(CONTROL)
        if command != environ.get("PATH_INFO", ""):
            return self._controlled(command, environ)
        with self._clock.shown():
            if self._recorder is not None:
                return self._recorder.serve(environ, self._logged)
            return self._logged(environ)

    def _controlled(self, command: str, environ: Environ) -> Answer:
        """Record, save or play a deployment; 409 says why a recording does not play.

        `process` answers with the server's process id, by which it is told from another program.
        `clock` sets the region's. Other commands are the gaps' own; 400 says why one is refused.
        """
        asked = {key: found[0] for key, found in parse_qs(environ.get("QUERY_STRING", "")).items()}
        path = Path(asked.get("path", ""))
        said = ""
        match command:
            case "clock":
                try:
                    self._clock = RegionClock.from_query(asked)
                except ValueError as error:
                    return _plain(400, str(error))
            case "record":
                self._recorder = Recorder()
            case "save" if self._recorder is not None:
                try:
                    self._recorder.save(path)
                except OSError as error:
                    return _plain(507, str(error.strerror))
                self._recorder = None
            case "play":
                try:
                    said = str(play(path, self._logged))
                except BrokenRecordingError as error:
                    return _plain(409, str(error))
            case "process":
                said = str(os.getpid())
            case _ if command in COMMANDS:
                return self._told(command, asked.get("region", "us-east-1"), environ)
            case _:
                return _plain(404, "no such command")
        return _plain(200, said)

    def _told(self, command: str, region: str, environ: Environ) -> Answer:
        """What a gap is told of happens by the region's clock."""
        try:
            with self._clock.shown():
                COMMANDS[command](self._state, region, json.loads(wire.body_of(environ)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _plain(400, f"{command}: {type(error).__name__}: {error}")
        return _plain(200, "")

    def _logged(self, environ: Environ) -> Answer:
        """The answer to a buffered request, noted by operation; never with what was asked."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("/moto-api"):
            if path == "/moto-api/reset":
                self._state.clear()
                self._clock = RegionClock()
            return self._call_moto(environ)
        target = wire.identify(environ)
        answer = self._answer(target, environ)
        code = wire.error_code(answer)
        log.info("%s %s -> %s %s", target.region, target.name, answer[0], code)
        return answer

    def _answer(self, target: Target, environ: Environ) -> Answer:
        try:
            if _handlers(target, environ):
                return wire.serialize_result(target, environ, self._handle(target, environ))
            return self._checked(target, environ)
        except Forwarded as forwarded:
            return forwarded.status, forwarded.headers, forwarded.body
        except AwsError as error:
            return wire.serialize_error(target, error.code, error.message, error.status)
        except Exception as problem:
            log.exception("%s failed", target.name)
            message = f"{target.name} failed in the emulator: {problem!r}; see the server's log"
            return wire.serialize_error(target, INTERNAL, message, 400)

    def _handle(self, target: Target, environ: Environ, depth: int = 0) -> Document:
        """The answer of the handler chain, `depth` layers below its outermost handler."""
        handlers = _handlers(target, environ)
        if depth >= len(handlers):
            answer = self._checked(target, environ)
            if answer[0] >= 300:
                raise Forwarded(*answer)
            return wire.parse_answer(target, environ, answer)

        def proceed(params: Document | None) -> Document:
            following = environ if params is None else wire.build_request(target, params, environ)
            return self._handle(target, following, depth + 1)

        def ask(service: str, operation: str, region: str, wanted: Document) -> Document:
            request = wire.new_request(service, operation, region, wanted)
            if _WITHOUT_GAP in environ:
                request[_WITHOUT_GAP] = environ[_WITHOUT_GAP]
            return self._handle(wire.identify(request), request)

        call = Call(
            service=target.service,
            operation=target.operation or "",
            region=target.region,
            account_id=self._account_id,
            params=wire.parse_request(target, environ),
            state=self._state,
            ask=ask,
            proceed_with=proceed,
        )
        return handlers[len(handlers) - 1 - depth](call) or {}

    def _checked(self, target: Target, environ: Environ) -> Answer:
        """moto's answer, with everything a client would retry turned into a final error."""
        if buckets.mistaken(target):
            log.warning("unsupported: %s", target.name)
            raise _unsupported(target)
        try:
            status, headers, body = self._call_moto(environ)
        except NotImplementedError as problem:
            log.warning("unsupported: %s (%s)", target.name, problem)
            raise _unsupported(target) from problem
        content_type = {name.lower(): value for name, value in headers}.get("content-type", "")
        unrouted = (
            status in (404, 405)
            and content_type.startswith("text/html")
            and b"<!doctype" in body[:20].lower()
        )
        nameless = status == 404 and not body and target.service != "s3"
        if unrouted or nameless or status == 501:
            log.warning("unsupported: %s %s", environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
            raise _unsupported(target)
        if status >= 500:
            log.error("%s answered %s: %s", target.name, status, body[:2000])
            raise AwsError(INTERNAL, f"{target.name} answered {status}: {body[:300]!r}")
        return status, headers, body

    def _call_moto(self, environ: Environ) -> Answer:
        environ["wsgi.input"].seek(0)
        collected: list[Any] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            collected[:] = [int(status.split(" ", 1)[0]), headers]
            return written.append

        body = self._moto(dict(environ), start_response)
        content = b"".join(written) + b"".join(body)
        if hasattr(body, "close"):
            body.close()
        return collected[0], collected[1], content


def _handlers(target: Target, environ: Environ) -> list[Handler]:
    """The chain of an operation, without those of a gap that the request wants left open."""
    chain = HANDLERS.get((target.service, target.operation or ""), [])
    return [handler for gap_id, handler in chain if gap_id != environ.get(_WITHOUT_GAP)]


def _plain(status: int, text: str) -> Answer:
    return status, [("Content-Type", "text/plain")], text.encode()


def _unsupported(target: Target) -> AwsError:
    return AwsError(
        UNSUPPORTED,
        f"The emulator does not implement {target.name}: neither moto nor tests/support/emulator/"
        f"gaps/ answers it. Add a gap handler for it, or keep it out of the emulated stack.",
    )
