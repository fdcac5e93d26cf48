"""The stand-in's modelled processor and memory, on a clock that the test moves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from random import Random
from statistics import fmean
from typing import Any

import pytest

from tests.load.service.workload import Workload
from tests.support.queueing import Queue, variation
from tests.support.standin.container import Container, OutOfMemoryError
from tests.support.standin.processor import Occupied, Processor
from tests.support.standin.service_time import DISTRIBUTIONS, drawing
from tests.support.standin.work import Work, parsed

pytestmark = pytest.mark.selftest


def ends(vcpus: float, cpu_seconds: float, arrivals: Sequence[float]) -> list[float]:
    """When requests that arrive at these moments are through."""
    processor = Processor(vcpus)
    return [processor.take(now, cpu_seconds) for now in arrivals]


def container(work: Work, memory_mib: float = math.inf, vcpus: float = 1.0) -> Container:
    """A task that begins at 0, with a fixed seed."""
    return Container(vcpus, memory_mib, work, "gamma", seed=7, now=0.0)


def constant(**more: float) -> Work:
    """Requests that always take a second of a vCPU."""
    return Work(**{"cpu_seconds": 1.0, "variation": 0.0, **more})


def mean_response(queue: Queue, arrivals: int, seed: int) -> float:
    """The mean response of Poisson arrivals in a processor whose vCPUs are the queue's servers."""
    draw = drawing("gamma", queue.service_seconds, queue.service_variation)
    chance, processor, now, responses = Random(seed), Processor(queue.servers), 0.0, []
    for _ in range(arrivals):
        now += chance.expovariate(queue.arrival_rate)
        responses.append(processor.take(now, draw(chance)) - now)
    return fmean(responses)


@pytest.mark.parametrize(
    ("vcpus", "expected"),
    [
        pytest.param(2, [1, 1, 2, 2], id="two-servers"),
        pytest.param(1, [1, 2, 3, 4], id="one-after-the-other"),
        pytest.param(0.25, [4, 8, 12, 16], id="a-quarter-is-four-times-slower"),
        pytest.param(1.25, [0.8, 1.6, 2.4, 3.2], id="one-server-that-is-faster"),
    ],
)
def test_requests_are_served_in_turn_by_the_vcpus(vcpus: float, expected: list[float]) -> None:
    assert ends(vcpus, 1.0, [0, 0, 0, 0]) == pytest.approx(expected)


def test_idle_processor_serves_from_the_arrival() -> None:
    assert ends(1, 1.0, [0, 5, 5.5]) == [1, 6, 7]


@pytest.mark.parametrize(
    "queue",
    [Queue(15, 0.1, 2), Queue(8, 0.1, 1, 0.0), Queue(8, 0.1, 1, 2.0)],
    ids=["exponential-2-servers", "constant", "twice-as-varied"],
)
def test_mean_response_is_the_one_that_queueing_reckons(queue: Queue) -> None:
    assert mean_response(queue, 200_000, seed=3) == pytest.approx(queue.mean_response, rel=0.05)


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
@pytest.mark.parametrize("wanted", [0.25, 1.0, 4.0])
def test_service_times_have_the_mean_and_the_variation_asked_for(kind: str, wanted: float) -> None:
    draw, chance = drawing(kind, 0.8, wanted), Random(1)
    times = [draw(chance) for _ in range(200_000)]
    assert fmean(times) == pytest.approx(0.8, rel=0.02)
    assert variation(times) == pytest.approx(wanted, rel=0.1)
    assert min(times) > 0


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_service_time_without_variation_is_constant(kind: str) -> None:
    draw = drawing(kind, 0.8, 0.0)
    assert {draw(Random(seed)) for seed in range(10)} == {0.8}


def test_what_lasts_longer_than_a_window_counts_in_each_as_far_as_it_falls_there() -> None:
    occupied = Occupied()
    occupied.add(1, 4)
    occupied.add(3, 9)
    assert [occupied.seconds(now) for now in (0, 2, 5, 10)] == [0, 1, 5, 9]


def test_samples_tell_what_happened_since_the_last_one() -> None:
    task = container(constant(other_seconds=2.0, idle_memory_mib=100, request_memory_mib=10))
    assert [task.admit(0.0), task.admit(0.0)] == [3, 4]
    assert task.sample(1.5) == {
        "busy_seconds": 1.5, "present_seconds": 3.0, "memory_mib": 120.0, "seconds": 1.5,
    }  # fmt: skip
    assert task.sample(11.5) == {
        "busy_seconds": 0.5, "present_seconds": 4.0, "memory_mib": 104.0, "seconds": 10.0,
    }  # fmt: skip


def test_other_work_counts_from_when_it_is_put() -> None:
    task = container(constant(idle_memory_mib=100))
    task.put(constant(idle_memory_mib=300), 1.0)
    assert task.sample(4.0)["memory_mib"] == 250.0


def test_requests_in_the_task_keep_the_time_they_take() -> None:
    task = container(constant())
    assert task.admit(0.0) == 1.0
    task.put(constant(cpu_seconds=5.0), 0.5)
    assert task.admit(0.5) == 6.0


@pytest.mark.parametrize(("percent", "failed"), [(0, 0), (100, 2000), (10, 200)])
def test_so_many_requests_fail_and_take_nothing(percent: float, failed: int) -> None:
    task = container(Work(failing_percent=percent))
    answers = [task.admit(0.0) for _ in range(2000)]
    assert answers.count(None) == pytest.approx(failed, rel=0.1)


def test_same_seed_gives_the_same_times() -> None:
    def times() -> list[float | None]:
        task = container(Work(cpu_seconds=0.1))
        return [task.admit(0.0) for _ in range(20)]

    assert times() == times()


def test_task_is_killed_once_its_requests_have_held_too_much_for_a_while() -> None:
    task = container(constant(idle_memory_mib=80, request_memory_mib=100), memory_mib=100)
    assert [task.admit(0.0), task.admit(0.0)] == [1, 2]
    with pytest.raises(OutOfMemoryError, match=r"110\.\d+ MiB of 100"):
        task.admit(0.5)


def test_an_instant_of_too_much_memory_kills_no_task() -> None:
    task = container(constant(idle_memory_mib=80, request_memory_mib=100), memory_mib=100)
    assert [task.admit(0.0), task.admit(0.01)] == [1, 2]


def test_task_is_killed_by_work_that_alone_exceeds_its_memory() -> None:
    task = container(constant(), memory_mib=100)
    with pytest.raises(OutOfMemoryError, match="101 MiB of 100"):
        task.put(constant(idle_memory_mib=101), 1.0)


def test_requests_that_have_left_take_no_memory() -> None:
    task = container(constant(request_memory_mib=60), memory_mib=100)
    assert [task.admit(now) for now in (0.0, 1.0, 2.0)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"cpu": 1}, "a workload has no cpu"),
        ({"cpu_seconds": -1}, "cpu_seconds of -1: give a number from 0 to inf"),
        ({"other_seconds": math.inf}, "other_seconds of inf: give a number from 0 to inf"),
        ({"other_seconds": math.nan}, "other_seconds of nan: give a number from 0 to inf"),
        ({"failing_percent": 101}, "failing_percent of 101: give a number from 0 to 100"),
        ({"variation": "1"}, "variation of '1': give a number"),
        ({"variation": True}, "variation of True: give a number"),
    ],
)
def test_what_is_no_work_is_refused(document: Mapping[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}$"):
        parsed(document)


def test_work_has_the_fields_of_a_workload() -> None:
    known = {field.name for field in fields(Work)}
    assert known == {field.name for field in fields(Workload)} | {"failing_percent"}
