"""Windows in the form that RDS and ElastiCache take them, ddd:hh:mm-ddd:hh:mm and hh:mm-hh:mm.

A window is its beginning and its length, both in minutes; a week begins on Monday. Times are UTC.
"""

from __future__ import annotations

import re
from typing import Any

Window = tuple[int, int]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY
WEEKLY = re.compile(r"(\w{3}):(\d\d):(\d\d)-(\w{3}):(\d\d):(\d\d)")
DAILY = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


def weekly(text: Any) -> Window | None:
    """A window of the week; None where the text is none."""
    match = WEEKLY.fullmatch(str(text).lower())
    if not match or not {match[1], match[4]} <= set(DAYS):
        return None
    begin, end = (
        DAYS.index(day) * DAY + int(hours) * 60 + int(minutes)
        for day, hours, minutes in (match.groups()[:3], match.groups()[3:])
    )
    return begin, (end - begin) % WEEK


def daily(text: Any) -> Window | None:
    """A window of each day; None where the text is none."""
    match = DAILY.fullmatch(str(text))
    if not match:
        return None
    begin, end = (int(match[1]) * 60 + int(match[2])), (int(match[3]) * 60 + int(match[4]))
    return begin, (end - begin) % DAY


def inside(window: Window | None, schedule: tuple[str, str, str]) -> bool:
    """Whether the window lies within the schedule: day, from and to."""
    day, begin, end = schedule
    allowed = weekly(f"{day}:{begin}-{day}:{end}")
    if window is None or allowed is None:
        return False
    return window[1] > 0 and (window[0] - allowed[0]) % WEEK + window[1] <= allowed[1]


def overlap(maintenance: Window, backup: Window) -> bool:
    """Whether the daily window meets the weekly one on any day."""
    return any(
        (begin - maintenance[0]) % WEEK < maintenance[1]
        or (maintenance[0] - begin) % WEEK < backup[1]
        for begin in range(backup[0], WEEK, DAY)
    )
