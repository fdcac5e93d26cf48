"""`python -m tests.selftest.load.bench_engines`: how long the engines take for a day.

A day of one-minute data for everything in the stack that has an alarm or scales, on a virtual
clock: each alarm and each policy replayed over a made-up day, and then the modelled service, which
drives both. Prints seconds; judges nothing.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable

from tests.load.plan import STACK
from tests.load.service import plant, region
from tests.load.service.plant import Plant
from tests.load.service.region import Region, Watched
from tests.load.service.workload import Workload
from tests.support import alarms, scaling, traffic
from tests.support.scaling import Minute, Status

ENVIRONMENT = "production"
DAY_MINUTES = 24 * 60
ROUNDS = 5


def rates(peak: float) -> list[float]:
    """A day's requests per second: a tenth of the peak at 02:00, all of it at 14:00."""
    return [
        peak * (0.55 - 0.45 * math.cos(2 * math.pi * (minute - 120) / DAY_MINUTES))
        for minute in range(DAY_MINUTES)
    ]


def points(watched: Watched, seed: int) -> list[float | None]:
    """A value for each period of a day on both sides of the threshold, some of them missing."""
    draw = random.Random(seed)
    periods = DAY_MINUTES * 60 // watched.alarm.period_seconds
    scale = 2 * watched.alarm.threshold or 1.0
    return [None if draw.random() < 0.05 else scale * draw.random() for _ in range(periods)]


def minutes(service: Region) -> list[Minute]:
    """A day of values for each policy, between nothing and twice its target."""
    draw = random.Random(1)
    return [
        Minute({one.metric: 2 * one.target * draw.random() for one in service.scaling.policies}, 5)
        for _ in range(DAY_MINUTES)
    ]


def shortest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few rounds."""

    def once() -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    return min(once() for _ in range(ROUNDS))


def main() -> None:
    """Print a line for each engine."""
    (service,) = region.of_stack(STACK, [ENVIRONMENT])
    series = [(one.alarm, points(one, seed)) for seed, one in enumerate(service.watched)]
    day = minutes(service)
    status = Status(service.capacity.minimum, service.capacity)
    modelled = Plant(service, Workload(cpu_seconds=0.08, idle_memory_mib=1024))
    peak = traffic.load().place(ENVIRONMENT).peak_requests_per_second
    work: dict[str, Callable[[], object]] = {
        f"{len(series)} alarms": lambda: [alarms.replay(*one) for one in series],
        f"{len(day)} minutes of {len(service.scaling.policies)} policies": lambda: scaling.run(
            service.scaling, status, day
        ),
        "the modelled service with all of them": lambda: plant.run(modelled, rates(peak)),
    }
    for name, one in work.items():
        print(f"{shortest(one):7.3f} s  {name}")


if __name__ == "__main__":
    main()
