"""Visitors in a closed loop: each sends its next request once the one before is answered.

What they send falls when the service slows, and none of it is late.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator

import gevent

from tests.load.generator.arrivals import Dispatcher
from tests.support.traffic import Page

VISITORS = int(os.environ.get("CLOSED_VISITORS", "2"))


class ClosedLoop(Dispatcher):
    """Sends whenever a visitor is free; what was due and did not leave is only known as offered."""

    def run(
        self,
        due_times: Iterator[float],
        pages: Iterator[Page],
        send: Callable[[float, Page], None],
    ) -> None:
        """Each visitor sends one request after the other until the schedule is over."""
        due, promised = itertools.tee(due_times)
        for at in promised:
            self._recorder.offered(at)
            end = at
        self._wait_until(0)
        visitors = [
            self._under_way.spawn(self._visit, due, pages, send, end) for _ in range(VISITORS)
        ]
        gevent.joinall(visitors)

    def _visit(
        self,
        due: Iterator[float],
        pages: Iterator[Page],
        send: Callable[[float, Page], None],
        end: float,
    ) -> None:
        for at, page in zip(due, pages, strict=False):
            self._wait_until(at)
            if self.now() > end:
                return
            send(self.now(), page)
