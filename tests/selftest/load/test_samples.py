"""Statistics over samples that were seen many times are those of the samples written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import alarms, samples
from tests.support.alarms import Alarm

pytestmark = pytest.mark.selftest

STATISTICS = ["Average", "Sum", "Minimum", "Maximum", "SampleCount", "p0", "p50", "p99.9", "p100"]
SEEN = st.lists(st.tuples(st.floats(-100, 100), st.integers(1, 7)), min_size=1, max_size=20)


@pytest.mark.parametrize("name", STATISTICS)
@given(seen=SEEN)
def test_statistic_is_that_of_the_samples_written_out(
    name: str, seen: list[tuple[float, int]]
) -> None:
    written = [value for value, times in seen for _ in range(times)]
    alarm = Alarm(1, "GreaterThanThreshold", name, 60, 1, 1)
    expected = alarms.point(alarm, written)
    assert samples.statistic(name, seen) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", STATISTICS)
def test_nothing_seen_has_no_statistic(name: str) -> None:
    assert samples.statistic(name, []) is None
    assert samples.statistic(name, [(1.0, 0)]) is None


def test_statistic_that_is_not_modelled_is_refused() -> None:
    with pytest.raises(ValueError, match="statistic 'tm90' is not modelled"):
        samples.statistic("tm90", [(1.0, 1)])
