"""`python -m tests.selftest.load.instant_server`: answers every request at once.

As little as a server can do, so that what is measured against it is the client. Prints its port as
a JSON line; ends when its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import sys

_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    b'{"status":"ok"}'
)


class AtOnce(asyncio.Protocol):
    """Answers every request head with the same bytes."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep who to answer."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """One answer for each request in it."""
        self.transport.write(_ANSWER * data.count(b"\r\n\r\n"))


async def main() -> None:
    """Serve until standard input closes."""
    server = await asyncio.get_running_loop().create_server(AtOnce, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
