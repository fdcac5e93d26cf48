"""Windows and schedules are read as AWS means them, and nothing is guessed."""

from __future__ import annotations

import pytest

from tests.support.outcomes import Invalid
from tests.support.schedules import Bounds, Schedule, in_force
from tests.support.windows import DAY_MINUTES, Window

pytestmark = pytest.mark.selftest

HOUR = 60


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("sun:03:00-sun:05:00", "sun:04:00-sun:06:00", True),
        ("sun:04:00-sun:06:00", "sun:03:00-sun:05:00", True),
        ("sun:03:00-sun:05:00", "sun:03:30-sun:04:00", True),
        ("sun:03:00-sun:05:00", "sun:05:00-sun:07:00", False),
        ("sun:05:00-sun:07:00", "sun:03:00-sun:05:00", False),
        ("sun:23:00-mon:01:00", "mon:00:30-mon:02:00", True),
        ("mon:00:30-mon:02:00", "sun:23:00-mon:01:00", True),
        ("sat:03:00-sat:05:00", "sun:03:00-sun:05:00", False),
    ],
)
def test_windows_overlap_or_touch(first: str, second: str, together: bool) -> None:
    assert Window.parse(first).overlaps(Window.parse(second)) is together


@pytest.mark.parametrize(
    ("daily", "weekly", "together"),
    [
        ("03:00-04:00", "sun:04:00-sun:05:00", False),
        ("03:00-04:01", "sun:04:00-sun:05:00", True),
        ("23:30-00:30", "mon:00:00-mon:01:00", True),
        ("23:30-00:30", "sun:22:00-sun:23:30", False),
    ],
)
def test_daily_window_comes_each_day(daily: str, weekly: str, together: bool) -> None:
    windows = Window.daily(daily)
    assert len({window.start for window in windows}) == 7
    assert any(window.overlaps(Window.parse(weekly)) for window in windows) is together


@pytest.mark.parametrize("text", ["03:00", "3:00-4:00", "sun:03:00-sun:04:00", ""])
def test_other_text_is_no_daily_window(text: str) -> None:
    with pytest.raises(Invalid, match="not a daily window"):
        Window.daily(text)


SUNDAY = 6 * DAY_MINUTES


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("cron(0 6 * * ? *)", [day * DAY_MINUTES + 6 * HOUR for day in range(7)]),
        ("cron(30 4 ? * SUN *)", [SUNDAY + 4 * HOUR + 30]),
        ("cron(0 4 ? * SUN#1 *)", [SUNDAY + 4 * HOUR]),
        ("cron(0 4 ? * 1 *)", [SUNDAY + 4 * HOUR]),
        ("cron(0 4 ? * 2-3 *)", [4 * HOUR, DAY_MINUTES + 4 * HOUR]),
        ("cron(0 0 ? * SAT-MON *)", [0, 5 * DAY_MINUTES, SUNDAY]),
        ("cron(0 6,18 ? * MON *)", [6 * HOUR, 18 * HOUR]),
        ("cron(0,30 6-7 ? * MON *)", [360, 390, 420, 450]),
    ],
)
def test_expression_fires_when_it_says(text: str, minutes: list[int]) -> None:
    assert list(Schedule.parse(text).minutes) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "rate(1 day)",
        "at(2027-01-01T00:00:00)",
        "cron(0 9 1 1,4,7,10 ? *)",
        "cron(0 9 1 * ? *)",
        "cron(0/5 9 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 9 ? * FUN *)",
        "cron(0 9 ? * 8 *)",
        "cron(0 9 *)",
    ],
)
def test_expression_that_does_not_go_by_the_week_is_not_judged(text: str) -> None:
    with pytest.raises(Invalid, match=r"cron|rate|at"):
        Schedule.parse(text)


def bounds(name: str, schedule: str) -> Bounds:
    """A scheduled action."""
    return Bounds(name, Schedule.parse(schedule), 1, 2)


DAY = bounds("day", "cron(0 6 * * ? *)")
NIGHT = bounds("night", "cron(0 20 * * ? *)")
WORKDAY = bounds("workday", "cron(0 6 ? * MON-FRI *)")


@pytest.mark.parametrize(
    ("actions", "window", "held"),
    [
        ([DAY, NIGHT], "mon:07:00-mon:19:00", ["day"]),
        ([DAY, NIGHT], "mon:05:00-mon:19:00", ["night", "day"]),
        ([DAY, NIGHT], "mon:07:00-mon:21:00", ["day", "night"]),
        ([DAY, NIGHT], "mon:07:00-mon:20:00", ["day"]),
        ([DAY, NIGHT], "mon:00:00-mon:01:00", ["night"]),
        ([WORKDAY, NIGHT], "sat:07:00-sat:19:00", ["night"]),
        ([WORKDAY], "sun:07:00-sun:19:00", ["workday"]),
        ([], "mon:07:00-mon:19:00", []),
    ],
)
def test_last_action_that_fired_is_in_force(
    actions: list[Bounds], window: str, held: list[str]
) -> None:
    assert [one.where for one in in_force(actions, Window.parse(window))] == held
