"""The service's tasks on an emulator: control plane, load balancer and processes agree."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.selftest.load.balanced import in_loop
from tests.selftest.load.scheduled import (
    QUICK,
    SCALE,
    START_UP_SECONDS,
    HeldClock,
    scheduled,
    status,
)
from tests.selftest.load.small_service import Session

pytestmark = pytest.mark.selftest


@in_loop
async def test_tasks_run_in_every_zone_and_all_agree(session: Session) -> None:
    async with scheduled(session, 3) as now:
        await now.healthy(3)
        assert now.agree()
        assert {one.zone[-1] for one in now.balancer.registered} == {"a", "b", "c"}
        assert await asyncio.gather(*map(status, now.balancer.registered)) == [200, 200, 200]


@in_loop
async def test_task_runs_only_after_its_start_up(session: Session) -> None:
    clock = HeldClock(SCALE)
    async with scheduled(session, 1, clock=clock) as now:
        begun = clock.now()
        await now.until(lambda: clock.asked)
        assert clock.asked[0] >= begun + START_UP_SECONDS
        assert (now.service.running(), now.service.described()["pendingCount"]) == ([], 1)
        clock.go.set()
        await now.healthy(1)


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
        await now.until(lambda: not now.service.running())
        assert (await status(endpoint), now.balancer.registered) == (200, [])
        now.balancer.hold = False
        await now.healthy(0)
        with pytest.raises(aiohttp.ClientConnectionError):
            await status(endpoint)


@in_loop
async def test_start_that_is_not_wanted_any_more_is_given_up(session: Session) -> None:
    clock = HeldClock(SCALE)
    async with scheduled(session, 2, clock=clock) as now:
        await now.until(lambda: len(clock.asked) == 2)
        now.service.update(desiredCount=1)
        await now.until(lambda: len(now.scheduler.tasks) == 1 and not now.scheduler.leaving)
        clock.go.set()
        await now.healthy(1)
        assert len(now.service.running()) == now.balancer.most == 1


@in_loop
async def test_new_revision_is_rolled_out_without_a_task_less(session: Session) -> None:
    async with scheduled(session, 2) as now:
        await now.healthy(2)
        revision = now.service.revision(image="app:2")
        now.service.update(taskDefinition=revision)
        await now.until(lambda: now.balancer.most > 2)
        await now.healthy(2)
        assert (now.service.revisions(), now.agree()) == ({revision}, True)
        assert (now.balancer.fewest, len(now.balancer.drained)) == (2, 2)


@in_loop
async def test_forced_deployment_gives_every_task_the_secrets_of_now(session: Session) -> None:
    async with scheduled(session, 2) as now:
        await now.healthy(2)
        before, revisions = set(now.service.running()), now.service.revisions()
        now.service.put_secret("another")
        now.service.update(forceNewDeployment=True)
        await now.until(lambda: now.balancer.most > 2)
        await now.healthy(2)
        assert before.isdisjoint(now.service.running())
        assert (now.service.revisions(), now.agree()) == (revisions, True)
        assert [now.variable(one, "TOKEN") for one in now.balancer.registered] == ["another"] * 2


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
    clock = HeldClock(1)
    clock.go.set()
    async with scheduled(session, 1, clock=clock) as now:
        await now.healthy(1)
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
