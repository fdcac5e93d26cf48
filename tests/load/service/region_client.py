"""What a living region tells of itself, and how it is told what a request takes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.load.hosts import RefusedError, UsageError, is_loopback
from tests.load.living.clock import Clock
from tests.load.service.workload import Workload

_TIMEOUT_SECONDS = 10
# What a task takes to start where the region does not say.
_START_UP_SECONDS = 120.0


@dataclass(frozen=True)
class Living:
    """A living region: where its service answers, its clock, and what a request takes there.

    `start_up_seconds` of the region pass until a new task serves. Its tasks have given `served`
    answers by the end of the last of its `minutes`; they are made from `revisions`, each with so
    many variables.
    """

    url: str
    environment: str
    host: str
    clock: Clock
    workload: Workload
    start_up_seconds: float = _START_UP_SECONDS
    minutes: int = 0
    served: int = 0
    revisions: Mapping[str, int] = field(default_factory=dict)


def read(url: str) -> Living:
    """The region that answers at this address. Raises UsageError for an address of no region."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "http" and parts.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"--region-url {url}: give http://127.0.0.1:PORT")
    if not is_loopback(parts.hostname):
        raise RefusedError(f"--region-url {url}: a living region is on loopback only")
    told = _ask(urllib.request.Request(f"{url.rstrip('/')}/region"))
    try:
        clock = {name: float(told["clock"][name]) for name in Clock.__dataclass_fields__}
        named = {name: told["workload"][name] for name in Workload.__dataclass_fields__}
        return Living(
            url=url.rstrip("/"),
            environment=str(told["environment"]),
            host=str(told["host"]),
            clock=Clock(**clock),
            workload=Workload(**{name: float(value) for name, value in named.items()}),
            start_up_seconds=float(told.get("start_up_seconds", _START_UP_SECONDS)),
            minutes=int(told.get("minutes", 0)),
            served=int(told.get("served", 0)),
            revisions=told.get("revisions", {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"--region-url {url}: what answers is no region ({error!r})") from error


def put_workload(url: str, workload: Workload) -> None:
    """Have every request from now on take this much. Raises UsageError where nobody takes it."""
    request = urllib.request.Request(
        f"{url}/workload",
        json.dumps(asdict(workload)).encode(),
        {"Content-Type": "application/json"},
        method="PUT",
    )
    _ask(request)


def _ask(request: urllib.request.Request) -> Mapping[str, Any]:
    # No proxy of the user's stands before loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            told = json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        raise UsageError(f"{request.full_url} answers {error.code}: no living region?") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise UsageError(f"{request.full_url}: no living region answers ({reason})") from error
    return told if isinstance(told, dict) else {}
