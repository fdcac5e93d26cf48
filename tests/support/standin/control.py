"""What a running stand-in can be told: a JSON object on a line of its standard input.

`{"listen": {"address": "127.0.1.4", "port": 3000, "seed": 7}}` opens the task's one port, for a
stand-in that was started without; `{"workload": {…}}` has it do other work; `{"sample": true}` asks
what it was used for since the last time. Each is answered by one line, also JSON, in turn; what
cannot be done is answered with `{"error": …}`.
"""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

from tests.support.standin.container import Container
from tests.support.standin.server import Server, ending_when_killed
from tests.support.standin.work import Work, parsed


class Running:
    """A stand-in that listens, or will once it is told where."""

    def __init__(
        self,
        paths: frozenset[str],
        health_path: str,
        size: tuple[float, float],
        work: Work,
        distribution: str,
    ) -> None:
        self._paths, self._health_path = paths, health_path
        self._size, self._work, self._distribution = size, work, distribution
        self._listening: asyncio.Server | None = None
        self._server: Server | None = None
        self._sampled = 0

    @property
    def served(self) -> int:
        """Requests answered so far, those for the health path apart."""
        return self._server.served if self._server else 0

    async def listen(self, bound: socket.socket, seed: int) -> int:
        """Serve on a bound socket from now on; its port."""
        now = asyncio.get_running_loop().time()
        with ending_when_killed():
            container = Container(*self._size, self._work, self._distribution, seed, now)
        self._server = Server(self._paths, self._health_path, container)
        self._listening = await asyncio.start_server(self._server.connection, sock=bound)
        return int(bound.getsockname()[1])

    def close(self) -> None:
        """Take no more connections."""
        if self._listening:
            self._listening.close()

    async def answer(self, line: str) -> dict[str, Any]:
        """Do what a line asks for; the answer to it."""
        try:
            match json.loads(line):
                case {"listen": {"address": str(host), "port": int(port), "seed": int(seed)}}:
                    return {"port": await self.listen(bound_to(host, port), seed)}
                case {"workload": dict(document)}:
                    return self._put(parsed(document))
                case {"sample": True} if self._server:
                    return self._sample(self._server)
            return {"error": f"cannot be told {line.strip()}"}
        except (ValueError, OSError) as error:
            return {"error": getattr(error, "strerror", None) or str(error)}

    def _put(self, work: Work) -> dict[str, Any]:
        self._work = work
        if self._server:
            with ending_when_killed():
                self._server.container.put(work, asyncio.get_running_loop().time())
        return {"workload": "put"}

    def _sample(self, server: Server) -> dict[str, Any]:
        used = server.container.sample(asyncio.get_running_loop().time())
        served, self._sampled = server.served - self._sampled, server.served
        return {**used, "served": served}


def bound_to(address: str, port: int) -> socket.socket:
    """A socket that does not listen yet. Raises OSError where it cannot be had."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound
