"""A load balancer on loopback with targets that do as a test says."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any, ParamSpec

import aiohttp
from yarl import URL

from tests.load.living.balancer import Balancer, Endpoint
from tests.load.living.clock import Clock

GROUP_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/app/0123456789abcdef"
HEALTH = "/api/health"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
# A fast region, so that no test waits for its intervals.
FAST = Clock(1000, 0, 0)
_PATIENCE = 60
_Case = ParamSpec("_Case")


def in_loop(
    case: Callable[_Case, Coroutine[Any, Any, None]],
) -> Callable[_Case, None]:
    """Run a test in an event loop, within bounds."""

    @functools.wraps(case)
    def run(*args: _Case.args, **kwargs: _Case.kwargs) -> None:
        asyncio.run(asyncio.wait_for(case(*args, **kwargs), _PATIENCE))

    return run


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that the load balancer brings about; the test's bound ends it."""
    while not holds():
        await asyncio.sleep(0.005)


class Stub:
    """A target: `answer` writes what comes back to a request, `heads` is what it was sent.

    A health check gets `health`, and no place in `heads`.
    """

    def __init__(self, answer: Answer | bytes = OK, health: bytes = OK, zone: str = "a") -> None:
        self.answer, self.health, self.zone = answer, health, zone
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.checks: list[str] = []
        self.connections = 0
        self.endpoint: Endpoint
        self._serving: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Endpoint]:
        """On a free loopback port."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1], self.zone)
        try:
            yield self.endpoint
        finally:
            server.close()
            serving = list(self._serving)
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._connection(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.closing(writer),
            contextlib.suppress(ConnectionError, asyncio.IncompleteReadError),
        ):
            while not writer.is_closing():
                await self._request(reader, writer)

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if f" {HEALTH} " in head:
            self.checks.append(head)
            writer.write(self.health)
            return
        self.heads.append(head)
        length = head.lower().partition("content-length: ")[2].partition("\r")[0]
        self.bodies.append(await reader.readexactly(int(length or 0)))
        if isinstance(self.answer, bytes):
            writer.write(self.answer)
        else:
            await self.answer(writer)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def closes(writer: asyncio.StreamWriter) -> None:
    """Close the connection instead of an answer."""
    writer.close()


async def is_silent(writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.sleep(_PATIENCE)


def waits_for(event: asyncio.Event, then: bytes = OK, before: bytes = b"") -> Answer:
    """Write `before` at once and the rest after the event."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(before)
        await event.wait()
        writer.write(then)

    return answer


def group(**changed: Any) -> dict[str, Any]:
    """What DescribeTargetGroups says of the target group, but for what is changed."""
    return {
        "TargetGroupArn": GROUP_ARN,
        "TargetType": "ip",
        "Protocol": "HTTP",
        "ProtocolVersion": "HTTP1",
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckPath": HEALTH,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 3,
        "Matcher": {"HttpCode": "200"},
    } | changed


def listener(
    port: int = 443, action: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """What DescribeListeners says of one that forwards, but for what is changed."""
    forward = {"Type": "forward", "TargetGroupArn": GROUP_ARN}
    return {
        "ListenerArn": f"arn:listener/{port}",
        "Protocol": "HTTPS" if port == 443 else "HTTP",
        "Port": port,
        "DefaultActions": [action or forward],
    } | more


class Balanced:
    """A running load balancer and a client of it."""

    def __init__(
        self, balancer: Balancer, client: aiohttp.ClientSession, stubs: tuple[Stub, ...]
    ) -> None:
        self.balancer, self.client, self.stubs = balancer, client, stubs

    async def get(self, path: str = "/", port: int = 443, **options: Any) -> tuple[int, str]:
        """Status and body of a request to the listener of that port."""
        return await self.send("GET", path, port, **options)

    async def send(
        self, method: str, path: str, port: int = 443, **options: Any
    ) -> tuple[int, str]:
        """Status and body of any request."""
        url = URL(self.balancer.urls[port] + path, encoded=True)
        async with self.client.request(method, url, allow_redirects=False, **options) as answer:
            return answer.status, await answer.text()


@contextlib.asynccontextmanager
async def balanced(
    *stubs: Stub,
    listeners: list[dict[str, Any]] | None = None,
    attributes: Mapping[str, str] | None = None,
    clock: Clock = FAST,
    healthy: bool = True,
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Balanced]:
    """A load balancer with these targets, once they are healthy unless a test says otherwise."""
    balancer = Balancer(listeners or [listener()], group(**settings or {}), attributes or {}, clock)
    async with contextlib.AsyncExitStack() as stack:
        for stub in stubs:
            await stack.enter_async_context(stub.listening())
        await balancer.start()
        stack.push_async_callback(balancer.stop)
        client = await stack.enter_async_context(aiohttp.ClientSession())
        for stub in stubs:
            balancer.register(stub.endpoint)
        if healthy:
            await until(lambda: all(balancer.health(s.endpoint) == "healthy" for s in stubs))
        yield Balanced(balancer, client, stubs)
