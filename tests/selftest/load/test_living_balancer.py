"""The load balancer on loopback answers as AWS's does."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.load.living import balancer as balancer_module
from tests.load.living.balancer import Balancer, Endpoint
from tests.selftest.load.balanced import (
    ERROR,
    FAST,
    OK,
    Answer,
    Stub,
    balanced,
    closes,
    group,
    in_loop,
    is_silent,
    listener,
    until,
    waits_for,
)
from tests.support.outcomes import SuiteError

_TO_HTTPS = {
    "Type": "redirect",
    "RedirectConfig": {"Port": "443", "Protocol": "HTTPS", "StatusCode": "HTTP_301"},
}
_BIG = b"x" * 200_000
_BIG_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"
_GZIP = gzip.compress(b"ok")
_COMPRESSED = (
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_GZIP) + _GZIP
)
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "answer", "seen"),
    [
        pytest.param("GET", OK, (200, "ok"), id="get"),
        pytest.param("HEAD", OK.removesuffix(b"ok"), (200, ""), id="head"),
        pytest.param("HEAD", _BIG_HEAD, (200, ""), id="head_of_a_big_one"),
        pytest.param("HEAD", b"HTTP/1.1 200 OK\r\n\r\n", (200, ""), id="head_without_length"),
        pytest.param("GET", ERROR, (500, ""), id="error"),
        pytest.param("GET", _CHUNKED, (200, "ok"), id="chunked"),
        pytest.param("GET", _BIG_HEAD + _BIG, (200, _BIG.decode()), id="big"),
        pytest.param("GET", _COMPRESSED, (200, "ok"), id="compressed"),
        pytest.param("DELETE", b"HTTP/1.1 204 Gone\r\n\r\n", (204, ""), id="empty"),
        pytest.param("GET", b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
                     (302, ""), id="redirect"),
    ],
)  # fmt: skip
@in_loop
async def test_what_the_target_answers_comes_back(
    method: str, answer: bytes, seen: tuple[int, str]
) -> None:
    async with balanced(Stub(answer)) as running:
        assert await running.send(method, "/") == seen
        minute = running.balancer.take_minute()
        assert minute.target_codes == {seen[0] // 100: 1}
        assert (minute.requests, minute.elb_codes, len(minute.response_times)) == (1, {}, 1)


@in_loop
async def test_a_head_keeps_the_length_of_what_it_is_about() -> None:
    async with (
        balanced(Stub(OK.removesuffix(b"ok"))) as running,
        running.client.head(running.balancer.urls[443]) as answer,
    ):
        assert answer.headers["Content-Length"] == "2"


@in_loop
async def test_a_connection_to_a_target_is_kept() -> None:
    stub = Stub()
    async with balanced(stub, settings={"HealthCheckIntervalSeconds": 300_000}) as running:
        before = stub.connections
        await running.get()
        await running.get()
    assert stub.connections == before + 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(closes, 502, id="closes"),
        pytest.param(b"nonsense\r\n\r\n", 502, id="malformed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n", 502, id="malformed_header"),
        pytest.param(is_silent, 504, id="silent"),
    ],
)
@in_loop
async def test_a_target_that_does_not_answer_is_an_error_of_the_load_balancer(
    answer: Answer | bytes, code: int
) -> None:
    async with balanced(Stub(answer), attributes={"idle_timeout.timeout_seconds": "0.2"}) as it:
        status, _ = await it.get()
        minute = it.balancer.take_minute()
    assert (status, minute.elb_codes, minute.requests) == (code, {code: 1}, 1)
    assert (minute.response_times, minute.target_codes) == ((), {})


@in_loop
async def test_a_body_that_stops_early_is_a_gateway_timeout() -> None:
    short = Stub(OK.removesuffix(b"k"))
    async with balanced(short, attributes={"idle_timeout.timeout_seconds": "0.2"}) as running:
        assert (await running.get())[0] == 504


@in_loop
async def test_a_big_body_that_stops_early_closes_the_client_s_connection() -> None:
    async with balanced(
        Stub(_BIG_HEAD + b"x"), attributes={"idle_timeout.timeout_seconds": "1"}
    ) as running:
        with pytest.raises(aiohttp.ClientPayloadError):
            await running.get()
        assert running.balancer.take_minute().elb_codes == {504: 1}


@in_loop
async def test_a_refused_connection_is_a_bad_gateway() -> None:
    async with balanced(healthy=False) as running:
        running.balancer.register(Endpoint("127.0.0.1", 1, "a"))
        status, _ = await running.get()
        minute = running.balancer.take_minute()
    assert (status, minute.elb_codes) == (502, {502: 1})
    assert minute.zones["a"].connection_errors == 1


@in_loop
async def test_a_connection_that_is_not_accepted_is_a_gateway_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(balancer_module, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as held:
        held.enter_context(socket.create_connection(full.getsockname()))
        async with balanced(healthy=False) as running:
            running.balancer.register(Endpoint("127.0.0.1", full.getsockname()[1], "a"))
            assert (await running.get())[0] == 504
            assert running.balancer.take_minute().zones["a"].connection_errors == 1


@in_loop
async def test_without_a_target_the_service_is_unavailable() -> None:
    async with balanced() as running:
        status, _ = await running.get()
        minute = running.balancer.take_minute()
    assert (status, minute.elb_codes, minute.requests) == (503, {503: 1}, 0)


@in_loop
async def test_a_request_that_a_kept_connection_loses_is_not_sent_again() -> None:
    stub = Stub()
    async with balanced(stub) as running:
        await running.get()
        stub.answer = closes
        assert (await running.get())[0] == 502
    assert len(stub.heads) == 2


@in_loop
async def test_a_client_that_goes_away_is_no_error_of_the_target() -> None:
    stub = Stub(is_silent)
    async with balanced(stub) as running:
        asked = asyncio.create_task(running.get())
        await until(lambda: stub.heads)
        asked.cancel()
        running.balancer.deregister(stub.endpoint)
        await until(lambda: running.balancer.health(stub.endpoint) == "unused")
        minute = running.balancer.take_minute()
    assert (minute.requests, minute.elb_codes) == (1, {460: 1})
    assert (minute.target_codes, minute.response_times) == ({}, ())


@in_loop
async def test_a_redirect_says_where_the_listener_says() -> None:
    async with balanced(listeners=[listener(80, _TO_HTTPS)]) as running:
        url = URL(running.balancer.urls[80] + "/%61?b=c", encoded=True)
        host = {"Host": "www.example.com"}
        async with running.client.get(url, allow_redirects=False, headers=host) as answer:
            assert answer.status == 301
            assert answer.headers["Location"] == "https://www.example.com:443/%61?b=c"
        assert running.balancer.take_minute().elb_codes == {301: 1}


@in_loop
async def test_a_fixed_response_is_as_the_rule_says() -> None:
    config = {"StatusCode": "418", "ContentType": "application/json", "MessageBody": "{}"}
    fixed = {"Type": "fixed-response", "FixedResponseConfig": config}
    async with (
        balanced(listeners=[listener(80, fixed)]) as running,
        running.client.get(running.balancer.urls[80]) as answer,
    ):
        seen = (answer.status, answer.content_type, await answer.text())
    assert seen == (418, "application/json", "{}")


@in_loop
async def test_connections_are_refused_and_taken_again_on_the_same_port() -> None:
    async with balanced(Stub()) as running:
        await running.get()
        await running.balancer.set_refusing(True)
        with pytest.raises(aiohttp.ClientConnectorError):
            await running.get()
        await running.balancer.set_refusing(False)
        assert await running.get() == (200, "ok")


@in_loop
async def test_what_is_under_way_ends_before_its_connection_is_refused() -> None:
    rest = asyncio.Event()
    stub = Stub(waits_for(rest))
    async with balanced(stub) as running:
        asked = asyncio.create_task(running.get())
        await until(lambda: stub.heads)
        await running.balancer.set_refusing(True)
        rest.set()
        assert await asked == (200, "ok")
        with pytest.raises(aiohttp.ClientConnectorError):
            await running.get()


@in_loop
async def test_nothing_runs_on_when_it_has_stopped() -> None:
    stub = Stub(is_silent)
    async with balanced(stub) as running:
        asked = asyncio.create_task(running.get())
        await until(lambda: stub.heads)
        await running.balancer.stop()
        assert (await asked)[0] == 502
        with pytest.raises(aiohttp.ClientConnectorError):
            await running.get()


@pytest.mark.parametrize(
    ("described", "settings", "attributes", "complaint"),
    [
        pytest.param({}, {}, {"stickiness.enabled": "true"}, "stickiness.enabled true",
                     id="stickiness"),
        pytest.param({}, {}, {"slow_start.duration_seconds": "30"}, "slow_start", id="slow_start"),
        pytest.param({}, {}, {"load_balancing.algorithm.type": "weighted_random"},
                     "weighted_random", id="algorithm"),
        pytest.param({}, {"TargetType": "lambda"}, {}, "target type lambda", id="lambda"),
        pytest.param({}, {"HealthCheckProtocol": "HTTPS"}, {}, "check protocol", id="https"),
        pytest.param({}, {"Matcher": {"HttpCode": "ok"}}, {}, "matcher ok", id="matcher"),
        pytest.param({"Protocol": "TCP"}, {}, {}, "protocol TCP", id="protocol"),
    ],
)  # fmt: skip
def test_what_is_not_modelled_is_refused_by_its_name(
    described: dict[str, Any], settings: dict[str, Any], attributes: dict[str, str], complaint: str
) -> None:
    with pytest.raises(SuiteError, match=complaint):
        Balancer([listener(**described)], group(**settings), attributes, FAST)
