"""Waiting in a queue as functions of plain numbers.

Exact for M/M/c (Erlang 1917) and for M/G/1 (Pollaczek-Khinchine); for several servers with other
than exponential times the approximation of Allen and Cunneen, which scales the wait of M/M/c by
half the sum of the squared coefficients of variation. Times in seconds, rates per second.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace


@dataclass(frozen=True)
class Queue:
    """One waiting line in front of `servers` that each take `service_seconds` on average.

    `service_variation` and `arrival_variation` are squared coefficients of variation: 0 for a
    constant time, 1 for an exponential one. Raises ValueError for numbers that make no queue.
    """

    arrival_rate: float
    service_seconds: float
    servers: int = 1
    service_variation: float = 1.0
    arrival_variation: float = 1.0

    def __post_init__(self) -> None:
        if self.servers < 1:
            raise ValueError(f"{self.servers} servers serve nobody")
        for name in ("arrival_rate", "service_seconds", "service_variation", "arrival_variation"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name):g}: give 0 or more")

    @property
    def offered_load(self) -> float:
        """Servers kept busy on average, in erlangs."""
        return self.arrival_rate * self.service_seconds

    @property
    def utilization(self) -> float:
        """Share of the servers' time that is asked for; from 1 on the queue only grows."""
        return self.offered_load / self.servers

    @property
    def wait_probability(self) -> float:
        """How many of the arrivals wait at all, by Erlang C."""
        return erlang_c(self.servers, self.offered_load)

    @property
    def mean_wait(self) -> float:
        """Seconds from arrival to the start of service; infinite if the queue only grows."""
        if self.utilization >= 1:
            return math.inf
        exponential = self.wait_probability * self.service_seconds
        exponential /= self.servers * (1 - self.utilization)
        return exponential * (self.service_variation + self.arrival_variation) / 2

    @property
    def mean_response(self) -> float:
        """Seconds from arrival to the end of service."""
        return self.mean_wait + self.service_seconds

    @property
    def mean_present(self) -> float:
        """How many wait or are served on average, by Little's law."""
        return self.arrival_rate * self.mean_response if self.arrival_rate else 0.0


def erlang_b(servers: int, offered_load: float) -> float:
    """The share of arrivals that find every server busy where nobody can wait."""
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = offered_load * blocked / (busy + offered_load * blocked)
    return blocked


def erlang_c(servers: int, offered_load: float) -> float:
    """The share of arrivals that find every server busy and wait; all of them from load 1 on."""
    if offered_load >= servers:
        return 1.0
    blocked = erlang_b(servers, offered_load)
    return blocked / (1 - offered_load / servers * (1 - blocked))


def variation(samples: Sequence[float]) -> float:
    """The squared coefficient of variation of measured times. ValueError without a mean above 0."""
    mean = math.fsum(samples) / len(samples) if samples else 0.0
    if not mean > 0:
        raise ValueError("no times above 0 were measured: their variation is unknown")
    return math.fsum((one - mean) ** 2 for one in samples) / len(samples) / mean**2


def simulate(
    queue: Queue, service: Callable[[random.Random], float], arrivals: int, seed: int
) -> float:
    """The mean wait of so many Poisson arrivals, served in turn by the first server to be free.

    `service` draws one service time; it must have the queue's mean and variation. The first tenth
    of the arrivals, which find an empty queue, is left out.
    """
    draw = random.Random(seed)
    free_at = [0.0] * queue.servers
    heapify(free_at)
    now, waits = 0.0, []
    for _ in range(arrivals):
        now += draw.expovariate(queue.arrival_rate)
        begin = max(now, free_at[0])
        heapreplace(free_at, begin + service(draw))
        waits.append(begin - now)
    judged = waits[arrivals // 10 :]
    return math.fsum(judged) / len(judged)
