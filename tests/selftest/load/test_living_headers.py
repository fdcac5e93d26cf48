"""A target gets the client's request, and is told of the client."""

from __future__ import annotations

import re

import pytest

from tests.selftest.load.balanced import Stub, balanced, in_loop, listener


@in_loop
async def test_a_request_reaches_the_target_as_it_was_sent() -> None:
    stub = Stub()
    async with balanced(stub) as running:
        await running.send(
            "PUT", "/%61%2Fb/../?q=%7E", data=b"body", headers={"Host": "www.example.com"}
        )
    assert stub.heads[0].startswith("PUT /%61%2Fb/../?q=%7E HTTP/1.1\r\n")
    assert "Host: www.example.com\r\n" in stub.heads[0]
    assert stub.bodies == [b"body"]


@in_loop
async def test_a_request_has_the_client_s_header_fields_and_those_of_a_load_balancer() -> None:
    stub, generated = Stub(), ["User-Agent", "Accept", "Accept-Encoding"]
    async with balanced(stub) as running:
        own = {"X-Own": "a", "TE": "trailers", "Keep-Alive": "5"}
        await running.get(headers=own, skip_auto_headers=generated)
    names = [line.partition(":")[0] for line in stub.heads[0].splitlines()[1:-1]]
    added = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Amzn-Trace-Id"]
    assert sorted(names) == sorted(["Host", "X-Own", *added])


@pytest.mark.parametrize(
    ("port", "given", "seen"),
    [
        pytest.param(443, {}, r"X-Forwarded-For: 127\.0\.0\.1\r", id="client"),
        pytest.param(443, {"X-Forwarded-For": "192.0.2.1"},
                     r"X-Forwarded-For: 192\.0\.2\.1, 127\.0\.0\.1\r", id="client_of_a_proxy"),
        pytest.param(443, {}, r"X-Forwarded-Proto: https\r", id="https"),
        pytest.param(8080, {}, r"X-Forwarded-Proto: http\r", id="http"),
        pytest.param(443, {"X-Forwarded-Port": "1"}, r"X-Forwarded-Port: 443\r", id="port"),
        pytest.param(443, {}, r"X-Amzn-Trace-Id: Root=1-[0-9a-f]{8}-[0-9a-f]{24}\r", id="root"),
        pytest.param(443, {"X-Amzn-Trace-Id": "Self=1-a-b;Root=1-c-d;CalledFrom=app"},
                     r"X-Amzn-Trace-Id: Self=1-\w{8}-\w{24};Root=1-c-d;CalledFrom=app\r",
                     id="self"),
    ],
)  # fmt: skip
@in_loop
async def test_a_target_is_told_of_the_client(port: int, given: dict[str, str], seen: str) -> None:
    stub = Stub()
    async with balanced(stub, listeners=[listener(443), listener(8080)]) as running:
        await running.get("/", port, headers=given)
    assert re.search(seen, stub.heads[0])
