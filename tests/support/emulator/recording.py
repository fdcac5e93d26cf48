"""Deployments recorded request by request, and played back into a fresh emulator in seconds.

A recording holds every request of a deployment with the time at which it was served and a digest of
its answer. On playback each request is served at its own time and with its own seed, as when it was
recorded, so identifiers and dates come out the same; the first answer that differs ends it.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import os
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import time_machine

from tests.support.emulator.wire import Answer, Environ

Serve = Callable[[Environ], Answer]
_FORMAT = 1
_KEPT = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REQUEST_URI",
         "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
         "REMOTE_ADDR", "wsgi.url_scheme", "wsgi.input_terminated")  # fmt: skip


class BrokenRecordingError(Exception):
    """The recording cannot be read, or the emulator no longer answers as it did."""


@dataclass
class Recorder:
    """Serves requests so that they can be played back, and notes them."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def serve(self, environ: Environ, serve: Serve) -> Answer:
        """The answer to one buffered request, noted."""
        moment = datetime.now(UTC).timestamp()
        request = _written(environ)
        answer = _at(len(self.entries), moment, environ, serve)
        entry = {"at": moment, "request": request, "answer": _digest(answer)}
        self.entries.append(entry)
        return answer

    def save(self, path: Path) -> None:
        """Write what was noted."""
        document = {"format": _FORMAT, "entries": self.entries}
        path.write_bytes(gzip.compress(json.dumps(document).encode(), compresslevel=3))


def play(path: Path, serve: Serve) -> int:
    """Serve a recording's requests again; returns how many there were.

    Raises BrokenRecordingError at the first answer that is another one than was recorded.
    """
    for index, entry in enumerate(_entries(path)):
        environ = _read(entry["request"])
        answer = _at(index, entry["at"], environ, serve)
        if _digest(answer) != entry["answer"]:
            place = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            action = environ.get("HTTP_X_AMZ_TARGET") or place
            raise BrokenRecordingError(f"request {index} ({action}) is answered differently")
    return index + 1


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(gzip.decompress(path.read_bytes()))
        entries: list[dict[str, Any]] = document["entries"]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BrokenRecordingError(f"{path.name} cannot be read: {type(error).__name__}") from error
    if document.get("format") != _FORMAT or not entries:
        raise BrokenRecordingError(f"{path.name} is of another format")
    return entries


def _at(index: int, moment: float, environ: Environ, serve: Serve) -> Answer:
    """Serve a request as the `index`-th, at a moment."""
    with _seeded(index), time_machine.travel(moment, tick=False):
        return serve(environ)


@contextlib.contextmanager
def _seeded(index: int) -> Iterator[None]:
    """All generators begin anew: moto's own, Python's, and what is drawn from the system."""
    from moto.moto_api._internal import mock_random

    mock_random.seed(index)
    random.seed(index)
    source, drawn, identifier = random.Random(index), os.urandom, uuid.uuid4
    os.urandom = source.randbytes
    uuid.uuid4 = lambda: uuid.UUID(int=source.getrandbits(128), version=4)
    try:
        yield
    finally:
        os.urandom, uuid.uuid4 = drawn, identifier


def _written(environ: Environ) -> dict[str, Any]:
    """A buffered request as JSON."""
    stream = environ["wsgi.input"]
    stream.seek(0)
    body = base64.b64encode(stream.read()).decode()
    stream.seek(0)
    kept = {k: v for k, v in environ.items() if k in _KEPT or k.startswith("HTTP_")}
    return {**kept, "body": body}


def _read(request: dict[str, Any]) -> Environ:
    environ: Environ = {key: value for key, value in request.items() if key != "body"}
    environ["wsgi.input"] = io.BytesIO(base64.b64decode(request["body"]))
    return environ


def _digest(answer: Answer) -> str:
    status, _, body = answer
    return f"{status} {hashlib.sha256(body).hexdigest()[:16]}"
