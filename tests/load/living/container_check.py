"""A task's container health check, as ECS's agent and Docker carry it out.

Sources: ECS API reference, HealthCheck: within `startPeriod` failures do not count; the container
is healthy at the first success and unhealthy after so many failures in a row. Docker, HEALTHCHECK:
the first check comes an interval after the start, each other one an interval after the one before
has ended, and a success ends the start period.

The intervals pass on the region's clock. A check's timeout is in real seconds: it is what a request
meets.
"""

from __future__ import annotations

import asyncio

import aiohttp

from tests.load.living.clock import Clock
from tests.support.deployed import HealthCheck

_FAILED = 400  # curl -f
_ASKING = {"User-Agent": "curl/8"}


class ContainerCheck:
    """Checks a task from its start until it is stopped; `healthy` is None until that is decided."""

    def __init__(self, check: HealthCheck, address: str, port: int, clock: Clock) -> None:
        self.healthy: bool | None = None
        self._check = check
        self._url = f"http://{address}:{port}{check.path}"
        self._clock = clock
        self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Check no more."""
        self._watching.cancel()

    async def _watch(self) -> None:
        check, failures = self._check, 0
        spared = self._clock.now() + check.start_period_seconds
        timeout = aiohttp.ClientTimeout(total=check.timeout_seconds)
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, headers=_ASKING
        ) as session:
            while True:
                await self._clock.sleep(check.interval_seconds)
                asked = self._clock.now()
                if await self._passes(session):
                    self.healthy, failures, spared = True, 0, asked
                elif asked >= spared:
                    failures += 1
                    self.healthy = False if failures >= check.retries else self.healthy

    async def _passes(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(self._url, allow_redirects=False) as answer:
                return answer.status < _FAILED
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
