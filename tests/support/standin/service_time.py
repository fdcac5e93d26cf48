"""How long a request holds a processor: draws from a named distribution, in seconds."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

DISTRIBUTIONS = ("gamma", "lognormal")


def drawing(distribution: str, mean_seconds: float, variation: float) -> Callable[[Random], float]:
    """What draws one service time with this mean and squared coefficient of variation.

    A variation of 0 is a constant time in either distribution. `gamma` is exponential at 1, as the
    formulas of M/M/c want it; `lognormal` has the longer tail of the two, as measured response
    times have. The same source of chance gives the same times.
    """
    if mean_seconds == 0 or variation == 0:
        return lambda _: mean_seconds
    if distribution == "gamma":
        shape, scale = 1 / variation, mean_seconds * variation
        return lambda chance: chance.gammavariate(shape, scale)
    sigma = math.sqrt(math.log1p(variation))
    location = math.log(mean_seconds) - sigma**2 / 2
    return lambda chance: chance.lognormvariate(location, sigma)
