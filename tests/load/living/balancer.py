"""An Application Load Balancer on loopback, as AWS documents it.

Sources: Elastic Load Balancing user guide, "HTTP connections", "HTTP headers and Application Load
Balancers", "Request tracing" and "Troubleshoot": 503 when no target is registered; 502 when the
target refuses the connection, closes it with a request outstanding or answers what is not HTTP;
504 when it does not accept a connection within 10 s or is silent for the idle timeout; 460, which
nobody receives, when the client closes the connection first. Nothing is sent twice.

Listeners speak plain HTTP/1.1, those for HTTPS too: TLS ends before what is measured. HTTP/2 and
WebSockets are not modelled. It is a single node that spreads requests across zones.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from tests.load.living.balancer_metrics import BalancerMinute, ZoneMinute
from tests.load.living.clock import Clock
from tests.load.living.headers import for_target, passed_on
from tests.load.living.listeners import Answer, Asked, Forward, Listener
from tests.load.living.modelled import known_attributes
from tests.load.living.targets import Endpoint, Settings, State, Target, TargetGroup

__all__ = ["Balancer", "BalancerMinute", "Endpoint", "State"]

CONNECT_SECONDS = 10.0
CLIENT_GONE = 460
_IDLE = "idle_timeout.timeout_seconds"
_LOOPBACK = "127.0.0.1"
_BACKLOG = 1024
_WHOLE_BYTES = 65536
_SERVER = "awselb/2.0"
_GENERATED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass
class _Counts:
    """Since the last minute was taken."""

    requests: int = 0
    elb_codes: Counter[int] = field(default_factory=Counter)
    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    codes: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    connection_errors: Counter[str] = field(default_factory=Counter)


@dataclass
class _Sent:
    """When the request, as far as it has been sent, left the load balancer."""

    at: float = 0.0


class Balancer:
    """One load balancer with one target group.

    `listeners` are DescribeListeners' with DescribeRules' under "Rules"; `group` is
    DescribeTargetGroups'; `attributes` are the load balancer's and the target group's. Raises
    SuiteError naming what is not modelled. `urls` says where each deployed port is, once started.
    """

    def __init__(
        self,
        listeners: Sequence[Mapping[str, Any]],
        group: Mapping[str, Any],
        attributes: Mapping[str, str],
        clock: Clock,
    ) -> None:
        known_attributes(group["TargetGroupArn"], attributes)
        self._listeners = [Listener.of(one, group["TargetGroupArn"]) for one in listeners]
        self._group = TargetGroup(Settings.of(group, attributes), clock)
        self._idle = float(attributes.get(_IDLE, "60"))
        self._counts = _Counts()
        self._stack = contextlib.AsyncExitStack()
        self._servers: dict[int, web.Server] = {}
        self._ports: dict[int, int] = {}
        self._open: list[asyncio.Server] = []
        self._busy: set[web.RequestHandler] = set()
        self._refusing = True
        self._session: aiohttp.ClientSession
        self.register = self._group.register
        self.deregister = self._group.deregister
        self.health = self._group.health
        self.urls: dict[int, str] = {}

    async def start(self) -> None:
        """Listen for every listener, each on a free loopback port."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=self._idle)
        sending = aiohttp.TraceConfig()
        sending.on_request_headers_sent.append(_left)
        sending.on_request_chunk_sent.append(_left)
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_GENERATED,
                trace_configs=[sending],
                timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=self._idle),
            )
        )
        # aiohttp would send again what a kept connection lost; a load balancer answers 502.
        self._session._retry_connection = False  # noqa: SLF001
        for listener in self._listeners:
            self._servers[listener.port] = web.Server(
                functools.partial(self._handle, listener),
                handler_cancellation=True,
                access_log=None,
                keepalive_timeout=self._idle,
            )
            # Bound but not listening, it keeps the port while connections are refused.
            kept = self._stack.enter_context(_bound(0))
            self._ports[listener.port] = kept.getsockname()[1]
            self.urls[listener.port] = f"http://{_LOOPBACK}:{self._ports[listener.port]}"
        await self.set_refusing(False)

    async def stop(self) -> None:
        """Close every connection; a request under way ends with 502."""
        await self.set_refusing(True)
        await self._group.stop()
        for server in self._servers.values():
            await server.shutdown(0)
        await self._stack.aclose()

    async def set_refusing(self, refusing: bool) -> None:
        """Refuse connections and close those that are kept, at once or after what is under way.

        Or listen again, on the same ports.
        """
        self._refusing = refusing
        for listening in self._open:
            listening.close()
        self._open = []
        for port, server in self._servers.items():
            if refusing:
                for connection in set(server.connections) - self._busy:
                    connection.force_close()
            else:
                listening = await asyncio.get_running_loop().create_server(
                    server, sock=_bound(self._ports[port]), backlog=_BACKLOG
                )
                self._open.append(listening)

    def take_minute(self) -> BalancerMinute:
        """What happened since the last call."""
        counts, self._counts = self._counts, _Counts()
        hosts = self._group.take_hosts()
        zones = {
            zone: ZoneMinute(
                *hosts.get(zone, (0, 0, 0)),
                tuple(counts.times[zone]),
                dict(counts.codes[zone]),
                counts.connection_errors[zone],
            )
            for zone in sorted(hosts.keys() | counts.codes.keys() | counts.connection_errors.keys())
        }
        return BalancerMinute(counts.requests, dict(counts.elb_codes), zones)

    async def _handle(self, listener: Listener, request: web.BaseRequest) -> web.StreamResponse:
        self._busy.add(request.protocol)
        try:
            response = await self._act(listener, request)
        except asyncio.CancelledError:
            self._counts.elb_codes[CLIENT_GONE] += 1
            raise
        finally:
            self._busy.discard(request.protocol)
        if self._refusing:
            response.force_close()
        return response

    async def _act(self, listener: Listener, request: web.BaseRequest) -> web.StreamResponse:
        host, url = request.headers.get(hdrs.HOST, ""), request.rel_url
        asked = Asked(request.method, host, url.raw_path, url.raw_query_string, request.headers)
        action = listener.action(asked)
        if isinstance(action, Forward):
            return await self._forward(listener, request)
        return self._redirect_or_fixed(listener, action, asked)

    def _redirect_or_fixed(self, listener: Listener, action: Answer, asked: Asked) -> web.Response:
        if action.location is None:
            return self._own(action.status, action.body, action.content_type)
        answer = self._own(action.status)
        answer.headers[hdrs.LOCATION] = action.location.of(asked, listener.protocol, listener.port)
        return answer

    def _own(self, status: int, body: str | None = None, kind: str = "text/html") -> web.Response:
        """An answer of the load balancer's own."""
        self._counts.elb_codes[status] += 1
        text = f"{status} {HTTPStatus(status).phrase}" if body is None else body
        return web.Response(
            status=status, text=text, content_type=kind, headers={hdrs.SERVER: _SERVER}
        )

    async def _forward(self, listener: Listener, request: web.BaseRequest) -> web.StreamResponse:
        target = self._group.choose()
        if target is None:
            return self._own(503)
        self._counts.requests += 1
        zone = target.endpoint.zone
        cut = asyncio.timeout(None)
        try:
            async with cut:
                with target.handling(cut):
                    return await self._ask(listener, request, target)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._counts.connection_errors[zone] += 1
            return self._own(504 if isinstance(error, TimeoutError) else 502)
        except TimeoutError:
            return self._own(502 if cut.expired() else 504)
        except (aiohttp.ClientError, OSError):
            return self._own(502)

    async def _ask(
        self, listener: Listener, request: web.BaseRequest, target: Target
    ) -> web.StreamResponse:
        endpoint = target.endpoint
        url = URL(f"http://{endpoint.address}:{endpoint.port}{request.raw_path}", encoded=True)
        sent = _Sent()
        async with self._session.request(
            request.method,
            url,
            headers=for_target(request, listener),
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
            trace_request_ctx=sent,
        ) as answer:
            self._counts.times[endpoint.zone].append(time.perf_counter() - sent.at)
            self._counts.codes[endpoint.zone][answer.status // 100] += 1
            headers = passed_on(answer.headers)
            length = answer.content_length
            if length is not None and length <= _WHOLE_BYTES:
                body = await answer.read()
                return web.Response(
                    status=answer.status, reason=answer.reason, headers=headers, body=body or None
                )
            return await _streamed(request, answer, headers)


async def _streamed(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, headers: CIMultiDict[str]
) -> web.StreamResponse:
    """Pass the body on as it comes; if it breaks off, close the client's connection."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    await response.prepare(request)
    try:
        async for part in answer.content.iter_any():
            await response.write(part)
        await response.write_eof()
    except BaseException:
        # The status is out: nothing but the connection can say that the body is not whole.
        if request.transport is not None:
            request.transport.abort()
        raise
    return response


async def _left(_: aiohttp.ClientSession, context: Any, __: Any) -> None:
    context.trace_request_ctx.at = time.perf_counter()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((_LOOPBACK, port))
    return bound
