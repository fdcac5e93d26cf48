"""How many requests a month brings, and how many tasks it keeps running. Pure arithmetic.

Hours are those of a day in UTC, 0 to 23; rates are requests per second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.support.outcomes import Invalid

DAY_HOURS = 24
HOUR_SECONDS = 3600
# minute, hour, day of month, month, day of week, year (Application Auto Scaling and EventBridge).
_DAILY = re.compile(r"cron\((\d{1,2}) (\d{1,2}) [*?] \* [*?] \*\)")


@dataclass(frozen=True)
class Load:
    """An environment's requests over a month.

    `peak` is the rate it must be able to carry, `shares` the share of it that each of the 24 hours
    of a working day brings, `other_share` that of every hour of the other days, `working_days` and
    `days` how many there are in a month.
    """

    peak: float
    shares: Sequence[float]
    other_share: float
    working_days: float
    days: float

    @property
    def requests(self) -> float:
        """Requests a month."""
        working = sum(self.shares) * self.working_days
        other = DAY_HOURS * self.other_share * (self.days - self.working_days)
        return self.peak * HOUR_SECONDS * (working + other)

    def mean_tasks(
        self, bounds: Sequence[tuple[int, int]], requests_per_task_minute: float | None
    ) -> float:
        """Tasks running on average over a month.

        `bounds` holds the smallest and largest number for each hour. Between them autoscaling runs
        what the rate needs at so many requests per task and minute; if it is not told, the fewest.
        """
        of_working_day = sum(
            _tasks(self.peak * share, requests_per_task_minute, *bound)
            for share, bound in zip(self.shares, bounds, strict=True)
        )
        of_other_day = sum(
            _tasks(self.peak * self.other_share, requests_per_task_minute, *bound)
            for bound in bounds
        )
        rest = self.days - self.working_days
        return (of_working_day * self.working_days + of_other_day * rest) / (DAY_HOURS * self.days)


def _tasks(rate: float, per_task_minute: float | None, smallest: int, largest: int) -> int:
    needed = math.ceil(rate * 60 / per_task_minute) if per_task_minute else smallest
    return min(max(needed, smallest), largest)


def daily_hour(schedule: str, where: str) -> float:
    """The hour, UTC, at which a daily cron expression fires; Invalid for any other schedule."""
    match = _DAILY.fullmatch(schedule)
    if not match:
        raise Invalid(f"{where}: the estimate reads daily schedules only, not {schedule}")
    return int(match[2]) + int(match[1]) / 60


def bounds_by_hour(
    always: tuple[int, int], changes: Mapping[float, tuple[int, int]]
) -> list[tuple[int, int]]:
    """The smallest and largest number of tasks in each hour.

    `changes` maps the hour at which scheduled actions fire to the bounds they set; each holds until
    the next one, over midnight too. Without changes `always` holds.
    """
    times = sorted(changes)
    return [
        changes[max((t for t in times if t <= hour), default=times[-1])] if times else always
        for hour in range(DAY_HOURS)
    ]
