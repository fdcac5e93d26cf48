"""What every test of the suite itself leaves as it was."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

# What the suite's commands answer in their own way, and a closed pipe, which must not end a test.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)


@pytest.fixture(autouse=True)
def signals_as_they_were() -> Iterator[None]:
    """Give each signal back the handler that it had: a command called here may have set its own.

    A later test's child would inherit what is ignored, and a default may end the whole run.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
