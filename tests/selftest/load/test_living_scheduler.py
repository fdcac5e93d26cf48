"""The service's tasks on an emulator: control plane, load balancer and processes agree."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from tests.load.living.balancer import Endpoint
from tests.load.living.clock import Clock
from tests.load.living.scheduler import (
    EXITED,
    UNHEALTHY,
    Ended,
    Scheduler,
)
from tests.load.workload import Workload
from tests.selftest.load.balanced import in_loop
from tests.selftest.load.small_service import (
    ACCOUNT,
    APPLICATION,
    Session,
    SmallService,
    WatchedBalancer,
)
from tests.support.emulator import Emulator
from tests.support.outcomes import Invalid, SuiteError, Violation

pytestmark = pytest.mark.selftest

QUICK = Workload(0.001, 256.0)
# A request of it takes more memory than any task has, and a while.
GREEDY = Workload(0.001, 256.0, other_seconds=30.0, request_memory_mib=1e9)
SCALE = 100
START_UP_SECONDS = 20.0


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session on an emulator with nothing in it; each test makes a service of its own."""
    with Emulator(ACCOUNT) as emulator:
        yield Session(emulator)


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

    def agree(self) -> bool:
        """Whether control plane, target group, load balancer and processes tell the same."""
        addresses = {one.address.replace("127.", "10.", 1) for one in self.balancer.registered}
        arns = {one.arn for one in self.scheduler.tasks}
        return (
            set(self.service.running()) == arns
            and self.service.targets() == addresses
            and self.service.described()["runningCount"] == len(arns) == len(addresses)
        )


@contextlib.asynccontextmanager
async def scheduled(
    session: Session, desired: int, workload: Workload = QUICK, **changed: Any
) -> AsyncIterator[Scheduled]:
    """A service of so many tasks and its scheduler, which has not begun."""
    service = await asyncio.to_thread(SmallService, session, desired, **changed)
    balancer, clock = WatchedBalancer(), Clock.starting(SCALE)
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


@in_loop
async def test_tasks_run_in_every_zone_and_all_agree(session: Session) -> None:
    async with scheduled(session, 3) as now:
        await now.healthy(3)
        assert now.agree()
        assert {one.zone[-1] for one in now.balancer.registered} == {"a", "b", "c"}
        assert await asyncio.gather(*map(status, now.balancer.registered)) == [200, 200, 200]


@in_loop
async def test_task_runs_only_after_its_start_up(session: Session) -> None:
    async with scheduled(session, 1) as now:
        begun = now.clock.now()
        await now.scheduler.reconcile()
        assert (now.service.running(), now.service.described()["pendingCount"]) == ([], 1)
        await now.healthy(1)
        assert now.scheduler.tasks[0].since is not None
        assert now.scheduler.tasks[0].since >= begun + START_UP_SECONDS


@in_loop
async def test_scale_out_and_in_follow_the_desired_count(session: Session) -> None:
    async with scheduled(session, 1) as now:
        await now.healthy(1)
        now.service.update(desiredCount=4)
        await now.healthy(4)
        assert now.agree()
        now.service.update(desiredCount=2)
        await now.healthy(2)
        assert now.agree()
        assert len(now.balancer.drained) == 2


@in_loop
async def test_task_that_stops_is_drained_before_it_ends(session: Session) -> None:
    async with scheduled(session, 1) as now:
        await now.healthy(1)
        (endpoint,) = now.balancer.registered
        now.balancer.hold = True
        now.service.update(desiredCount=0)
        await now.until(lambda: endpoint in now.balancer.draining)
        assert (await status(endpoint), now.service.running()) == (200, [])
        now.balancer.hold = False
        await now.healthy(0)
        with pytest.raises(aiohttp.ClientConnectionError):
            await status(endpoint)


@in_loop
async def test_start_that_is_not_wanted_any_more_is_given_up(session: Session) -> None:
    async with scheduled(session, 2) as now:
        await now.scheduler.reconcile()
        now.service.update(desiredCount=1)
        await now.healthy(1)
        assert len(now.scheduler.tasks) == len(now.service.running()) == 1


@in_loop
async def test_task_that_died_is_replaced(session: Session) -> None:
    async with scheduled(session, 2) as now:
        await now.healthy(2)
        first = now.scheduler.tasks[0]
        assert first.endpoint is not None
        now.process(first.endpoint).kill()
        await now.until(lambda: now.scheduler.ended)
        await now.healthy(2)
        assert now.agree()
        assert now.scheduler.ended == [Ended(str(first.arn), -signal.SIGKILL, EXITED)]


@in_loop
async def test_task_without_memory_is_killed_and_replaced(session: Session) -> None:
    async with scheduled(session, 1, GREEDY) as now:
        await now.healthy(1)
        first = asyncio.create_task(status(now.balancer.registered[0]))
        await asyncio.sleep(0.1)
        await asyncio.gather(first, status(now.balancer.registered[0]), return_exceptions=True)
        await now.until(lambda: now.scheduler.ended)
        assert [(one.code, one.reason) for one in now.scheduler.ended] == [(137, EXITED)]
        await now.healthy(1)


@in_loop
async def test_task_that_the_load_balancer_finds_unhealthy_is_replaced(session: Session) -> None:
    async with scheduled(session, 2) as now:
        await now.healthy(2)
        endpoint = now.balancer.registered[0]
        now.balancer.failing.add(endpoint)
        await now.until(lambda: len(now.balancer.registered) == 3)
        assert endpoint in now.balancer.registered
        await now.until(lambda: endpoint in now.balancer.drained)
        await now.healthy(2)
        assert now.agree()
        assert [one.reason for one in now.scheduler.ended] == [UNHEALTHY]


@in_loop
async def test_task_that_its_own_check_finds_unhealthy_is_replaced(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.load.living.tasks._STOP_SECONDS", 0.2)
    async with scheduled(session, 1) as now:
        await now.healthy(1)
        endpoint = now.balancer.registered[0]
        now.process(endpoint).suspend()
        await now.until(lambda: endpoint in now.balancer.drained)
        await now.healthy(1)
        assert [one.reason for one in now.scheduler.ended] == [UNHEALTHY]


@in_loop
async def test_failed_checks_do_not_count_in_the_grace_period(session: Session) -> None:
    async with scheduled(session, 1) as now:
        now.service.update(healthCheckGracePeriodSeconds=100_000)
        await now.healthy(1)
        now.balancer.failing.add(now.balancer.registered[0])
        now.service.update(desiredCount=2)
        await now.healthy(2)
        assert (now.scheduler.ended, len(now.balancer.registered)) == ([], 2)


@in_loop
async def test_new_revision_is_rolled_out_without_a_task_less(session: Session) -> None:
    async with scheduled(session, 2) as now:
        await now.healthy(2)
        revision = now.service.revision(image="app:2")
        now.service.update(taskDefinition=revision)
        await now.until(lambda: len(now.balancer.registered) > 2)
        await now.healthy(2)
        assert (now.service.revisions(), now.agree()) == ({revision}, True)
        assert (now.balancer.fewest, len(now.balancer.drained)) == (2, 2)


@in_loop
async def test_task_that_somebody_stops_is_replaced(session: Session) -> None:
    async with scheduled(session, 1) as now:
        await now.healthy(1)
        stopped = now.service.running()
        now.service.ecs.stop_task(cluster=now.service.cluster, task=stopped[0])
        await now.until(lambda: now.service.running() not in ([], stopped))
        await now.healthy(1)
        assert now.agree()


@in_loop
async def test_what_another_scheduler_left_behind_is_cleared(session: Session) -> None:
    async with scheduled(session, 2) as now:
        await now.healthy(2)
        left = set(now.service.running())
        await now.scheduler.stop()
        place = now.service.target, WatchedBalancer(), now.clock, START_UP_SECONDS
        another = Scheduler(*place, QUICK, APPLICATION)
        await another.reconcile()
        await another.stop()
        assert (now.service.running(), now.service.targets(), len(left)) == ([], set(), 2)


@in_loop
async def test_minute_tells_what_every_task_was_used_for(session: Session) -> None:
    async with scheduled(session, 2) as now:
        await now.healthy(2)
        await now.scheduler.take_minute()
        await asyncio.gather(*map(status, now.balancer.registered))
        await now.clock.sleep(60)
        minute = await now.scheduler.take_minute()
        assert (minute.running, minute.served, len(minute.cpu_percents)) == (2, 2, 2)
        assert minute.memory_percents == (25.0, 25.0)
        assert {one.name for one in minute.data} == {"CPUUtilization", "MemoryUtilization"}
        dimensions = {"ClusterName": now.service.cluster, "ServiceName": now.service.name}
        assert minute.data[0].dimensions == dimensions


@in_loop
async def test_minute_in_which_a_task_only_began_is_told_without_it(session: Session) -> None:
    async with scheduled(session, 1) as now:
        await now.healthy(1)
        await now.scheduler.take_minute()
        minute = await now.scheduler.take_minute()
        assert (minute.running, minute.cpu_percents, minute.data) == (1, (), [])


@in_loop
async def test_answers_of_tasks_that_have_ended_are_told_too(session: Session) -> None:
    async with scheduled(session, 1) as now:
        await now.healthy(1)
        await status(now.balancer.registered[0])
        now.service.update(desiredCount=0)
        await now.healthy(0)
        minute = await now.scheduler.take_minute()
        assert (minute.running, minute.served) == (0, 1)


@in_loop
async def test_other_work_is_done_by_the_tasks_to_come_as_well(session: Session) -> None:
    async with scheduled(session, 1) as now:
        await now.healthy(1)
        await now.scheduler.put_workload(QUICK, 100.0)
        now.service.update(desiredCount=2)
        await now.healthy(2)
        assert await asyncio.gather(*map(status, now.balancer.registered)) == [500, 500]


@in_loop
async def test_task_that_cannot_start_is_a_violation(session: Session) -> None:
    async with scheduled(session, 1, environment=[]) as now:
        with pytest.raises(Violation, match=r"missing environment variables: NODE_ENV$"):
            await now.healthy(1)


@in_loop
async def test_service_that_is_not_there_is_a_violation(session: Session) -> None:
    async with scheduled(session, 1) as now:
        wanted = {"cluster": now.service.cluster, "service": now.service.name, "force": True}
        now.service.ecs.delete_service(**wanted)
        with pytest.raises(Violation, match="an active service behind a load balancer"):
            await now.scheduler.reconcile()


@in_loop
async def test_address_that_cannot_be_had_is_one_clear_error(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with socket.create_server(("", port)):
        check = {"command": ["CMD", "curl", "-f", f"http://localhost:{port}/api/health"]}
        ports = [{"containerPort": port}]
        async with scheduled(session, 1, portMappings=ports, healthCheck=check) as now:
            with pytest.raises(SuiteError, match=f"cannot listen on 127.*:{port}: Address"):
                await now.healthy(1)


@in_loop
async def test_emulator_that_died_is_told_in_one_line(tmp_path: Path) -> None:
    with Emulator(ACCOUNT) as emulator:
        async with scheduled(Session(emulator), 1) as now:
            await now.healthy(1)
            os.kill(emulator.process_id, signal.SIGKILL)
            with pytest.raises(Invalid, match=r"^AWS cannot be read: "):
                await now.until(lambda: False)


@in_loop
async def test_stopped_scheduler_leaves_no_process_behind(session: Session) -> None:
    async with scheduled(session, 3) as now:
        await now.healthy(3)
        processes = [now.process(one) for one in now.balancer.registered]
        await now.scheduler.stop()
        assert (len(processes), psutil.wait_procs(processes, timeout=10)[1]) == (3, [])
