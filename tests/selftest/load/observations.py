"""Runs made of the modelled service: what it would show of itself, and what a client would see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.load.generator.measure import Measured, Period
from tests.load.observation.observed import MINUTE, Action, Activity, Change, Minute, Observed
from tests.load.scenarios import scenarios
from tests.load.scenarios.shapes import Scenario
from tests.load.scenarios.situation import Situation
from tests.load.service import plant
from tests.load.service.plant import Plant, Seen
from tests.load.service.region import Region
from tests.load.service.workload import PUBLISHED_AS, Workload
from tests.load.verdict.evidence import Run
from tests.selftest.load import regions
from tests.selftest.load.regions import RESPONSE
from tests.support import catalogue
from tests.support.alarms import Alarm, State
from tests.support.traffic import Traffic, load

FIND = catalogue.load().requirement
ALARM = Alarm(0.5, "GreaterThanThreshold", "Average", 60, 2, 2)
TOPIC = "arn:aws:sns:us-east-1:222233334444:mantisnxt-staging-alerts"
# What CloudWatch takes after a minute is over until the alarm has changed.
DELAY = 5
# What a request takes where the scenarios do not say; those of traffic.yaml, but for the hours.
WORK = Workload(0.01, 1024)
MINUTES = load().scenarios.model_copy(update={"soak_minutes": 60})
SITUATION = Situation(regions.region(), ALARM, MINUTES, 30.0, 150.0, WORK, settable=True, tasks=2)
STEADY, SCALE, BREACH, SPIKE, SOAK = (
    scenarios.make(name, SITUATION) for name in ("steady", "scale", "breach", "spike", "soak")
)


@dataclass(frozen=True)
class Planned:
    """What a plan says of where a run was to be."""

    environment: str = "staging"
    host: str = "http://127.0.0.1:8080"
    where: str = "arn:aws:cloudwatch:us-east-1:222233334444:alarm:mantisnxt-staging-response"
    alarm: Alarm = ALARM
    traffic: Traffic = field(default_factory=load)


def course(scenario: Scenario, region: Region, start_up_minutes: int = 2) -> list[Seen]:
    """What the modelled service shows in each minute of a scenario."""
    modelled, seen = Plant(region, WORK, start_up_minutes), list[Seen]()
    running = plant.start(modelled)
    for stage in scenario.stages:
        modelled = replace(modelled, workload=stage.workload or modelled.workload)
        for minute in range(stage.minutes):
            running, one = plant.step(modelled, running, stage.rate(minute + 0.5))
            seen.append(one)
    return seen


def observed(seen: Sequence[Seen], **changed: Any) -> Observed:
    """The course as the environment would tell it."""
    before = (State.OK, *(one.states[RESPONSE] for one in seen))
    states = [one if one is not State.INSUFFICIENT_DATA else State.OK for one in before]
    ends = [(one.minute + 1) * MINUTE + DELAY for one in seen]
    moves = [(end, old, new) for end, old, new in zip(ends, states, states[1:], strict=False)]
    changes = tuple(Change(*move) for move in moves if move[1] != move[2])
    told: dict[str, Any] = {
        "minutes": tuple(_minute(one) for one in seen),
        "state": State.OK,
        "changes": changes,
        "actions": tuple(
            Action(one.at, TOPIC, True) for one in changes if one.after is State.ALARM
        ),
        "activities": tuple(
            Activity((one.minute + 1) * MINUTE + DELAY, done.before, done.after, done.cause)
            for one in seen
            for done in one.activities
        ),
        "subscribers": ("operators@example.com",),
    }
    return Observed(**{**told, **changed})


def measured(seen: Sequence[Seen], **changed: Any) -> Measured:
    """The course as a sound client would see it, a minute of whose time lasts three seconds."""
    return Measured(3.0, tuple(period(one, **changed) for one in seen))


def period(one: Seen, **changed: Any) -> Period:
    """A minute of it, in which every request is answered."""
    sent = round(one.rate * 3)
    times = (one.response_seconds or 0.0,) * sent
    made: dict[str, Any] = {
        "offered": sent,
        "sent": sent,
        "dropped": 0,
        "response_times": times,
        "waits": times,
        "abandoned": (),
        "lateness": (0.001,) * sent,
        "errors": {},
        "local_errors": {},
        "cpu_percent": 10.0,
    }
    return Period(**{**made, **changed})


def run(
    scenario: Scenario,
    service: Region | None = None,
    start_up_minutes: int = 2,
    **changed: Any,
) -> Run:
    """A run of the scenario on the service, judged as one that is deployed as it must be.

    `service` is what really runs, which may be another.
    """
    right = regions.region()
    seen = course(scenario, service or right, start_up_minutes)
    made: dict[str, Any] = {
        "scenario": scenario,
        "plan": Planned(),
        "measured": measured(seen),
        "observed": observed(seen),
        "region": right,
    }
    return Run(**{**made, **changed})


def _minute(one: Seen) -> Minute:
    values = {name: one.published.get(key) for name, key in PUBLISHED_AS.items()}
    return Minute(
        one.response_seconds, one.rate * MINUTE, 0.0, float(one.running), one.desired, values
    )
