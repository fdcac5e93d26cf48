"""Arrivals are open: the schedule does not wait for the service."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import gevent.event
import pytest

from tests.load.arrivals import Dispatcher, choices, constant
from tests.load.measure import Recorder
from tests.support.traffic import Page

pytestmark = pytest.mark.selftest

PAGE = Page(path="/", weight=1)


def test_a_constant_schedule_offers_exactly_its_rate() -> None:
    due = list(constant(50, -5, 120))
    assert len(due) == 125 * 50
    assert sum(0 <= at < 60 for at in due) == 60 * 50
    assert due[0] == -5
    assert due[-1] < 120


def test_pages_come_in_proportion_to_their_weights() -> None:
    pages = [Page(path="/a", weight=3), Page(path="/b", weight=1)]
    seen = Counter(page.path for page in islice(choices(pages), 10_000))
    assert seen["/a"] == pytest.approx(7_500, rel=0.05)


def test_requests_leave_while_earlier_ones_are_still_unanswered() -> None:
    answer, left = gevent.event.Event(), []
    dispatcher = Dispatcher(Recorder(60, 1), origin=0, connections=10, clock=lambda: 0.0)

    def send(due: float, _: Page) -> None:
        left.append(due)
        answer.wait()

    dispatcher.run(iter([0.0, 0.0, 0.0]), iter([PAGE] * 3), send)
    gevent.sleep(0)
    assert len(left) == 3
    answer.set()
    dispatcher.drain(timeout_seconds=10)


def test_arrivals_beyond_the_connections_are_counted_as_dropped() -> None:
    never, recorder = gevent.event.Event(), Recorder(60, 1)
    dispatcher = Dispatcher(recorder, origin=0, connections=2, clock=lambda: 0.0)
    dispatcher.run(iter([0.0] * 5), iter([PAGE] * 5), lambda *_: never.wait())
    never.set()
    dispatcher.drain(timeout_seconds=10)
    period = recorder.measured(1, partial=False).periods[0]
    assert (period.offered, period.dropped) == (5, 3)


def test_arrivals_that_are_far_too_late_are_counted_as_dropped() -> None:
    recorder = Recorder(60, 1)
    dispatcher = Dispatcher(recorder, origin=0, connections=2, clock=lambda: 30.0)
    dispatcher.run(iter([0.0, 1.0, 29.5]), iter([PAGE] * 3), lambda *_: None)
    period = recorder.measured(1, partial=False).periods[0]
    assert (period.offered, period.dropped) == (3, 2)
