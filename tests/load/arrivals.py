"""Open arrivals: requests leave by schedule, whatever the service does.

A closed loop (one request per user at a time) sends less when the service slows and so hides
what it should show. Here one greenlet walks the schedule and starts each request on its own; a
request's lateness (intended to actual send) is the generator's fault and is recorded apart.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence

import gevent
from gevent.pool import Pool

from tests.load.measure import Recorder
from tests.support.traffic import Page

# An arrival later than this is dropped: the run is past saving, and a backlog that is never shed
# would only fill memory.
TOO_LATE_SECONDS = 1.0


def constant(rate: float, start: float, end: float) -> Iterator[float]:
    """Due times in seconds, evenly spaced at `rate` per second, from `start` up to `end`."""
    for index in range(math.ceil((end - start) * rate)):
        yield start + index / rate


def choices(pages: Sequence[Page], seed: int = 1) -> Iterator[Page]:
    """Endless pages in proportion to their weights; the same seed gives the same order."""
    source = random.Random(seed)
    weights = [page.weight for page in pages]
    while True:
        yield from source.choices(pages, weights, k=1000)


class Dispatcher:
    """Walks a schedule and calls `send(due, page)` for each arrival in a greenlet of its own.

    `origin` is the clock reading at due time 0; at most `connections` requests are under way.
    """

    def __init__(
        self,
        recorder: Recorder,
        origin: float,
        connections: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._recorder = recorder
        self._origin = origin
        self._clock = clock
        self._under_way = Pool(connections)

    def now(self) -> float:
        """Seconds since due time 0."""
        return self._clock() - self._origin

    def run(
        self, schedule: Iterator[float], pages: Iterator[Page], send: Callable[[float, Page], None]
    ) -> None:
        """Start every arrival of the schedule at its time; `drain` waits for the answers."""
        for due, page in zip(schedule, pages, strict=False):
            self._recorder.offered(due)
            lateness = self.now() - due
            if lateness > TOO_LATE_SECONDS:
                self._recorder.dropped(due, lateness)
                continue
            self._wait_until(due)
            if self._under_way.full():
                self._recorder.dropped(due, max(0.0, self.now() - due))
            else:
                self._under_way.spawn(send, due, page)

    def drain(self, timeout_seconds: float) -> None:
        """Wait for the requests under way, then end those that take more than `timeout_seconds`."""
        self._under_way.join(timeout=timeout_seconds)
        self._under_way.kill()

    def _wait_until(self, due: float) -> None:
        # Sleeping 0 when already late lets the answers in; a timer may fire early by the age of
        # the loop's cached clock, hence the repeat.
        gevent.sleep(max(0.0, due - self.now()))
        while (delay := due - self.now()) > 0:
            gevent.sleep(delay)


def sample_cpu(recorder: Recorder, now: Callable[[], float], interval_seconds: float = 1.0) -> None:
    """Record the processor time of this process every interval, for ever; `now` as Dispatcher's.

    Locust's own warning needs more than 20 s of overload; this sees every second.
    """
    before, used_before = now(), time.process_time()
    while True:
        gevent.sleep(interval_seconds)
        after, used = now(), time.process_time()
        recorder.cpu(after, used - used_before, after - before)
        before, used_before = after, used
