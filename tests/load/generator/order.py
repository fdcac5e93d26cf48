"""What one generator process is told to send, and what it tells of it, as Locust's messages.

Every process has the same schedule and takes its share of it. Times are real seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tests.load.hosts import UsageError, permitted
from tests.load.plan import Plan
from tests.load.scenarios.shapes import Scenario
from tests.support.traffic import Traffic

# The names of the messages: to a generator its order and an early end; from one what it has
# measured and that it cannot go on.
ORDER, HALT, FIGURES, BROKEN = "load_order", "load_halt", "load_figures", "load_broken"


@dataclass(frozen=True)
class Order:
    """The share number `index` of `of`, begun `delay_seconds` after this was received.

    `run` tells one run from another of the same processes. A delay needs no clock that two hosts
    agree on.
    """

    run: str
    index: int
    of: int
    delay_seconds: float
    minute_seconds: float
    host: str
    environment: str
    allow_production: bool
    scenario: Scenario
    traffic: Traffic
    seed: int

    @property
    def seconds(self) -> float:
        """How long the run lasts."""
        return self.scenario.minutes * self.minute_seconds

    @property
    def connections(self) -> int:
        """How many requests of this share may be under way."""
        return self.traffic.connections(self.scenario.most / self.of)

    def check(self, own: Traffic) -> None:
        """Raise UsageError where this process's own traffic file does not allow the order."""
        if self.traffic != own:
            raise UsageError("the generator's traffic file is not the one that the run was made of")
        permitted(self.host, self.environment, own, self.allow_production)


_ADAPTER = TypeAdapter(Order)


def of_plan(
    plan: Plan, run: str, index: int, of: int, delay_seconds: float, allow_production: bool
) -> dict[str, Any]:
    """The order for one of the generators of a plan, in plain types."""
    # What a request takes is told to the service, not to who sends it.
    stages = tuple(replace(stage, workload=None) for stage in plan.scenario.stages)
    order = Order(
        run=run,
        index=index,
        of=of,
        delay_seconds=delay_seconds,
        minute_seconds=plan.minute_seconds,
        host=plan.host,
        environment=plan.environment,
        allow_production=allow_production,
        scenario=replace(plan.scenario, stages=stages),
        traffic=plan.traffic,
        seed=plan.seed,
    )
    plain: dict[str, Any] = _ADAPTER.dump_python(order, mode="json")
    return plain


def read(message: Any) -> Order:
    """The order in a message. Raises UsageError for one of another version of this program."""
    try:
        return _ADAPTER.validate_python(message)
    except ValidationError as error:
        raise UsageError(f"an order that cannot be read: {error.errors()[0]['msg']}") from error


@dataclass(frozen=True)
class Figures:
    """What a generator has measured since it last told.

    `number` counts its messages from 0, `now` is its time in the run, `done` its last.
    """

    run: str
    number: int
    now: float
    done: bool
    parts: list[Any]
