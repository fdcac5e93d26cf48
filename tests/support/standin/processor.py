"""A task's processor as a queue, and what has happened in it up to a moment.

Nothing computes: when a request will be through is reckoned when it arrives, from when the servers
will be free. A timer that fires late thus delays one answer and none of those behind it.
"""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush, heapreplace


class Occupied:
    """How long things have taken, summed, each as far as it has passed.

    Asked in the order of time, as the clock runs: what is past is kept as a sum.
    """

    def __init__(self) -> None:
        self._past = 0.0
        self._open: list[tuple[float, float]] = []

    def add(self, begin: float, end: float) -> None:
        """Something that takes from one moment to another, which may both be still to come."""
        heappush(self._open, (end, begin))

    def count(self, now: float) -> int:
        """How many have not ended."""
        self._close(now)
        return len(self._open)

    def seconds(self, now: float) -> float:
        """The sum up to now."""
        self._close(now)
        return self._past + math.fsum(max(0.0, now - begin) for _, begin in self._open)

    def _close(self, now: float) -> None:
        while self._open and self._open[0][0] <= now:
            end, begin = heappop(self._open)
            self._past += end - begin


class Processor:
    """Serves in the order of arrival with one server for each whole vCPU, at least one.

    With less than a vCPU, or with a part of one, each server is slower or faster by what the share
    lacks or exceeds, so that all together do the work of so many vCPUs.
    """

    def __init__(self, vcpus: float) -> None:
        self.servers = max(1, math.floor(vcpus))
        self._stretch = self.servers / vcpus
        self._free_at = [0.0] * self.servers
        heapify(self._free_at)
        self.busy = Occupied()

    def take(self, now: float, cpu_seconds: float) -> float:
        """When a request that arrives now and needs so much of a vCPU will be through."""
        begin = max(now, self._free_at[0])
        end = begin + cpu_seconds * self._stretch
        heapreplace(self._free_at, end)
        self.busy.add(begin, end)
        return end
