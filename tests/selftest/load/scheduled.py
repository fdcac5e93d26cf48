"""A small service with its scheduler, and what a test looks at of both."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psutil

from tests.load.living.balancer import Endpoint
from tests.load.living.clock import Clock
from tests.load.living.scheduler import Scheduler
from tests.load.living.tasks import loopback
from tests.load.service.workload import Workload
from tests.selftest.load.small_service import APPLICATION, Session, SmallService, WatchedBalancer

QUICK = Workload(0.001, 256.0)
# A request of it takes more memory than any task has, and a while.
GREEDY = Workload(0.001, 256.0, other_seconds=30.0, request_memory_mib=1e9)
SCALE = 100
START_UP_SECONDS = 20.0


@dataclass(frozen=True)
class HeldClock(Clock):
    """A clock on which nobody sleeps until a moment before `go` is set; `asked` are the moments.

    Other sleeps are short, whatever its scale.
    """

    asked: list[float] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep_until(self, region: float) -> None:
        """Note the moment, and wait."""
        self.asked.append(region)
        await self.go.wait()

    async def sleep(self, region_seconds: float) -> None:
        """Sleep for a moment."""
        await asyncio.sleep(0.01)


@dataclass
class Scheduled:
    """A service that is run, and what runs it."""

    service: SmallService
    balancer: WatchedBalancer
    scheduler: Scheduler
    clock: Clock

    async def until(self, holds: Callable[[], object]) -> None:
        """Reconcile as a region does, until it holds; the test's bound ends it."""
        while not holds():
            await self.scheduler.reconcile()
            await self.clock.sleep(5)

    async def healthy(self, count: int) -> None:
        """Until so many tasks run and have passed both checks, and no other is left."""
        await self.until(lambda: self._healthy == count and not self._others)

    @property
    def _healthy(self) -> int:
        return sum(bool(one.check and one.check.healthy) for one in self.scheduler.tasks)

    @property
    def _others(self) -> int:
        return len(self.scheduler.leaving) + len(self.scheduler.tasks) - self._healthy

    def process(self, endpoint: Endpoint) -> psutil.Process:
        """The process of the task there."""
        found = [one.process for one in self.scheduler.tasks if one.endpoint == endpoint]
        assert found[0] is not None
        return psutil.Process(found[0].process_id)

    def variable(self, endpoint: Endpoint, name: str) -> str:
        """A variable of the task there, as its process has it."""
        return str(self.process(endpoint).environ()[name])

    def agree(self) -> bool:
        """Whether control plane, target group, load balancer and processes tell the same."""
        addresses = {one.address for one in self.balancer.registered}
        arns = {one.arn for one in self.scheduler.tasks}
        return (
            set(self.service.running()) == arns
            and {loopback(one) for one in self.service.targets()} == addresses
            and self.service.described()["runningCount"] == len(arns) == len(addresses)
        )


@contextlib.asynccontextmanager
async def scheduled(
    session: Session,
    desired: int,
    workload: Workload = QUICK,
    clock: Clock | None = None,
    **changed: Any,
) -> AsyncIterator[Scheduled]:
    """A service of so many tasks and its scheduler, which has not begun."""
    clock = clock or Clock.starting(SCALE)
    service = await asyncio.to_thread(SmallService, session, desired, **changed)
    balancer = WatchedBalancer()
    place = service.target, balancer, clock, START_UP_SECONDS
    scheduler = Scheduler(*place, workload, APPLICATION)
    try:
        yield Scheduled(service, balancer, scheduler, clock)
    finally:
        await scheduler.stop()


async def status(endpoint: Endpoint, path: str = "/") -> int:
    """The status of a GET."""
    url = f"http://{endpoint.address}:{endpoint.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status
