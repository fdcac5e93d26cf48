"""What a run observed is kept by the period it belongs to, and errors by their reason."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace

import pytest

from tests.load.measure import Recorder, quantile, reason_of, total

pytestmark = pytest.mark.selftest


class Wrapped(ConnectionError):
    """An error as the HTTP client hands it on."""

    def __init__(self, original: BaseException) -> None:
        super().__init__("retries exceeded")
        self.original = original


@pytest.mark.parametrize(
    ("due", "sent"),
    [(-0.1, [0, 0]), (0.0, [1, 0]), (59.9, [1, 0]), (60.0, [0, 1]), (120.0, [0, 0])],
)
def test_a_request_belongs_to_the_period_in_which_it_was_due(due: float, sent: list[int]) -> None:
    recorder = Recorder(60, 2)
    recorder.sent(due, lateness=70)
    assert [period.sent for period in recorder.measured(2, partial=False).periods] == sent


@pytest.mark.parametrize(("now", "sent"), [(-3.0, 1), (59.0, 1), (61.0, 2), (130.0, 2)])
def test_the_period_around_a_moment_is_the_nearest_that_is_judged(now: float, sent: int) -> None:
    recorder = Recorder(60, 2)
    recorder.sent(0, lateness=0)
    recorder.sent(60, lateness=0)
    recorder.sent(60, lateness=0)
    assert recorder.period(now).sent == sent


def test_an_abandoned_request_counts_with_the_time_it_waited() -> None:
    recorder = Recorder(60, 1)
    recorder.answered(1, response_time=0.2, wait=0.3)
    recorder.abandoned(2, waited=10.0)
    period = recorder.period(0)
    assert (period.samples, period.response_times) == ((0.2, 10.0), (0.2,))


@pytest.mark.parametrize(
    ("error", "reason", "local"),
    [
        (ConnectionRefusedError(), "connection refused", False),
        (TimeoutError(), "timed out", False),
        (Wrapped(TimeoutError()), "timed out", False),
        (ConnectionResetError(), "ConnectionResetError", False),
        (socket.gaierror(), "name not resolved", True),
        (OSError(errno.EMFILE, "too many"), "EMFILE in the generator", True),
        (Wrapped(OSError(errno.EADDRNOTAVAIL, "no")), "EADDRNOTAVAIL in the generator", True),
    ],
    ids=repr,
)
def test_a_failed_request_has_a_reason_and_is_the_generators_fault_or_not(
    error: BaseException, reason: str, local: bool
) -> None:
    assert reason_of(error) == (reason, local)


@pytest.mark.parametrize(
    ("values", "fraction", "expected"),
    [([], 0.99, 0.0), ([3.0], 0.99, 3.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0), ([1.0] * 99, 1, 1.0)],
)
def test_a_quantile_is_the_nearest_rank(
    values: list[float], fraction: float, expected: float
) -> None:
    assert quantile(values, fraction) == expected


def test_counts_add_up_by_reason_and_leave_out_zero() -> None:
    periods = [SimpleNamespace(errors={"a": 1, "b": 0}), SimpleNamespace(errors={"a": 2})]
    assert total(period.errors for period in periods) == {"a": 3}
