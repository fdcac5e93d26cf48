"""The emulator for a person: `up`, `down` and `status`, or `serve` in the foreground, empty."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from pathlib import Path

from tests.support.emulator.server import serve
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

ENVIRONMENTS = ("develop", "staging", "production")
INTERRUPTED = 130


def main() -> int:
    """Run the command line; 0 when it is as asked for, 1 with one line of error when it is not."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.emulator")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("up", help="start it with the stack deployed; prints variables")
    command.add_argument("--environment", choices=ENVIRONMENTS, default="staging")
    command.add_argument("--stack", type=Path, default=ROOT / "terraform", help="%(default)s")
    command.add_argument("--port", type=port, default=0, help="0, the default, takes a free one")
    commands.add_parser("down", help="end it")
    commands.add_parser("status", help="tell whether it is up, where and with what")
    command = commands.add_parser("serve", help="serve AWS on the loopback interface")
    command.add_argument("--port", type=port, default=5000, help="0 takes a free port")
    command.add_argument("--account", type=account, required=True, help="the account's 12-digit id")
    command.add_argument("--die-with-stdin", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 0 if arguments.command == "serve" else INTERRUPTED
    except SuiteError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; the exit code. Raises SuiteError."""
    if arguments.command == "serve":
        serve(arguments.port, arguments.account, die_with_stdin=arguments.die_with_stdin)
        return 0
    # It deploys, and so needs far more than a server does.
    from tests.support import standing_emulator

    match arguments.command:
        case "up":
            return standing_emulator.up(arguments.stack, arguments.environment, arguments.port)
        case "down":
            return standing_emulator.down()
    return standing_emulator.status()


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
