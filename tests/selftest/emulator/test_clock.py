"""What happens is dated by the clock of the region, which may run faster than this machine's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.selftest.emulator.probes.monitoring import alarm
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError

SCALE = 3600.0
AHEAD = datetime(2031, 5, 4, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def fast() -> Iterator[Emulator]:
    """An emulator in which an hour passes in a second, from a day in the future on."""
    with Emulator("222233334444") as running:
        running.set_clock(SCALE, datetime.now(UTC).timestamp(), AHEAD.timestamp())
        yield running


def test_state_of_an_alarm_is_dated_by_the_region(fast: Emulator) -> None:
    cloudwatch = fast.session().client("cloudwatch")
    alarm(fast.session(), "dated", 50)
    cloudwatch.set_alarm_state(AlarmName="dated", StateValue="ALARM", StateReason="probe")
    (found,) = cloudwatch.describe_alarms(AlarmNames=["dated"])["MetricAlarms"]
    items = cloudwatch.describe_alarm_history(AlarmName="dated")["AlarmHistoryItems"]
    assert found["StateUpdatedTimestamp"] > AHEAD
    assert items[0]["Timestamp"] > items[1]["Timestamp"] > AHEAD


def test_region_is_faster_by_its_scale(fast: Emulator) -> None:
    before = datetime.now(UTC)
    alarm(fast.session(), "early", 50)
    alarm(fast.session(), "late", 50)
    found = fast.session().client("cloudwatch").describe_alarms(AlarmNames=["early", "late"])
    times = [one["AlarmConfigurationUpdatedTimestamp"] for one in found["MetricAlarms"]]
    assert timedelta(0) < times[1] - times[0] < (datetime.now(UTC) - before) * SCALE


@pytest.mark.parametrize(
    ("scale", "origin"),
    [(0, 1), (-1, 1), (float("nan"), 1), (20, float("inf"))],
    ids=["stands", "backwards", "no number", "no moment"],
)
def test_clock_that_cannot_be_is_refused(scale: float, origin: float, emulator: Emulator) -> None:
    with pytest.raises(SuiteError, match="finite numbers, and a scale above 0"):
        emulator.set_clock(scale, origin, origin)
