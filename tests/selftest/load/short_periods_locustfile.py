"""The locustfile with periods of a second and a generous generator, to try the whole gate fast.

SHORT_PAGE_STATUS is the status that the page must answer with.
"""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from locust import events

from tests.load.deployed import DeployedAlarm
from tests.load.run import LoadRun
from tests.load.visitor import OpenVisitors
from tests.support import alarms
from tests.support.traffic import Traffic

DESCRIPTION: dict[str, Any] = {
    "AlarmName": "short",
    "Threshold": 0.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "Statistic": "Average",
    "Period": 1,
    "EvaluationPeriods": 2,
}


def traffic() -> Traffic:
    """Twenty requests a second; limits that only a broken generator exceeds."""
    return Traffic.model_validate(
        {
            "arrivals": "constant",
            "warm_up_seconds": 0.5,
            "think_time_seconds": 1,
            "timeout_seconds": 5,
            "error_budget_percent": 1,
            "generator": {
                "cpu_percent": 100,
                "lateness_p99_seconds": 1,
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
                }
            },
        }
    )


def requirement(identifier: str) -> SimpleNamespace:
    """A requirement that asks for the alarm above."""
    return SimpleNamespace(
        id=identifier,
        title="a title",
        severity="high",
        why="why",
        fix="fix",
        controls=(),
        expected={"evaluation_periods": 2, "threshold_seconds": 0.5},
    )


RUN = LoadRun(
    load_traffic=traffic,
    read_alarm=lambda *_: DeployedAlarm(
        "arn:alarm", alarms.from_description(DESCRIPTION), DESCRIPTION
    ),
    find=requirement,
)
RUN.install(events)


class Visitors(OpenVisitors):
    """One page."""

    load_run = RUN
