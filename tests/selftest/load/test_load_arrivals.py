"""Arrivals are open: the schedule does not wait for the service."""

from __future__ import annotations

import statistics
from collections import Counter
from itertools import chain, islice, pairwise

import gevent.event
import pytest

from tests.load.generator.arrivals import GAPS, Dispatcher, choices, schedule, share
from tests.load.generator.measure import Recorder
from tests.load.scenarios.shapes import Arrivals, Scenario, Stage
from tests.support.traffic import Page

pytestmark = pytest.mark.selftest

PAGE = Page(path="/", weight=1)


def sent(arrivals: Arrivals, *stages: Stage, minute_seconds: float = 60) -> list[list[float]]:
    """The due times in each minute of these stages, at a seed."""
    due = list(schedule(Scenario("any", stages, arrivals), minute_seconds))
    minutes = sum(stage.minutes for stage in stages)
    assert due == sorted(due)
    return [
        [at for at in due if minute * minute_seconds <= at < (minute + 1) * minute_seconds]
        for minute in range(minutes)
    ]


def test_a_constant_rate_offers_exactly_as_many_every_minute_and_evenly_spaced() -> None:
    minutes = sent("constant", Stage("flat", 20, 130 / 3, 130 / 3), minute_seconds=3)
    assert {len(minute) for minute in minutes} == {130}
    gaps = [after - before for before, after in pairwise(chain(*minutes))]
    assert gaps == pytest.approx([3 / 130] * len(gaps))


def test_a_ramp_offers_what_its_mean_rate_says_minute_by_minute() -> None:
    minutes = sent("constant", Stage("up", 4, 0, 40), Stage("down", 2, 40, 0))
    assert [len(minute) for minute in minutes] == [300, 900, 1500, 2100, 1800, 600]


def test_a_step_takes_effect_at_once_and_no_rate_sends_nothing() -> None:
    minutes = sent("constant", Stage("low", 1, 1, 1), Stage("off", 2, 0, 0), Stage("high", 1, 9, 9))
    assert [len(minute) for minute in minutes] == [60, 0, 0, 540]
    assert minutes[3][0] == pytest.approx(180, abs=0.1)


def test_a_gap_goes_on_over_the_end_of_a_stage() -> None:
    minutes = sent("constant", Stage("a", 1, 1 / 40, 1 / 40), Stage("b", 1, 1 / 20, 1 / 20))
    assert list(chain(*minutes)) == pytest.approx([0, 40, 70, 90, 110])


def test_poisson_arrivals_have_the_rate_and_the_spread_of_their_own() -> None:
    minutes = sent("poisson", Stage("flat", 300, 50, 50), minute_seconds=2)
    counts = [len(minute) for minute in minutes]
    assert statistics.fmean(counts) == pytest.approx(100, rel=0.02)
    assert statistics.variance(counts) == pytest.approx(100, rel=0.25)


def test_poisson_arrivals_follow_a_ramp() -> None:
    minutes = sent("poisson", Stage("up", 4, 0, 200))
    assert [len(minute) for minute in minutes] == pytest.approx([1500, 4500, 7500, 10500], rel=0.1)


@pytest.mark.parametrize("arrivals", sorted(GAPS))
def test_the_same_seed_sends_the_same_and_another_does_not(arrivals: str) -> None:
    gaps = [list(islice(GAPS[arrivals](seed), 50)) for seed in (1, 1, 2)]
    assert gaps[0] == gaps[1]
    assert (gaps[0] == gaps[2]) is (arrivals == "constant")


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_the_shares_of_all_workers_are_the_schedule_each_request_once(of: int) -> None:
    stages = (Stage("up", 1, 0, 30), Stage("flat", 1, 30, 30))
    due = list(schedule(Scenario("any", stages, "poisson"), 1, seed=3))
    shares = [list(share(due, index, of)) for index in range(of)]
    assert sorted(chain(*shares)) == due
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


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
