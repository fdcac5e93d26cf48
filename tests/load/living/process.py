"""A living region seen from a load run: a process of its own, with a bounded start and an end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.outcomes import SuiteError, Violation
from tests.support.project import ROOT

# A first deployment takes minutes, almost all of it the provider's waits.
REGION = "tests.load.living"
START_SECONDS = 1500.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Started:
    """A region that lives: `url` tells of it, `host` takes requests.

    `environment` leads boto3 to its emulator and has nothing of the user's own AWS settings.
    """

    url: str
    host: str
    environment: Mapping[str, str] = field(repr=False)


@contextlib.contextmanager
def started(options: Sequence[str], module: str = REGION) -> Iterator[Started]:
    """A region started with these options of `python -m tests.load.living`, ended on leaving.

    Its progress goes to standard error. Raises SuiteError when it does not start, Violation where
    what is deployed cannot live.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--json", "--die-with-stdin", *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is answered by whoever started it, in order
    )
    try:
        told = _ready(process)
        yield Started(told["url"], told["host"], _pointed_at(told["aws"]))
        if process.poll() is not None:
            raise SuiteError(f"the region ended by itself, with code {process.returncode}")
    finally:
        end(process, STOP_SECONDS)
        assert process.stdout is not None
        process.stdout.close()


def _ready(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    received = b""
    while not received.endswith(b"\n"):
        left = max(0.0, deadline - time.monotonic())
        readable, _, _ = select.select([process.stdout], [], [], left)
        chunk = os.read(process.stdout.fileno(), 65536) if readable else b""
        if not chunk:
            raise SuiteError(
                "the region did not start; what is wrong is told above"
                if readable
                else f"the region was not ready within {START_SECONDS:g} s"
            )
        received += chunk
    told: dict[str, Any] = json.loads(received)
    if "violation" in told:
        raise Violation(**told["violation"])
    return told


def _pointed_at(emulator: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**own, **emulator}


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Close its standard input, which ends it and all that it started; by force after `seconds`."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
