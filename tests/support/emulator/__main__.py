"""`python -m tests.support.emulator serve --port N --account ID`: the emulator in the foreground."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.support.emulator.server import HOST, serve


def main() -> int:
    """Run the command line; 0 after an orderly stop, 1 when the server could not start."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.emulator")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("serve", help="serve AWS on the loopback interface")
    command.add_argument("--port", type=int, default=5000, help="0 takes a free port")
    command.add_argument("--account", required=True, help="the account's 12-digit id")
    command.add_argument("--die-with-stdin", action="store_true", help=argparse.SUPPRESS)
    command.add_argument("--without-gaps", action="store_true", help="moto as it is")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        serve(
            arguments.port,
            arguments.account,
            die_with_stdin=arguments.die_with_stdin,
            with_gaps=not arguments.without_gaps,
        )
    except KeyboardInterrupt:
        return 0
    except OSError as problem:
        print(
            f"error: cannot listen on {HOST}:{arguments.port}: {problem.strerror}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
