"""What ECS's scheduler makes of tasks that end or fail, and what ends the scheduler itself."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import psutil
import pytest

from tests.load.living.scheduler import EXITED, UNHEALTHY, Scheduler
from tests.load.living.service_task import Ended
from tests.selftest.load.balanced import in_loop
from tests.selftest.load.scheduled import GREEDY, QUICK, START_UP_SECONDS, scheduled, status
from tests.selftest.load.small_service import ACCOUNT, APPLICATION, Session, WatchedBalancer
from tests.support.emulator import Emulator
from tests.support.outcomes import Invalid, SuiteError, Violation

pytestmark = pytest.mark.selftest


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
        await now.until(lambda: endpoint in now.balancer.drained)
        assert (now.balancer.most, now.balancer.fewest) == (3, 2)
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
async def test_emulator_that_died_is_told_in_one_line() -> None:
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
