"""Telling people what came out: a pipe that is closed or a plain terminal ends no run."""

from __future__ import annotations

import os
import sys


def say(line: str) -> None:
    """Print a line at once.

    What the terminal cannot show is told by its number. Who no longer listens, as `head` does not
    after its lines, misses only what the reports and the exit code say as well.
    """
    try:
        try:
            print(line, flush=True)
        except UnicodeEncodeError:
            print(line.encode("ascii", "backslashreplace").decode(), flush=True)
    except OSError:
        # Else what is left to print ends the interpreter with a code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
