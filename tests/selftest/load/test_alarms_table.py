"""The alarm engine against the tables of the CloudWatch user guide (evaluation range 5)."""

from __future__ import annotations

import pytest

from tests.support.alarms import Alarm, Missing, State, evaluate

pytestmark = pytest.mark.selftest

KEEP = "keep"
MODES = [Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING]
SYMBOLS = {"0": 1.0, "X": 9.0, "-": None}

# M, series with the newest point right, then the state under each of MODES.
TABLE = [
    (3, "0-X-X", ["OK", "OK", "OK", "OK"]),
    (3, "0----", ["OK", "OK", "OK", "OK"]),
    (3, "-----", ["INSUFFICIENT_DATA", KEEP, "ALARM", "OK"]),
    (3, "0XX-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
    (3, "--X--", ["ALARM", KEEP, "ALARM", "OK"]),
    (2, "0-X-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
    (2, "00X0X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
    (2, "0-X--", ["OK", "OK", "ALARM", "OK"]),
    (2, "----0", ["OK", "OK", "ALARM", "OK"]),
    (2, "---X-", ["ALARM", KEEP, "ALARM", "OK"]),
]
CASES = [
    pytest.param(wanted, series, mode, expected, id=f"{wanted}of3-{series}-{mode.value}")
    for wanted, series, row in TABLE
    for mode, expected in zip(MODES, row, strict=True)
]


def points(series: str) -> list[float | None]:
    """A row of the table as metric values against a threshold of 5."""
    return [SYMBOLS[symbol] for symbol in series]


def alarm(wanted: int, of: int, mode: Missing = Missing.MISSING) -> Alarm:
    """An alarm above 5, `wanted` of `of` periods of a minute."""
    return Alarm(5.0, "GreaterThanThreshold", "Average", 60, of, wanted, mode)


@pytest.mark.parametrize("before", list(State), ids=lambda state: f"from-{state.value}")
@pytest.mark.parametrize(("wanted", "series", "mode", "expected"), CASES)
def test_a_row_of_the_guide_gives_its_state(
    wanted: int, series: str, mode: Missing, expected: str, before: State
) -> None:
    state = evaluate(alarm(wanted, 3, mode), points(series), before, evaluation_range=5)
    assert state == {KEEP: before}.get(expected, expected)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("XX00", State.OK),
        ("X0X0", State.OK),
        ("0X0X", State.OK),
        ("XXX0", State.OK),
        ("00XX", State.ALARM),
        ("0-XX", State.ALARM),
        ("X--X", State.ALARM),
        ("XX--", State.ALARM),
        ("-X0-", State.OK),
        ("----", State.INSUFFICIENT_DATA),
    ],
)
def test_two_of_two_looks_at_the_latest_two_real_points(series: str, expected: State) -> None:
    assert evaluate(alarm(2, 2), points(series)) == expected


@pytest.mark.parametrize("series", ["----X", "---X-"])
@pytest.mark.parametrize("mode", [Missing.MISSING, Missing.IGNORE])
def test_a_lone_young_breach_does_not_alarm_for_three_of_three(series: str, mode: Missing) -> None:
    assert evaluate(alarm(3, 3, mode), points(series), State.OK) == State.OK


@pytest.mark.parametrize("before", list(State), ids=lambda state: f"from-{state.value}")
def test_a_lone_young_breach_leaves_an_ignoring_alarm_as_it_was(before: State) -> None:
    assert evaluate(alarm(3, 3, Missing.IGNORE), points("----X"), before) == before


@pytest.mark.parametrize("series", ["-X0--", "X--0-"])
def test_an_old_breach_followed_by_a_good_point_does_not_alarm(series: str) -> None:
    assert evaluate(alarm(3, 3), points(series)) == State.OK
