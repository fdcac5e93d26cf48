"""The task's modelled processor and memory under its work, and what both were used for."""

from __future__ import annotations

import math
from random import Random

from tests.support.standin.processor import Occupied, Processor
from tests.support.standin.service_time import drawing
from tests.support.standin.work import Work

_ALL = 100.0
# An allocator keeps for a while what a request has given back, and a collector comes now and then:
# what a process holds is what its requests have held lately, not what they hold this instant.
HELD_SECONDS = 3.0


class OutOfMemoryError(Exception):
    """The task needs more memory than it has, at which Fargate kills it."""


class Container:
    """A task of so many vCPUs and MiB of memory. Every `now` is in seconds, and none is earlier.

    Raises OutOfMemoryError as soon as idle task and requests hold more than `memory_mib`: what they
    have used, averaged with a weight that decays over HELD_SECONDS.
    """

    def __init__(
        self, vcpus: float, memory_mib: float, work: Work, distribution: str, seed: int, now: float
    ) -> None:
        self.processor = Processor(vcpus)
        self._memory_mib = memory_mib
        self._distribution = distribution
        self._chance = Random(seed)
        self._present = Occupied()
        self._work = work
        self._seen = self._accounted = now
        self._held = work.idle_memory_mib
        self._memory = self._busy = self._inside = self._counted = 0.0
        self.put(work, now)

    def put(self, work: Work, now: float) -> None:
        """Do other work from now on; requests in the task keep the time they take."""
        self._account(now)
        self._work = work
        self._draw = drawing(self._distribution, work.cpu_seconds, work.variation)
        self._check_memory(now)

    def admit(self, now: float) -> float | None:
        """When a request that arrives now is to be answered; None: at once, with an error."""
        if self._work.failing_percent and self._fails():
            return None
        leave = self.processor.take(now, self._draw(self._chance)) + self._work.other_seconds
        self._present.add(now, leave)
        self._check_memory(now)
        return leave

    def sample(self, now: float) -> dict[str, float]:
        """What happened since the last sample.

        `busy_seconds` of all servers together, `present_seconds` of all requests together,
        `memory_mib` on average, in so many `seconds`.
        """
        self._account(now)
        busy, inside, seconds = self.processor.busy.seconds(now), self._counted, now - self._seen
        idle = self._work.idle_memory_mib
        sample = {
            "busy_seconds": busy - self._busy,
            "present_seconds": inside - self._inside,
            "memory_mib": self._memory / seconds if seconds > 0 else idle,
            "seconds": seconds,
        }
        self._seen, self._busy, self._inside = now, busy, inside
        self._memory = 0.0
        return sample

    def _fails(self) -> bool:
        return self._chance.random() * _ALL < self._work.failing_percent

    def _account(self, now: float) -> None:
        """Add up the memory that the work so far has used since it was last added up."""
        counted, passed = self._present.seconds(now), now - self._accounted
        used = self._work.idle_memory_mib * passed
        used += self._work.request_memory_mib * (counted - self._counted)
        self._memory += used
        if passed > 0:
            recent = used / passed
            self._held = recent + (self._held - recent) * math.exp(-passed / HELD_SECONDS)
        self._accounted, self._counted = now, counted

    def _check_memory(self, now: float) -> None:
        self._account(now)
        held = max(self._held, self._work.idle_memory_mib)
        if held > self._memory_mib:
            raise OutOfMemoryError(f"{held:g} MiB of {self._memory_mib:g}")
