"""When AWS's cron expressions fire in a week, and which of several scheduled bounds is in force.

Six fields: minute, hour, day of month, month, day of week (1 is Sunday), year (Amazon EventBridge
user guide, "Cron expressions reference"; Application Auto Scaling, AWS Backup and Secrets Manager
use the same).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.support.outcomes import Invalid
from tests.support.windows import DAY_MINUTES, DAYS, WEEK_MINUTES, Window

_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+)( \S+)?\)")
_ANY = ("*", "?")
_BY_NUMBER = (DAYS[-1], *DAYS[:-1])


@dataclass(frozen=True)
class Schedule:
    """`minutes` after Monday 00:00 UTC at which it fires, each week or in some."""

    text: str
    minutes: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read an expression that goes by the week. Raises Invalid for any other.

        The n-th such day of a month (``SUN#1``) counts as every one.
        """
        found = _CRON.fullmatch(text.strip())
        if not found or found[3] not in _ANY or found[4] not in _ANY:
            raise Invalid(f"{text!r} is not a cron expression that goes by the week")
        minutes, hours = _numbers(found[1], 60, text), _numbers(found[2], 24, text)
        return cls(
            text,
            tuple(
                sorted(
                    day * DAY_MINUTES + hour * 60 + minute
                    for day in _days(found[5], text)
                    for hour in hours
                    for minute in minutes
                )
            ),
        )

    def windows(self, length_minutes: int) -> list[Window]:
        """A window of that length from each time that it fires."""
        return [Window(minute, length_minutes, self.text) for minute in self.minutes]


def _numbers(field: str, end: int, text: str) -> list[int]:
    if field in _ANY:
        return list(range(end))
    found = [one for part in field.split(",") for one in _range(part)]
    if not found or any(one >= end for one in found):
        raise Invalid(f"{text!r}: {field} is not read by the suite")
    return found


def _range(part: str) -> Iterable[int]:
    first, _, last = part.partition("-")
    if not first.isdigit() or (last and not last.isdigit()):
        return []
    return range(int(first), int(last or first) + 1)


def _days(field: str, text: str) -> list[int]:
    if field in _ANY:
        return list(range(7))
    return [day for part in field.split(",") for day in _days_of(part.partition("#")[0], text)]


def _days_of(part: str, text: str) -> Iterable[int]:
    first, _, last = part.partition("-")
    begin, end = _day(first, text), _day(last or first, text)
    return [(begin + offset) % 7 for offset in range((end - begin) % 7 + 1)]


def _day(name: str, text: str) -> int:
    lowered = name.lower()
    if lowered.isdigit() and 1 <= int(lowered) <= 7:
        lowered = _BY_NUMBER[int(lowered) - 1]
    if lowered not in DAYS:
        raise Invalid(f"{text!r}: {name} is no day of the week")
    return DAYS.index(lowered)


@dataclass(frozen=True)
class Bounds:
    """What a scheduled action sets: the smallest and the largest number of tasks."""

    where: str
    schedule: Schedule
    minimum: int
    maximum: int


def in_force(actions: Sequence[Bounds], window: Window) -> list[Bounds]:
    """The actions whose bounds hold at some minute of the window; none where there is no action."""
    fired = [(minute, action) for action in actions for minute in action.schedule.minutes]
    if not fired:
        return []
    _, before = min(fired, key=lambda pair: (window.start - pair[0]) % WEEK_MINUTES)
    within = [
        action
        for minute, action in fired
        if (minute - window.start) % WEEK_MINUTES < window.minutes
    ]
    return list(dict.fromkeys([before, *within]))
