"""The stand-in as a process: `python -m tests.support.standin --health-path /api/health …`.

Its environment is the container's and nothing else; what it needs besides comes as arguments, or
later on its standard input (`control`). It prints one JSON line, `{"port": …}`, once it listens,
and another, `{"served": …}`, when its standard input closes, which is also how it notices that
whoever started it is gone. With `--container-user` it is the first process of a container: it
listens on every interface, as that user.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import socket
import stat
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.standin import confinement
from tests.support.standin.control import Running, bound_to
from tests.support.standin.service_time import DISTRIBUTIONS
from tests.support.standin.work import Work, parsed

EX_CONFIG = 78
_EVERYWHERE, _LOOPBACK = "0.0.0.0", "127.0.0.1"


def missing_variables(required: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The required names that are absent or empty, in the order asked."""
    return [name for name in required if not environment.get(name)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input closes. Exit code 78 when a required variable is missing."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not _ends(sys.stdin.fileno()):
        parser.error("standard input must be a pipe: its end is what ends this")
    missing = missing_variables(options.require, os.environ)
    if missing:
        print(f"missing environment variables: {', '.join(missing)}", file=sys.stderr)
        return EX_CONFIG
    return asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> int:
    size = options.vcpus, options.memory_mib
    paths = frozenset(options.serve)
    running = Running(paths, options.health_path, size, options.workload, options.distribution)
    if not options.listen_later:
        _say({"port": await running.listen(_bound(options), options.seed)})
    commands = await _standard_input()
    while line := await commands.readline():
        _say(await running.answer(line.decode()))
    running.close()
    _say({"served": running.served})
    return 0


def _bound(options: argparse.Namespace) -> socket.socket:
    """A socket that does not listen yet, bound by the user who may; it is this one's from then."""
    if options.container_user:
        confinement.raise_loopback()
    bound = bound_to(_EVERYWHERE if options.container_user else _LOOPBACK, options.port)
    if options.container_user:
        confinement.become(*options.container_user)
    return bound


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def _ends(stdin: int) -> bool:
    mode = os.fstat(stdin).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(stdin)


def _say(document: Mapping[str, Any]) -> None:
    print(json.dumps(document), flush=True)


def _workload(text: str) -> Work:
    try:
        return parsed(json.loads(text))
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="standin")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--listen-later", action="store_true", help="when told on standard input")
    parser.add_argument("--require", nargs="*", default=[], help="variables it cannot do without")
    parser.add_argument("--serve", nargs="*", default=[], help="paths that answer 200")
    parser.add_argument("--health-path", required=True, help="answers 200 at once")
    parser.add_argument("--vcpus", type=float, default=1.0, help="the size of the task")
    parser.add_argument("--memory-mib", type=float, default=math.inf, help="the size of the task")
    parser.add_argument("--workload", type=_workload, default=Work(), help="a JSON object")
    parser.add_argument("--distribution", choices=DISTRIBUTIONS, default=DISTRIBUTIONS[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--container-user", nargs=2, type=int, metavar=("UID", "GID"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
