"""A small HTTP/1.1 server: keep-alive, GET and HEAD, known paths answer 200 and others 404."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator

from tests.support.standin.container import Container, OutOfMemoryError

# What Docker and ECS report of a container that the kernel has killed: 128 + SIGKILL.
KILLED = 137
# By what they call themselves: a load balancer's checks and those of a container's own command.
_CHECKERS = ("user-agent: elb-healthchecker/", "user-agent: curl/")
_BODY = b'{"status":"ok"}'


class Server:
    """Answers its paths when the container is through with them, and health at once.

    Health asks for no processor: a task that is busy, however much, is not taken for a broken one.
    `served` counts the answers to all but health checks. The process ends as if it were killed as
    soon as its requests need more memory than the container has.
    """

    def __init__(self, paths: frozenset[str], health_path: str, container: Container) -> None:
        self.paths = paths
        self.health_path = health_path
        self.container = container
        self.served = 0

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
        status = await self._status(path)
        body = _BODY if method != "HEAD" else b""
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(_BODY)}\r\n\r\n".encode("latin-1")
            + body
        )
        await writer.drain()
        head = head.lower()
        self.served += not any(one in head for one in _CHECKERS)
        return "connection: close" not in head

    async def _status(self, path: str) -> str:
        """The status line's end, once it is due."""
        if path == self.health_path:
            return "200 OK"
        if path not in self.paths:
            return "404 Not Found"
        now = asyncio.get_running_loop().time
        with ending_when_killed():
            due = self.container.admit(now())
        if due is None:
            return "500 Internal Server Error"
        await asyncio.sleep(max(0.0, due - now()))
        return "200 OK"


@contextlib.contextmanager
def ending_when_killed() -> Iterator[None]:
    """End the process, with everything under way in it, where the kernel would kill it."""
    try:
        yield
    except OutOfMemoryError:
        os._exit(KILLED)
