"""The alarm engine against rows of points, in alarm_cases.yaml with their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.alarms import Alarm, Missing, State, answers, evaluate

pytestmark = pytest.mark.selftest

CASES: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("alarm_cases.yaml").read_text(encoding="utf-8")
)
KEEP = "keep"
MODES = [Missing(mode) for mode in CASES["modes"]]
SYMBOLS = {"0": 1.0, "X": 9.0, "-": None}


def points(series: str) -> list[float | None]:
    """A row of the table as metric values against a threshold of 5."""
    return [SYMBOLS[symbol] for symbol in series]


def alarm(wanted: int, of: int, mode: Missing = Missing.MISSING) -> Alarm:
    """An alarm above 5, `wanted` of `of` periods of a minute."""
    return Alarm(5.0, "GreaterThanThreshold", "Average", 60, of, wanted, mode)


def cells(table: str, of: int) -> list[Any]:
    """An alarm of each row and mode of a table, the row and the state it must show."""
    return [
        pytest.param(alarm(wanted, of, mode), row, expected, id=f"{wanted}of{of}:{row}:{mode}")
        for wanted, row, states in CASES[table]
        for mode, expected in zip(MODES, states, strict=True)
    ]


ROWS = [*cells("guide", 3), *cells("two_of_two", 2), *cells("one_of_two", 2)]


@pytest.mark.parametrize("before", list(State), ids=lambda state: f"from-{state.value}")
@pytest.mark.parametrize(("row_alarm", "row", "expected"), ROWS)
def test_a_row_gives_its_state(row_alarm: Alarm, row: str, expected: str, before: State) -> None:
    state = evaluate(row_alarm, points(row), before, evaluation_range=len(row))
    assert state == {KEEP: before}.get(expected, expected)


@pytest.mark.parametrize(("row", "expected"), CASES["ranges"])
def test_ranges_that_disagree_make_the_answer_indeterminate(row: str, expected: str) -> None:
    assert answers(alarm(3, 3), points(row))[-1] == expected


def test_a_range_less_than_the_periods_is_refused() -> None:
    with pytest.raises(ValueError, match="a range of 0 is less than 3 periods"):
        evaluate(alarm(3, 3), points("000"), evaluation_range=0)


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
