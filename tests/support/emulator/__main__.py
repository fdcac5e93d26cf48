"""The emulator in the foreground: `python -m tests.support.emulator serve --account ID`."""

from __future__ import annotations

import argparse
import re
import signal
import sys

from tests.support.emulator.server import serve
from tests.support.outcomes import SuiteError


def main() -> int:
    """Run the command line; 0 after an orderly stop, 1 when the server could not start."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.emulator")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("serve", help="serve AWS on the loopback interface")
    command.add_argument("--port", type=port, default=5000, help="0 takes a free port")
    command.add_argument("--account", type=account, required=True, help="the account's 12-digit id")
    command.add_argument("--die-with-stdin", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        serve(arguments.port, arguments.account, die_with_stdin=arguments.die_with_stdin)
    except KeyboardInterrupt:
        return 0
    except SuiteError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


def port(text: str) -> int:
    """A port number from the command line; 0 is any free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text}: a port is a number from 0 to 65535")
    return int(text)


def account(text: str) -> str:
    """An account id from the command line."""
    if not re.fullmatch(r"[0-9]{12}", text):
        raise argparse.ArgumentTypeError(f"{text}: an account id has 12 digits")
    return text


if __name__ == "__main__":
    sys.exit(main())
