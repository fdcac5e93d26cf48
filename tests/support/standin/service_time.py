"""How long the stand-in takes to answer: draws from a named distribution, in seconds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

DISTRIBUTIONS = ("constant", "exponential", "lognormal")


def draws(distribution: str, mean_seconds: float, variation: float, seed: int) -> Iterator[float]:
    """Endless service times with the given mean.

    `variation` is the standard deviation over the mean and shapes `lognormal` only; measured web
    response times have a long right tail, which it models. The same seed gives the same draws.
    """
    source = random.Random(seed)
    sigma = math.sqrt(math.log(1 + variation**2))
    while True:
        if mean_seconds == 0 or distribution == "constant":
            yield mean_seconds
        elif distribution == "exponential":
            yield source.expovariate(1 / mean_seconds)
        else:
            yield source.lognormvariate(math.log(mean_seconds) - sigma**2 / 2, sigma)
