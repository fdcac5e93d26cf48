"""The stand-in as a process: `python -m tests.support.standin --health-path /api/health …`.

Its environment is the container's and nothing else; what it needs besides comes as arguments.
It prints one JSON line, `{"port": …}`, once it listens, and another, `{"served": …}`, when its
standard input closes, which is also how it notices that whoever started it is gone. With
`--container-user` it is the first process of a container: it listens on every interface, as that
user.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence

from tests.support.standin import confinement
from tests.support.standin.server import Server
from tests.support.standin.service_time import DISTRIBUTIONS, draws

EX_CONFIG = 78


def missing_variables(required: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The required names that are absent or empty, in the order asked."""
    return [name for name in required if not environment.get(name)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input closes. Exit code 78 when a required variable is missing."""
    options = _parser().parse_args(arguments)
    missing = missing_variables(options.require, os.environ)
    if missing:
        print(f"missing environment variables: {', '.join(missing)}", file=sys.stderr)
        return EX_CONFIG
    return asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> int:
    times = draws(options.distribution, options.service_time, options.variation, options.seed)
    server = Server(frozenset(options.serve), options.health_path, times)
    listening = await asyncio.start_server(server.connection, sock=_bound(options))
    print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)
    await _standard_input_closed()
    listening.close()
    print(json.dumps({"served": server.served}), flush=True)
    return 0


def _bound(options: argparse.Namespace) -> socket.socket:
    """A socket that does not listen yet, bound by the user who may; it is this one's from then."""
    if options.container_user:
        confinement.raise_loopback()
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("0.0.0.0" if options.container_user else "127.0.0.1", options.port))
    if options.container_user:
        confinement.become(*options.container_user)
    return bound


async def _standard_input_closed() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="standin")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--require", nargs="*", default=[], help="variables it cannot do without")
    parser.add_argument("--serve", nargs="*", default=[], help="paths that answer 200")
    parser.add_argument("--health-path", required=True, help="answers 200 at once")
    parser.add_argument("--service-time", type=float, default=0.0, help="mean, in seconds")
    parser.add_argument("--distribution", choices=DISTRIBUTIONS, default="lognormal")
    parser.add_argument("--variation", type=float, default=0.5, help="deviation over mean")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--container-user", nargs=2, type=int, metavar=("UID", "GID"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
