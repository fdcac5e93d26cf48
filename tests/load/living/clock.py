"""The region's clock, which may run faster than this machine's.

What is a schedule runs on it: periods, intervals, cooldowns, delays of starting and draining. What
a request meets (service, waiting and response times, timeouts) is in real seconds whatever the
scale, so that a request is never faster than on AWS. A request of a minute that lasts 60 / `scale`
real seconds stands for `scale` requests in the region's metrics.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

MINUTE = 60
# Faster than this, a minute is too short for what happens in it.
FASTEST = 60.0


@dataclass(frozen=True)
class Clock:
    """`scale` seconds pass in the region per real second.

    `real_origin` and `region_origin` are the same moment on either clock, in POSIX seconds. The
    default is this machine's own clock, which is also that of AWS.
    """

    scale: float = 1.0
    real_origin: float = 0.0
    region_origin: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.scale < math.inf:
            raise ValueError(f"a time scale of {self.scale:g}: give 1 or more")

    @classmethod
    def starting(cls, scale: float) -> Clock:
        """A clock that begins now, with a whole minute of the region."""
        now = time.time()
        return cls(scale, now, now // MINUTE * MINUTE)

    def now(self) -> float:
        """The region's POSIX time."""
        return self.at(time.time())

    def at(self, real: float) -> float:
        """The region's POSIX time at a real one."""
        return self.region_origin + (real - self.real_origin) * self.scale

    def real(self, region: float) -> float:
        """The real POSIX time at one of the region's."""
        return self.real_origin + (region - self.region_origin) / self.scale

    def real_seconds(self, region_seconds: float) -> float:
        """How long so many of the region's seconds last."""
        return region_seconds / self.scale

    async def sleep(self, region_seconds: float) -> None:
        """Sleep so many of the region's seconds."""
        await asyncio.sleep(self.real_seconds(region_seconds))

    async def sleep_until(self, region: float) -> None:
        """Sleep until the region's clock shows that time; at once if it is past."""
        await asyncio.sleep(max(0.0, self.real(region) - time.time()))
