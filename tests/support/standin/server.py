"""A small HTTP/1.1 server: keep-alive, GET and HEAD, known paths answer 200 and others 404."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

_BODY = b'{"status":"ok"}'


class Server:
    """Answers known paths after the next service time, and health at once.

    Every request waits on its own, so a long service time slows answers without limiting how
    many are served: the generator's arrivals stay independent of it. `served` counts answers.
    """

    def __init__(
        self, paths: frozenset[str], health_path: str, service_times: Iterator[float]
    ) -> None:
        self.paths = paths | {health_path}
        self.health_path = health_path
        self.served = 0
        self._service_times = service_times

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client connection, until it closes or says `Connection: close`."""
        gone = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        with contextlib.suppress(*gone), contextlib.closing(writer):
            while await self._answer_one(reader, writer):
                pass

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, _, rest = head.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        known = path in self.paths
        if known and path != self.health_path:
            await asyncio.sleep(next(self._service_times))
        body = _BODY if method != "HEAD" else b""
        status = "200 OK" if known else "404 Not Found"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(_BODY)}\r\n\r\n".encode("latin-1")
            + body
        )
        await writer.drain()
        self.served += 1
        return "connection: close" not in head.lower()
