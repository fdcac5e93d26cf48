"""What a run observed is kept by the period it belongs to, and errors by their reason."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace

import msgpack
import pytest

from tests.load.generator.measure import Recorder, quantile, reason_of, total

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


def recorded(worker: int, workers: int = 1) -> Recorder:
    """A recorder of two periods of which one process of several has filled the second."""
    recorder = Recorder(60, 2, worker, workers)
    recorder.offered(61)
    recorder.sent(61, lateness=0.001 * (worker + 1))
    recorder.answered(61, response_time=0.1, wait=0.2)
    recorder.dropped(62, lateness=2.0)
    recorder.abandoned(63, waited=10.0)
    recorder.failed(63, "timed out", local=worker == 1)
    recorder.cpu(61, used_seconds=0.1 * (worker + 1), sampled_seconds=1.0)
    return recorder


def test_what_one_gives_up_another_has_as_if_it_had_recorded_it() -> None:
    collected = Recorder(60, 2)
    collected.add(msgpack.loads(msgpack.dumps(recorded(0).take())))
    assert collected.measured(2, partial=False) == recorded(0).measured(2, partial=False)


def test_what_has_been_given_up_once_is_not_given_up_again() -> None:
    recorder = recorded(0)
    assert [index for index, _ in recorder.take()] == [1]
    assert recorder.take() == []


def test_several_processes_add_up_and_the_busiest_says_how_busy() -> None:
    collected = Recorder(60, 2, workers=2)
    collected.add([*recorded(0).take(), *recorded(1).take()])
    period = collected.period(61)
    assert (period.offered, period.sent, period.dropped) == (2, 2, 2)
    assert period.samples == (0.1, 0.1, 10.0, 10.0)
    assert (period.errors, period.local_errors) == ({"timed out": 2}, {"timed out": 1})
    assert period.lateness == (0.001, 2.0, 0.002, 2.0)
    assert period.cpu_percent == pytest.approx(20)


def test_how_busy_is_unknown_while_one_process_has_not_been_sampled() -> None:
    collected = Recorder(60, 2, workers=2)
    collected.add(recorded(0).take())
    assert collected.period(61).cpu_percent is None
