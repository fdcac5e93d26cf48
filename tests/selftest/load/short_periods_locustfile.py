"""The locustfile with minutes of a second and a generous generator, to try the whole gate fast.

Variables break it: SHORT_PAGE_STATUS is the status that the page must answer with,
SHORT_THRESHOLD the deployed alarm's, in seconds. SHORT_FAULT=prepare, =start or =send raises
there; =interrupt is a Ctrl-C before Locust has begun; =closed has visitors in a closed loop;
=taken lets nothing be written where the report belongs, once the run has begun.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from locust import events

from tests.load import progress, run
from tests.load.generator import generator
from tests.load.generator.visitor import OpenVisitors
from tests.load.living.clock import Clock
from tests.load.run import LoadRun
from tests.load.sources import Sources
from tests.selftest.load.closed_loop import ClosedLoop
from tests.support import alarms, deployed
from tests.support.deployed import DeployedAlarm
from tests.support.traffic import Traffic

DESCRIPTION: dict[str, Any] = {
    "AlarmName": "short",
    "Threshold": float(os.environ.get("SHORT_THRESHOLD", "0.5")),
    "ComparisonOperator": "GreaterThanThreshold",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
}
EXPECTED = {
    "threshold_seconds": 0.5,
    "comparison": "GreaterThanThreshold",
    "statistic": "Average",
    "period_seconds": 60,
    "evaluation_periods": 2,
}
FAULT = os.environ.get("SHORT_FAULT")


def traffic() -> Traffic:
    """Twenty requests a second; limits that only a broken generator exceeds."""
    if FAULT == "prepare":
        raise ZeroDivisionError
    return Traffic.model_validate(
        {
            "scenarios": {
                "steady_minutes": 2,
                "soak_minutes": 5,
                "breach_times": 1.4,
                "spike_times": 3,
                "spike_minutes": 1,
            },
            "think_time_seconds": 1,
            "timeout_seconds": 3,
            "error_budget_percent": 1,
            "generator": {
                "cpu_percent": 100,
                "lateness_p99_seconds": 0.5,
                "shortfall_percent": 50,
            },
            "pages": [
                {
                    "path": "/",
                    "weight": 1,
                    "status": int(os.environ.get("SHORT_PAGE_STATUS", "200")),
                }
            ],
            "environments": {
                "staging": {
                    "host": "admin.staging.example.com",
                    "peak_requests_per_second": 20,
                    "most_requests_per_second": 50_000,
                }
            },
        }
    )


def read_deployment(host: str, environment: str, stack: Path) -> None:
    """Nothing is deployed, but an alarm that must not be as it is."""
    alarm = DeployedAlarm("arn:alarm", alarms.from_description(DESCRIPTION), DESCRIPTION)
    deployed.check_alarm(alarm, EXPECTED, "MON-01")


def clock() -> Clock:
    """A minute of the region in a second."""
    return Clock.starting(60)


def requirement(identifier: str) -> SimpleNamespace:
    """A requirement that asks for an alarm with periods of a second."""
    return SimpleNamespace(
        id=identifier,
        title="a title",
        severity="high",
        why="why",
        fix="fix",
        controls=(),
        expected={"requests_differ_percent": 5} if identifier == "LOAD-01" else EXPECTED,
    )


LoadRun(Sources(traffic, read_deployment, requirement, clock)).install(events)
run.START_SECONDS, progress.EVERY_SECONDS = 1.0, 0.5
if FAULT == "interrupt":
    hook: Any = events.init
    hook.add_listener(lambda **_: os.kill(os.getpid(), signal.SIGINT))
if FAULT == "closed":
    vars(generator)["Dispatcher"] = ClosedLoop
if FAULT == "taken":
    started: Any = events.test_start
    started.add_listener(
        lambda environment, **_: Path(environment.parsed_options.reports, "load.json").mkdir(
            parents=True
        )
    )
if FAULT == "send":
    vars(generator)["choices"] = None


class Visitors(OpenVisitors):
    """One page."""

    def __init__(self, environment: Any) -> None:
        if FAULT == "start":
            raise ZeroDivisionError
        super().__init__(environment)
