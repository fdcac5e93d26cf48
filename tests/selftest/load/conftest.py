"""Plain data for the load tier's own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.load.generator.measure import Measured, Recorder
from tests.selftest.load.small_service import ACCOUNT, Session
from tests.support.alarms import Alarm
from tests.support.emulator import Emulator
from tests.support.traffic import Traffic


def _sound(_: Recorder) -> None:
    """Nothing is wrong with the run."""


@pytest.fixture
def alarm() -> Alarm:
    """Two minutes in a row with a mean above half a second."""
    return Alarm(0.5, "GreaterThanThreshold", "Average", 60, 2, 2)


@pytest.fixture
def traffic() -> Traffic:
    """One page, a budget of 1 %, generator limits of 80 % CPU and 50 ms lateness."""
    return Traffic.model_validate(
        {
            "scenarios": {
                "steady_minutes": 5,
                "soak_minutes": 120,
                "breach_times": 1.4,
                "spike_times": 3,
                "spike_minutes": 3,
            },
            "think_time_seconds": 5,
            "timeout_seconds": 10,
            "error_budget_percent": 1,
            "generator": {
                "cpu_percent": 80,
                "lateness_p99_seconds": 0.05,
                "shortfall_percent": 1,
            },
            "pages": [{"path": "/", "weight": 1}],
            "environments": {
                "staging": {
                    "host": "admin.staging.example.com",
                    "peak_requests_per_second": 10,
                    "most_requests_per_second": 30,
                },
                "production": {
                    "host": "admin.example.com",
                    "peak_requests_per_second": 10,
                    "most_requests_per_second": 30,
                },
            },
        }
    )


@pytest.fixture
def minutes() -> Callable[..., Measured]:
    """minutes(0.1, 0.2): a sound run of 100 requests a minute with these response times.

    `spoil(recorder)` adds to it what a test wants to see caught.
    """

    def build(
        *seconds: float, spoil: Callable[[Recorder], None] = _sound, partial: bool = False
    ) -> Measured:
        recorder = Recorder(60, len(seconds))
        for minute, response_time in enumerate(seconds):
            recorder.cpu(minute * 60 + 1, used_seconds=0.1, sampled_seconds=1)
            for request in range(100):
                due = minute * 60 + request * 0.6
                recorder.offered(due)
                recorder.sent(due, lateness=0.001)
                recorder.answered(due, response_time, response_time)
        spoil(recorder)
        return recorder.measured(len(seconds), partial)

    return build


@pytest.fixture(scope="session")
def session() -> Iterator[Session]:
    """A session on an emulator with nothing in it; each test makes a service of its own."""
    with Emulator(ACCOUNT) as emulator:
        yield Session(emulator)
