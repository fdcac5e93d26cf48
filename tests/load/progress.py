"""What a run tells while it goes on."""

from __future__ import annotations

import math

import gevent

from tests.load.generator.conductor import Conductor
from tests.load.generator.measure import quantile
from tests.load.verdict import gate
from tests.support.telling import say

EVERY_SECONDS = 10.0


def show(conductor: Conductor) -> None:
    """Print a line on the minute that is under way every few seconds, for ever."""
    while True:
        gevent.sleep(EVERY_SECONDS)
        now, current = max(0.0, conductor.now()), conductor.period()
        times = current.samples
        shown = f"{math.fsum(times) / len(times):.3f} s" if times else "no answer yet"
        say(
            f"  {gate.clock(now)}  sent {current.sent} of {current.offered} due, mean {shown},"
            f" errors {sum(current.errors.values())}, lateness p99"
            f" {1000 * quantile(current.lateness, 0.99):.1f} ms"
        )
