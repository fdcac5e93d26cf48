"""A container health check decides as ECS's agent and Docker do."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.load.living.clock import Clock
from tests.load.living.container_check import ContainerCheck
from tests.selftest.load.balanced import (
    ERROR,
    FAST,
    OK,
    Answer,
    Stub,
    closes,
    in_loop,
    is_silent,
    until,
)
from tests.support.deployed import HealthCheck

pytestmark = pytest.mark.selftest

MOVED = b"HTTP/1.1 302 Found\r\nLocation: /nowhere\r\nContent-Length: 0\r\n\r\n"
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
LONG = 100_000


@contextlib.asynccontextmanager
async def checked(
    stub: Stub, retries: int = 3, start_period: int = 0, timeout: int = 5, clock: Clock = FAST
) -> AsyncIterator[ContainerCheck]:
    """The stub as a container whose check asks for / every 30 s of the region."""
    async with stub.listening() as endpoint:
        asks = HealthCheck("/", 30, timeout, retries, start_period)
        check = ContainerCheck(asks, endpoint.address, endpoint.port, clock)
        try:
            yield check
        finally:
            check.stop()


@pytest.mark.parametrize(
    ("answer", "healthy"),
    [
        pytest.param(OK, True, id="ok"),
        pytest.param(MOVED, True, id="redirect"),
        pytest.param(MISSING, False, id="not-found"),
        pytest.param(ERROR, False, id="error"),
        pytest.param(closes, False, id="closes"),
    ],
)
@in_loop
async def test_answer_decides(answer: Answer | bytes, healthy: bool) -> None:
    async with checked(Stub(answer)) as check:
        await until(lambda: check.healthy is not None)
        assert check.healthy is healthy


@in_loop
async def test_container_that_is_silent_for_too_long_is_unhealthy() -> None:
    async with checked(Stub(is_silent), retries=1, timeout=1) as check:
        await until(lambda: check.healthy is not None)
        assert check.healthy is False


@in_loop
async def test_container_that_listens_nowhere_is_unhealthy() -> None:
    async with Stub().listening() as endpoint:
        pass
    asks = HealthCheck("/", 30, 5, 3, 0)
    check = ContainerCheck(asks, endpoint.address, endpoint.port, FAST)
    await until(lambda: check.healthy is not None)
    check.stop()
    assert check.healthy is False


@in_loop
async def test_nothing_is_decided_before_the_first_check() -> None:
    stub = Stub()
    async with checked(stub, clock=Clock()) as check:
        assert (check.healthy, stub.heads) == (None, [])


@in_loop
async def test_it_takes_so_many_failures_in_a_row() -> None:
    stub = Stub(ERROR)
    async with checked(stub, retries=4) as check:
        await until(lambda: check.healthy is False)
        assert len(stub.heads) >= 4


@in_loop
async def test_failures_in_the_start_period_do_not_count() -> None:
    stub = Stub(ERROR)
    async with checked(stub, start_period=LONG) as check:
        await until(lambda: len(stub.heads) > 6)
        assert check.healthy is None


@in_loop
async def test_success_ends_the_start_period() -> None:
    stub = Stub()
    async with checked(stub, start_period=LONG) as check:
        await until(lambda: check.healthy)
        stub.answer = ERROR
        await until(lambda: check.healthy is False)


@in_loop
async def test_one_success_makes_it_healthy_again() -> None:
    stub = Stub(ERROR)
    async with checked(stub) as check:
        await until(lambda: check.healthy is False)
        stub.answer = OK
        await until(lambda: check.healthy)
