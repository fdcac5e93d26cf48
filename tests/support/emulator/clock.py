"""The clock by which the emulator dates what happens: this machine's, or a region's.

A region behind the control plane may live at a multiple of the real speed. Whatever a request
leaves behind (a task's start, an alarm's state, an activity) is then dated by the region.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import time_machine


@dataclass(frozen=True)
class RegionClock:
    """`scale` seconds pass in the region per real second; the two origins are the same moment.

    The default is this machine's own clock. Times are POSIX seconds.
    """

    scale: float = 1.0
    real_origin: float = 0.0
    region_origin: float = 0.0

    @classmethod
    def from_query(cls, asked: Mapping[str, str]) -> RegionClock:
        """The clock that a command describes, by the names of the fields. Raises ValueError."""
        if wrong := sorted(set(asked) ^ {"scale", "real_origin", "region_origin"}):
            raise ValueError(f"clock: {', '.join(wrong)}: give scale, real_origin, region_origin")
        numbers = {name: float(value) for name, value in asked.items()}
        if not all(math.isfinite(number) for number in numbers.values()) or numbers["scale"] <= 0:
            raise ValueError("clock: give finite numbers, and a scale above 0")
        return cls(**numbers)

    def shown(self) -> contextlib.AbstractContextManager[object]:
        """Within it the process's time is the region's."""
        if self == RegionClock():
            return contextlib.nullcontext()
        now = self.region_origin + (time.time() - self.real_origin) * self.scale
        return time_machine.travel(now)
