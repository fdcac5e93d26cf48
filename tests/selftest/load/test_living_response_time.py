"""The target's response time runs from where the request has left to where its headers start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from tests.selftest.load.balanced import OK, Stub, balanced, in_loop, until, waits_for

_SECONDS = 0.1
# A sleep may end a little early.
_AT_LEAST = 0.09


@in_loop
async def test_it_ends_where_the_target_s_headers_start() -> None:
    rest = asyncio.Event()
    async with balanced(Stub(waits_for(rest, b"k", OK.removesuffix(b"k")))) as running:
        asked = asyncio.create_task(running.get())
        await until(lambda: running.balancer.take_minute().response_times)
        rest.set()
        assert await asked == (200, "ok")
        assert running.balancer.take_minute().response_times == ()


@in_loop
async def test_it_is_what_the_target_takes() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(_SECONDS)
        writer.write(OK)

    async with balanced(Stub(answer)) as running:
        begun = time.perf_counter()
        await running.get()
        whole = time.perf_counter() - begun
        (measured,) = running.balancer.take_minute().response_times
    assert _AT_LEAST <= measured <= whole


@in_loop
async def test_it_begins_once_a_body_has_left() -> None:
    sent = [0.0]

    async def slow() -> AsyncIterator[bytes]:
        yield b"o"
        await asyncio.sleep(_SECONDS)
        sent[0] = time.perf_counter()
        yield b"k"

    async with balanced(Stub()) as running:
        length = {"Content-Length": "2"}
        assert await running.send("POST", "/", data=slow(), headers=length) == (200, "ok")
        (measured,) = running.balancer.take_minute().response_times
    assert 0 < measured <= time.perf_counter() - sent[0]
