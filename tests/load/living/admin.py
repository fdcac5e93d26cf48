"""What a living region tells of itself over HTTP on loopback, and what it may be told.

`GET /region` tells where it is, its clock, its workload and how long it has lived. `PUT /workload`
takes fields of `Workload` and `failing_percent`; those that are not given stay. `PUT /faults` takes
`{"refuse": true}`: the load balancer refuses connections until told otherwise. What cannot be is
answered 400 with a reason.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, Protocol

from aiohttp import web

from tests.load.living.clock import Clock
from tests.load.service.workload import Workload
from tests.support.outcomes import SuiteError

_LOOPBACK = "127.0.0.1"
_FAILING = "failing_percent"
_LARGEST_BODY = 65536


class Administered(Protocol):
    """What of a region is told and set."""

    environment: str
    host: str
    listeners: Mapping[int, str]
    clock: Clock
    start_up_seconds: float
    workload: Workload
    failing_percent: float
    tasks: int
    minutes: int
    late_minutes: int
    served: int

    @property
    def revisions(self) -> Mapping[str, int]:
        """What its tasks are made from, and how many variables each has."""

    async def put_workload(self, workload: Workload, failing_percent: float) -> None:
        """Have every request from now on take this much."""

    async def set_refusing(self, refusing: bool) -> None:
        """Have the load balancer refuse connections, or not."""


class Admin:
    """The region's address; `url` once it has started."""

    def __init__(self, region: Administered) -> None:
        self._region = region
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        self.url = ""

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.add_routes(
            [
                web.get("/region", self._describe),
                web.put("/workload", self._put_workload),
                web.put("/faults", self._put_faults),
            ]
        )
        return application

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; `port` 0 takes a free one. Raises SuiteError when it is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, _LOOPBACK, port)
        try:
            await site.start()
        except OSError as error:
            raise SuiteError(
                f"cannot listen on {_LOOPBACK}:{port}: free the port or choose another; "
                "0 takes a free one"
            ) from error
        self.url = f"http://{_LOOPBACK}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close it. Safe to call twice."""
        await self._runner.cleanup()

    def described(self) -> dict[str, Any]:
        """What `GET /region` answers."""
        region = self._region
        return {
            "environment": region.environment,
            "host": region.host,
            "listeners": {str(port): url for port, url in region.listeners.items()},
            "clock": asdict(region.clock),
            "start_up_seconds": region.start_up_seconds,
            "workload": {**asdict(region.workload), _FAILING: region.failing_percent},
            "tasks": region.tasks,
            "minutes": region.minutes,
            "late_minutes": region.late_minutes,
            "served": region.served,
            "revisions": dict(region.revisions),
        }

    async def _describe(self, _: web.Request) -> web.Response:
        return web.json_response(self.described())

    async def _put_workload(self, request: web.Request) -> web.Response:
        known = {*(field.name for field in fields(Workload)), _FAILING}
        asked = await _numbers(request, known)
        failing = asked.pop(_FAILING, self._region.failing_percent)
        if not 0 <= failing <= 100:
            raise _refused(f"{_FAILING} of {failing:g}: give 0 to 100")
        try:
            workload = replace(self._region.workload, **asked)
        except SuiteError as error:
            raise _refused(str(error)) from error
        await self._region.put_workload(workload, failing)
        return web.json_response(self.described()["workload"])

    async def _put_faults(self, request: web.Request) -> web.Response:
        asked = await _object(request, {"refuse"})
        if not isinstance(asked.get("refuse"), bool):
            raise _refused('give {"refuse": true} or {"refuse": false}')
        await self._region.set_refusing(asked["refuse"])
        return web.json_response(asked)


async def _object(request: web.Request, known: set[str]) -> dict[str, Any]:
    try:
        asked = json.loads(await request.text())
    except ValueError as error:
        raise _refused("the body is no JSON") from error
    if not isinstance(asked, dict) or not asked:
        raise _refused(f"give an object with {', '.join(sorted(known))}")
    if unknown := sorted(set(asked) - known):
        raise _refused(f"unknown: {', '.join(unknown)}; there is {', '.join(sorted(known))}")
    return asked


async def _numbers(request: web.Request, known: set[str]) -> dict[str, float]:
    asked = await _object(request, known)
    for name, value in asked.items():
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise _refused(f"{name}: give a number, not {value!r}")
    return {name: float(value) for name, value in asked.items()}


def _refused(reason: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=f"{reason}\n")
