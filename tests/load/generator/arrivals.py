"""Open arrivals: requests leave by schedule, whatever the service does.

A closed loop (one request per user at a time) sends less when the service slows and so hides
what it should show. Here one greenlet walks the schedule and starts each request on its own; a
request's lateness (intended to actual send) is the generator's fault and is recorded apart.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import gevent
from gevent.pool import Pool

from tests.load.generator.measure import Recorder
from tests.load.scenarios.shapes import Scenario, Stage
from tests.support.traffic import Page

# An arrival later than this is dropped: the run is past saving, and a backlog that is never shed
# would only fill memory.
TOO_LATE_SECONDS = 1.0

_Item = TypeVar("_Item")


def schedule(scenario: Scenario, minute_seconds: float, seed: int = 1) -> Iterator[float]:
    """When each request of a scenario is due, in real seconds since it began.

    The same seed gives the same times.
    """
    return due_times(scenario.stages, minute_seconds, GAPS[scenario.arrivals](seed))


def evenly(_: int = 0) -> Iterator[float]:
    """Gaps of one request after the other, the first at once: an even spacing at any rate."""
    return itertools.chain([0.0], itertools.repeat(1.0))


def poisson(seed: int = 1) -> Iterator[float]:
    """Gaps of a Poisson process with one request on average: arrivals that know of no other."""
    source = random.Random(seed)
    while True:
        yield source.expovariate(1.0)


GAPS: dict[str, Callable[[int], Iterator[float]]] = {"constant": evenly, "poisson": poisson}


def due_times(
    stages: Iterable[Stage], minute_seconds: float, gaps: Iterator[float]
) -> Iterator[float]:
    """Real seconds at which the expected number of requests has grown by the next gap.

    So a process of one request per unit becomes one of any rate (time change of a Poisson process;
    Lewis and Shedler 1979), and an even one stays even while the rate changes.
    """
    begin, gap = 0.0, next(gaps)
    for stage in stages:
        seconds = stage.minutes * minute_seconds
        slope = (stage.rate_to - stage.rate_from) / seconds
        expected = (stage.rate_from + stage.rate_to) / 2 * seconds
        # The mass of a stage is left open at its end, where rounding could let one more in.
        while gap < expected * (1 - 1e-12):
            yield begin + _when(gap, stage.rate_from, slope)
            gap += next(gaps)
        gap = max(0.0, gap - expected)
        begin += seconds


def _when(requests: float, rate: float, slope: float) -> float:
    """Seconds until so many requests are expected at a rate that changes by the second."""
    root = math.sqrt(max(0.0, rate * rate + 2 * slope * requests))
    # The form that does not cancel; it is also right for a slope of nothing.
    return 2 * requests / (rate + root) if requests else 0.0


def share(items: Iterable[_Item], index: int, of: int) -> Iterator[_Item]:
    """What one of so many generators sends: all shares together are the items, each once."""
    return itertools.islice(items, index, None, of)


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
        self,
        due_times: Iterator[float],
        pages: Iterator[Page],
        send: Callable[[float, Page], None],
    ) -> None:
        """Start every arrival of the schedule at its time; `drain` waits for the answers."""
        for due, page in zip(due_times, pages, strict=False):
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
