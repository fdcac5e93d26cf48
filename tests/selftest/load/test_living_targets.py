"""Targets are checked, take turns and leave as the target group's settings say."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import pytest

from tests.load.living.balancer import Endpoint
from tests.load.living.clock import Clock
from tests.load.living.targets import Settings, Target
from tests.selftest.load.balanced import (
    ERROR,
    FAST,
    OK,
    Balanced,
    Stub,
    balanced,
    group,
    in_loop,
    is_silent,
    until,
    waits_for,
)

_SLOW = Clock(1, 0, 0)
_FEWEST = {"load_balancing.algorithm.type": "least_outstanding_requests"}
_DELAY = "deregistration_delay.timeout_seconds"
_MOVED = b"HTTP/1.1 302 Found\r\nLocation: /api/health\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class _Held(Clock):
    """A fast clock, on which a delay is over when the test says so."""

    scale: float = FAST.scale
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, region_seconds: float) -> None:
        await self.over.wait()


async def _times(running: Balanced, number: int) -> None:
    await asyncio.gather(*(running.get() for _ in range(number)))


@in_loop
async def test_a_new_target_is_healthy_after_one_check() -> None:
    stub = Stub()
    async with balanced(stub, clock=_SLOW, settings={"HealthyThresholdCount": 10}) as running:
        assert running.balancer.health(stub.endpoint) == "healthy"
    assert len(stub.checks) == 1


@in_loop
async def test_a_check_is_what_the_settings_say() -> None:
    stub = Stub()
    async with balanced(stub):
        assert stub.checks[0].startswith("GET /api/health HTTP/1.1\r\n")
        assert "User-Agent: ELB-HealthChecker/2.0\r\n" in stub.checks[0]
        await until(lambda: len(stub.checks) > 1)
    assert stub.connections >= 2  # Each check on a connection of its own.


@in_loop
async def test_a_check_does_not_wait_for_the_one_before() -> None:
    silent = Stub(health=b"")
    async with balanced(silent, healthy=False, settings={"HealthCheckTimeoutSeconds": 120}):
        await until(lambda: len(silent.checks) > 2)


@in_loop
async def test_a_target_that_is_registered_again_is_the_same() -> None:
    stub = Stub()
    async with balanced(stub, clock=_SLOW) as running:
        running.balancer.register(stub.endpoint)
        assert running.balancer.health(stub.endpoint) == "healthy"


@in_loop
async def test_a_check_asks_the_port_of_the_settings() -> None:
    checked, asked = Stub(), Stub(health=ERROR)
    async with (
        checked.listening() as there,
        balanced(asked, settings={"HealthCheckPort": str(there.port)}) as running,
    ):
        assert await running.get() == (200, "ok")
    assert not asked.checks


@in_loop
async def test_a_target_is_initial_until_it_is_checked() -> None:
    stub = Stub()
    async with balanced(stub, healthy=False) as running:
        assert running.balancer.health(stub.endpoint) == "initial"
        assert running.balancer.health(Endpoint("127.0.0.1", 1, "a")) == "unused"


@pytest.mark.parametrize(
    ("matcher", "health", "state"),
    [
        pytest.param("200", OK, "healthy", id="as_asked"),
        pytest.param("200", ERROR, "unhealthy", id="another_code"),
        pytest.param("200-299,302", _MOVED, "healthy", id="in_a_list"),
        pytest.param("200-299", _MOVED, "unhealthy", id="moved"),
        pytest.param("200", b"nonsense\r\n\r\n", "unhealthy", id="malformed"),
        pytest.param("200", b"", "unhealthy", id="silent"),
    ],
)
@in_loop
async def test_the_matcher_tells_what_is_healthy(matcher: str, health: bytes, state: str) -> None:
    stub = Stub(health=health)
    settings = {"Matcher": {"HttpCode": matcher}, "HealthCheckTimeoutSeconds": 0.1}
    async with balanced(stub, healthy=False, settings=settings) as running:
        await until(lambda: running.balancer.health(stub.endpoint) != "initial")
        assert running.balancer.health(stub.endpoint) == state


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        pytest.param("-", "initial", id="one_failure"),
        pytest.param("--", "initial", id="too_few_failures"),
        pytest.param("---", "unhealthy", id="never_passed"),
        pytest.param("--+", "healthy", id="passed_in_the_end"),
        pytest.param("+--", "healthy", id="failures_below_the_threshold"),
        pytest.param("+--+--", "healthy", id="failures_not_in_a_row"),
        pytest.param("+---", "unhealthy", id="failures_in_a_row"),
        pytest.param("+---+", "unhealthy", id="one_pass_is_no_recovery"),
        pytest.param("+---+-+", "unhealthy", id="passes_not_in_a_row"),
        pytest.param("+---++", "healthy", id="recovered"),
    ],
)
def test_thresholds_count_checks_in_a_row(checks: str, state: str) -> None:
    assert _checked(checks).state == state


def _checked(checks: str) -> Target:
    target = Target(Endpoint("127.0.0.1", 1, "a"))
    for check in checks:
        target.checked(check == "+", Settings.of(group(), {}))
    return target


@in_loop
async def test_requests_take_turns() -> None:
    stubs = Stub(), Stub(), Stub()
    async with balanced(*stubs) as running:
        await _times(running, 9)
    assert [len(stub.heads) for stub in stubs] == [3, 3, 3]


@in_loop
async def test_the_fewest_outstanding_requests_come_first_where_asked() -> None:
    busy, free = Stub(is_silent), Stub()
    async with balanced(busy, free, attributes=_FEWEST) as running:
        waiting = [asyncio.create_task(running.get()), asyncio.create_task(running.get())]
        await until(lambda: busy.heads)
        await running.get()
        await running.get()
        await asyncio.gather(*(_ended(task) for task in waiting))
    assert (len(busy.heads), len(free.heads)) == (1, 3)


async def _ended(task: asyncio.Task[tuple[int, str]]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@in_loop
async def test_only_healthy_targets_get_requests() -> None:
    good, bad = Stub(), Stub(health=ERROR)
    async with balanced(good, bad, healthy=False) as running:
        await until(lambda: running.balancer.health(bad.endpoint) == "unhealthy")
        await _times(running, 4)
    assert (len(good.heads), len(bad.heads)) == (4, 0)


@in_loop
async def test_all_targets_get_requests_when_none_is_healthy() -> None:
    stubs = Stub(health=ERROR), Stub(health=ERROR)
    async with balanced(*stubs, healthy=False) as running:
        await until(lambda: Counter(map(_state(running), stubs)) == {"unhealthy": 2})
        await _times(running, 4)
    assert [len(stub.heads) for stub in stubs] == [2, 2]


def _state(running: Balanced) -> Callable[[Stub], str]:
    return lambda stub: running.balancer.health(stub.endpoint)


@in_loop
async def test_a_draining_target_finishes_and_gets_nothing_new() -> None:
    rest = asyncio.Event()
    stub = Stub(waits_for(rest))
    async with balanced(stub, attributes={_DELAY: "10"}) as running:
        asked = asyncio.create_task(running.get())
        await until(lambda: stub.heads)
        running.balancer.deregister(stub.endpoint)
        assert (await running.get())[0] == 503
        rest.set()
        assert await asked == (200, "ok")
        await until(lambda: running.balancer.health(stub.endpoint) == "unused")
    assert len(stub.heads) == 1


@in_loop
async def test_a_request_under_way_has_the_delay_in_real_seconds() -> None:
    rest, delay = asyncio.Event(), asyncio.Event()
    stub = Stub(waits_for(rest))
    async with balanced(stub, clock=_Held(over=delay), attributes={_DELAY: "10"}) as running:
        asked = asyncio.create_task(running.get())
        await until(lambda: stub.heads)
        running.balancer.deregister(stub.endpoint)
        delay.set()
        await asyncio.sleep(0.05)
        assert running.balancer.health(stub.endpoint) == "draining"
        rest.set()
        assert await asked == (200, "ok")


@in_loop
async def test_a_request_that_outlasts_the_delay_is_a_bad_gateway() -> None:
    stub = Stub(is_silent)
    async with balanced(stub, attributes={_DELAY: "0.1"}) as running:
        asked = asyncio.create_task(running.get())
        await until(lambda: stub.heads)
        running.balancer.deregister(stub.endpoint)
        assert (await asked)[0] == 502
        await until(lambda: running.balancer.health(stub.endpoint) == "unused")


@in_loop
async def test_a_big_body_that_outlasts_the_delay_closes_the_client_s_connection() -> None:
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\nx"
    async with balanced(Stub(big), attributes={_DELAY: "0.1"}) as running:
        async with running.client.get(running.balancer.urls[443]) as answer:
            running.balancer.deregister(running.stubs[0].endpoint)
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
        assert running.balancer.take_minute().elb_codes == {502: 1}


@in_loop
async def test_an_idle_target_drains_as_long_as_the_delay() -> None:
    stub, delay = Stub(), asyncio.Event()
    async with balanced(stub, clock=_Held(over=delay)) as running:
        running.balancer.deregister(stub.endpoint)
        await asyncio.sleep(0.05)
        assert running.balancer.health(stub.endpoint) == "draining"
        checks = len(stub.checks)
        delay.set()
        await until(lambda: running.balancer.health(stub.endpoint) == "unused")
    assert len(stub.checks) == checks


@in_loop
async def test_a_draining_target_that_is_registered_starts_anew() -> None:
    stub = Stub()
    async with balanced(stub, attributes={_DELAY: "100"}) as running:
        running.balancer.deregister(stub.endpoint)
        running.balancer.register(stub.endpoint)
        assert running.balancer.health(stub.endpoint) == "initial"
        await FAST.sleep(200)
        await until(lambda: running.balancer.health(stub.endpoint) == "healthy")
        assert await running.get() == (200, "ok")


@in_loop
async def test_hosts_are_counted_by_zone() -> None:
    stubs = Stub(zone="a"), Stub(zone="b"), Stub(health=ERROR, zone="b")
    async with balanced(*stubs, healthy=False) as running:
        await until(lambda: [*map(_state(running), stubs)] == ["healthy", "healthy", "unhealthy"])
        minute = running.balancer.take_minute()
    assert (minute.healthy, minute.unhealthy) == ({"a": 1, "b": 1}, {"a": 0, "b": 1})
    assert [zone.registered for zone in minute.zones.values()] == [1, 2]


@in_loop
async def test_an_unhealthy_target_that_has_left_is_counted_in_its_minute_only() -> None:
    stub = Stub(health=ERROR)
    async with balanced(stub, healthy=False) as running:
        await until(lambda: running.balancer.health(stub.endpoint) == "unhealthy")
        running.balancer.deregister(stub.endpoint)
        left, after = running.balancer.take_minute(), running.balancer.take_minute()
    assert (left.unhealthy, left.zones["a"].registered) == ({"a": 1}, 0)
    assert after.zones == {}
