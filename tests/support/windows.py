"""Windows of time in a week: maintenance (``sun:04:00-sun:05:00``) and backup (``03:00-04:00``).

As RDS and ElastiCache write them, in UTC. A window ends before the minute that it names last: one
may begin where another ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.support.outcomes import Invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
FORM = re.compile(r"(\w{3}):(\d\d):(\d\d)-(\w{3}):(\d\d):(\d\d)")
DAILY = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")


@dataclass(frozen=True)
class Window:
    """`start` in minutes after Monday 00:00 UTC, and `minutes` of length; may span Sunday night."""

    start: int
    minutes: int
    text: str

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read ``ddd:hh:mm-ddd:hh:mm``; Invalid if it is anything else."""
        match = FORM.fullmatch(text.strip().lower())
        if not match or not {match[1], match[4]} <= set(DAYS):
            raise Invalid(f"{text!r} is not a maintenance window of the form ddd:hh:mm-ddd:hh:mm")
        start, end = _minute(*match.group(1, 2, 3)), _minute(*match.group(4, 5, 6))
        return cls(start, (end - start) % WEEK_MINUTES, text)

    @classmethod
    def of_schedule(cls, schedule: dict[str, Any]) -> Window:
        """Read a catalogue entry with `day`, `from` and `to` (hh:mm, UTC)."""
        day, begin, end = schedule["day"], schedule["from"], schedule["to"]
        return cls.parse(f"{day}:{begin}-{day}:{end}")

    @classmethod
    def daily(cls, text: str) -> list[Window]:
        """Read ``hh:mm-hh:mm``, which may span midnight: a window for each day; Invalid if not."""
        match = DAILY.fullmatch(text.strip())
        if not match:
            raise Invalid(f"{text!r} is not a daily window of the form hh:mm-hh:mm")
        begin, end = match.groups()
        following = dict(zip(DAYS, DAYS[1:] + DAYS[:1], strict=True))
        last = following if end <= begin else {day: day for day in DAYS}
        return [cls.parse(f"{day}:{begin}-{last[day]}:{end}") for day in DAYS]

    def overlaps(self, other: Window) -> bool:
        """Whether the two have a minute in common."""
        ahead, behind = other.start - self.start, self.start - other.start
        return ahead % WEEK_MINUTES < self.minutes or behind % WEEK_MINUTES < other.minutes

    def contains(self, other: Window) -> bool:
        """Whether all of `other` lies inside this window."""
        offset = (other.start - self.start) % WEEK_MINUTES
        return offset + other.minutes <= self.minutes

    def __str__(self) -> str:
        return self.text


def _minute(day: str, hour: str, minute: str) -> int:
    return DAYS.index(day) * DAY_MINUTES + int(hour) * 60 + int(minute)
