"""A run is led from one place, which notices everything that would make its verdict worthless."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gevent
import msgpack
import pytest

from tests.load import plan
from tests.load.generator import order
from tests.load.generator.conductor import Conductor
from tests.load.generator.measure import Measured, Recorder
from tests.load.hosts import UsageError
from tests.load.living.clock import Clock
from tests.load.plan import Plan
from tests.load.scenarios.shapes import Stage
from tests.load.service import region_client
from tests.load.service.region_client import Living
from tests.load.service.workload import Workload
from tests.support import catalogue
from tests.support.traffic import Traffic

pytestmark = pytest.mark.selftest

MINUTE_SECONDS = 0.2
HOST = "http://127.0.0.1:3000"
WORK, SLOW = Workload(0.01, 100), Workload(0.01, 100, other_seconds=1)
Answer = Callable[[Conductor, str, dict[str, Any]], None]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process has to be started here before the first request."""
    monkeypatch.setattr("tests.load.generator.conductor.LEAD_SECONDS", 0.1)


@pytest.fixture
def settled(traffic: Traffic) -> Plan:
    """A plan of four minutes of a fifth of a second, on nothing that is deployed."""
    parser = argparse.ArgumentParser()
    plan.add_options(parser)
    options = parser.parse_args([])
    vars(options).update({"host": HOST, "run_time": None})
    expected = plan.expected_values(catalogue.load().requirement)
    clock = Clock.starting(60 / MINUTE_SECONDS)
    made = plan.make(options, traffic, lambda *_: None, expected, lambda: clock)
    stages = (Stage("one", 2, 5, 5, WORK), Stage("two", 2, 5, 5, SLOW))
    quick = traffic.model_copy(update={"timeout_seconds": 0.01})
    return replace(made, traffic=quick, scenario=replace(made.scenario, stages=stages))


def figures(run: str, number: int, now: float, done: bool) -> dict[str, Any]:
    """A worker's message with one request in it."""
    recorder = Recorder(MINUTE_SECONDS, 4)
    recorder.offered(0)
    return {"run": run, "number": number, "now": now, "done": done, "parts": recorder.take()}


def finish(conductor: Conductor, worker: str, message: dict[str, Any]) -> None:
    """A worker that is done when the run is."""
    gevent.sleep(max(0.0, message["delay_seconds"]) + 4 * MINUTE_SECONDS)
    conductor.hear(worker, figures(message["run"], 0, conductor.now(), done=True))


def lose_a_message(conductor: Conductor, worker: str, message: dict[str, Any]) -> None:
    """A worker whose first figures never arrive."""
    conductor.hear(worker, figures(message["run"], 1, conductor.now(), done=False))


def run_behind(conductor: Conductor, worker: str, message: dict[str, Any]) -> None:
    """A worker that began half a second late."""
    gevent.sleep(max(0.0, message["delay_seconds"]) + 4 * MINUTE_SECONDS)
    conductor.hear(worker, figures(message["run"], 0, conductor.now() - 0.5, done=True))


def run_ahead(conductor: Conductor, worker: str, message: dict[str, Any]) -> None:
    """A worker whose clock runs fast."""
    gevent.sleep(max(0.0, message["delay_seconds"]) + 4 * MINUTE_SECONDS)
    conductor.hear(worker, figures(message["run"], 0, conductor.now() + 0.5, done=True))


def tell_on(conductor: Conductor, worker: str, message: dict[str, Any]) -> None:
    """Worker that is heard of all the time and never comes to its end."""
    for number in itertools.count():
        conductor.hear(worker, figures(message["run"], number, conductor.now(), done=False))
        gevent.sleep(0.01)


def break_down(conductor: Conductor, worker: str, message: dict[str, Any]) -> None:
    """A worker that cannot go on."""
    conductor.hear_broken(worker, {"run": message["run"], "reason": "no descriptors"})


def conducted(
    settled: Plan,
    *answers: Answer,
    settle: Callable[[Measured], str | None] = lambda _: None,
) -> tuple[Conductor, list[str]]:
    """A run over one worker for each answer, and the names of the messages that they got."""
    sent: list[str] = []

    def send(name: str, data: dict[str, Any], worker: str) -> None:
        sent.append(name)
        if name == order.ORDER:
            gevent.spawn(answers[int(worker)], conductor, worker, data)

    workers = [str(number) for number in range(len(answers))]
    conductor = Conductor(settled, workers, send, settle)
    conductor.conduct()
    return conductor, sent


def test_a_run_is_whole_when_every_worker_is_done(settled: Plan) -> None:
    conductor, sent = conducted(settled, finish, finish)
    assert (conductor.finished, conductor.fault, sent) == (True, None, [order.ORDER] * 2)
    measured = conductor.measured()
    assert (len(measured.periods), measured.partial) == (4, False)
    assert measured.periods[0].offered == 2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lose_a_message, "figures of worker 2 of 2 are missing"),
        (run_behind, "worker 2 of 2 was 0.50 s behind the schedule"),
        (run_ahead, "worker 2 of 2 was 0.50 s ahead of the schedule"),
        (break_down, "worker 2 of 2 broke: no descriptors"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_worker_that_goes_wrong_is_the_runs_fault(
    wrong: Answer, told: str, settled: Plan
) -> None:
    conductor, _ = conducted(settled, finish, wrong)
    assert (conductor.finished, conductor.fault) == (False, told)


def test_a_worker_of_which_nothing_is_heard_is_lost(
    settled: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.load.generator.conductor.LOST_SECONDS", 0.5)
    monkeypatch.setattr("tests.load.generator.conductor._HALT_SECONDS", 0.1)
    conductor, sent = conducted(settled, lambda *_: None)
    assert conductor.fault is not None
    assert conductor.fault.startswith("the load generator was lost at")
    assert sent == [order.ORDER, order.HALT]
    assert conductor.measured().partial


def test_figures_of_another_run_are_not_taken_for_this_ones(settled: Plan) -> None:
    def answer(conductor: Conductor, worker: str, message: dict[str, Any]) -> None:
        stale = Recorder(MINUTE_SECONDS, 4)
        stale.offered(1.5 * MINUTE_SECONDS)
        earlier = figures("an earlier one", 0, 0.0, done=True)
        conductor.hear(worker, {**earlier, "parts": stale.take()})
        finish(conductor, worker, message)

    conductor, _ = conducted(settled, answer)
    assert [period.offered for period in conductor.measured().periods] == [1, 0, 0, 0]


def test_a_run_ends_early_once_its_verdict_is_settled_and_is_not_partial(settled: Plan) -> None:
    seen: list[int] = []

    def settle(measured: Measured) -> str | None:
        seen.append(len(measured.periods))
        return "it failed" * (len(measured.periods) >= 2) or None

    longer = (Stage("one", 60, 5, 5),)
    long = replace(settled, scenario=replace(settled.scenario, stages=longer))
    conductor, sent = conducted(long, tell_on, settle=settle)
    assert conductor.ended_early == "it failed"
    # A busy machine may show several minutes at once.
    assert 2 <= seen[-1] < 60
    assert [minutes for minutes in seen[:-1] if minutes >= 2] == []
    assert sent == [order.ORDER, order.HALT]
    assert not conductor.measured().partial


def test_minutes_of_which_a_worker_has_told_nothing_settle_no_verdict(settled: Plan) -> None:
    longer = (Stage("one", 60, 5, 5),)
    long = replace(settled, scenario=replace(settled.scenario, stages=longer))
    silent: Answer = lambda *_: None  # noqa: E731
    conductor, _ = conducted(long, tell_on, silent, settle=lambda _: "its CPU was not sampled")
    assert conductor.ended_early is None
    assert "worker 2 of 2 was lost" in str(conductor.fault)


def test_each_stage_tells_the_region_what_a_request_takes_and_the_end_undoes_it(
    settled: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[Workload] = []
    monkeypatch.setattr(region_client, "put_workload", lambda _, workload: put.append(workload))
    own = Workload(0.08, 1024)
    living = Living("http://127.0.0.1:1", "staging", HOST, settled.clock, own)
    conductor, _ = conducted(replace(settled, living=living), finish)
    assert (conductor.fault, put) == (None, [WORK, SLOW, own])


def test_without_a_living_region_nobody_is_told_what_a_request_takes(
    settled: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(region_client, "put_workload")
    assert conducted(settled, finish)[0].finished


def test_a_region_that_is_gone_is_the_runs_fault(
    settled: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise UsageError("no living region answers")

    monkeypatch.setattr(region_client, "put_workload", gone)
    living = Living("http://127.0.0.1:1", "staging", HOST, settled.clock, WORK)
    conductor, sent = conducted(replace(settled, living=living), finish)
    assert (conductor.fault, sent) == ("no living region answers", [])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"scenario": "nothing"}, "an order that cannot be read"),
        ({"host": "https://example.com"}, "not staging's own host"),
    ],
    ids=["version", "host"],
)
def test_a_worker_refuses_an_order_that_its_own_traffic_file_does_not_allow(
    changed: dict[str, Any], told: str, settled: Plan
) -> None:
    message = {**order.of_plan(settled, "run", 0, 1, 1.0, False), **changed}
    with pytest.raises(UsageError, match=told):
        order.read(message).check(settled.traffic)


def test_an_order_arrives_as_it_was_given_but_for_what_a_request_takes(settled: Plan) -> None:
    message = msgpack.loads(msgpack.dumps(order.of_plan(settled, "run", 1, 3, 0.5, True)))
    read = order.read(message)
    read.check(settled.traffic)
    assert (read.index, read.of, read.delay_seconds, read.host) == (1, 3, 0.5, HOST)
    stages = [replace(stage, workload=None) for stage in settled.scenario.stages]
    assert list(read.scenario.stages) == stages
