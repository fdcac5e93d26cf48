"""The queueing formulas against known values and against simulated queues."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import queueing
from tests.support.queueing import Queue

pytestmark = pytest.mark.selftest

# A busy machine is no failure.
unhurried = settings(deadline=None)

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("queueing_cases.yaml").read_text(encoding="utf-8")
)
BLOCKED = [case for case in CASES["erlang"] if "blocked" in case]
WAITING = [case for case in CASES["erlang"] if "waits" in case]


@pytest.mark.parametrize("case", BLOCKED, ids=str)
def test_erlang_b_is_as_in_the_tables(case: dict[str, Any]) -> None:
    blocked = queueing.erlang_b(case["servers"], case["load"])
    assert blocked == pytest.approx(case["blocked"], abs=case["to"])


@pytest.mark.parametrize("case", WAITING, ids=str)
def test_erlang_c_is_as_in_the_closed_forms(case: dict[str, Any]) -> None:
    waits = queueing.erlang_c(case["servers"], case["load"])
    assert waits == pytest.approx(case["waits"], abs=case["to"])


@pytest.mark.parametrize("case", CASES["waits"], ids=lambda case: case["id"])
def test_the_mean_wait_is_the_known_one(case: dict[str, Any]) -> None:
    rest = {name: value for name, value in case.items() if name not in ("id", "rate", "wait")}
    queue = Queue(case["rate"] / 4, 4.0, **rest)
    assert queue.mean_wait == pytest.approx(case["wait"] * 4, abs=1e-8)
    assert queue.mean_response == pytest.approx(case["wait"] * 4 + 4, abs=1e-8)


def test_as_many_are_present_as_littles_law_says() -> None:
    assert Queue(0.8, 1.0).mean_present == pytest.approx(0.8 / (1 - 0.8))
    assert Queue(0, 1.0).mean_present == 0


@pytest.mark.parametrize("rate", [2.0, 3.0])
def test_a_queue_that_only_grows_has_no_mean_wait(rate: float) -> None:
    queue = Queue(rate, 1.0, servers=2)
    assert (queue.mean_wait, queue.mean_response) == (math.inf, math.inf)


def hyperexponential(draw: random.Random) -> float:
    """Mean 1, squared coefficient 3: a fifth of the requests takes three times as long."""
    return draw.expovariate(1 / 3) if draw.random() < 0.2 else draw.expovariate(2)


# Mean 1 each; 2 × (0.2 × 9 + 0.8 × 0.25) − 1 = 3 for the last.
SERVICES: dict[str, tuple[float, Callable[[random.Random], float]]] = {
    "constant": (0.0, lambda _: 1.0),
    "uniform": (1 / 3, lambda draw: draw.uniform(0, 2)),
    "exponential": (1.0, lambda draw: draw.expovariate(1)),
    "hyperexponential": (3.0, hyperexponential),
}


@pytest.mark.parametrize("servers", [1, 2, 4])
@pytest.mark.parametrize("name", SERVICES)
def test_a_simulated_queue_waits_as_long(name: str, servers: int) -> None:
    spread, service = SERVICES[name]
    queue = Queue(0.8 * servers, 1.0, servers, spread)
    simulated = queueing.simulate(queue, service, arrivals=120_000, seed=7)
    assert simulated == pytest.approx(queue.mean_wait, rel=0.1)


@unhurried
@given(st.floats(0.01, 0.98), st.integers(1, 40), st.floats(0.001, 10), st.floats(0, 5))
def test_the_wait_grows_with_the_load_and_falls_with_servers(
    utilization: float, servers: int, seconds: float, spread: float
) -> None:
    def wait(share: float, more: int) -> float:
        return Queue(share * servers / seconds, seconds, servers + more, spread).mean_wait

    assert wait(utilization, 0) <= wait(utilization + 0.01, 0)
    assert wait(utilization, 1) <= wait(utilization, 0)


@pytest.mark.parametrize(
    ("samples", "expected"), [([2.0, 2.0], 0.0), ([1.0, 3.0], 0.25), ([0.0, 0.0, 0.0, 4.0], 3.0)]
)
def test_variation_is_that_of_the_samples(samples: list[float], expected: float) -> None:
    assert queueing.variation(samples) == pytest.approx(expected)


@pytest.mark.parametrize("samples", [[], [0.0, 0.0], [float("nan")]], ids=str)
def test_times_without_a_mean_have_no_variation(samples: list[float]) -> None:
    with pytest.raises(ValueError, match="variation is unknown"):
        queueing.variation(samples)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"arrival_rate": -1}, "arrival_rate"),
        ({"service_seconds": math.nan}, "service_seconds"),
        ({"service_variation": math.inf}, "service_variation"),
        ({"arrival_variation": -0.1}, "arrival_variation"),
        ({"servers": 0}, "serve nobody"),
    ],
    ids=str,
)
def test_numbers_that_make_no_queue_are_refused(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Queue(**{"arrival_rate": 1, "service_seconds": 1, **wrong})
