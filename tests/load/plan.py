"""What a run is going to do, settled before the first request leaves."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from tests.load import deployed
from tests.load.deployed import DeployedAlarm
from tests.load.hosts import RefusedError, UsageError, is_loopback, permitted
from tests.support.alarms import Alarm
from tests.support.traffic import Traffic

# One generator process was measured at a few thousand requests per second; far past that a
# schedule only fills memory.
MAX_RATE = 50_000.0


@dataclass(frozen=True)
class Plan:
    """A run: `rate` in requests per second over `periods` alarm periods, after a warm-up.

    `deployed` is None when nothing is deployed to read and the alarm is the catalogue's.
    """

    environment: str
    host: str
    rate: float
    periods: int
    traffic: Traffic
    alarm: Alarm
    deployed: DeployedAlarm | None
    reports: Path

    @property
    def judged_seconds(self) -> float:
        """How long the judged part lasts."""
        return float(self.periods * self.alarm.period_seconds)

    @property
    def where(self) -> str:
        """The alarm's ARN."""
        return self.deployed.arn if self.deployed else "tests/catalogue.yaml (no deployed alarm)"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that a plan is made from, besides Locust's --host and --run-time."""
    parser.add_argument("--environment", default="staging", help="whose host, peak and alarm")
    parser.add_argument("--rate", type=float, help="requests per second; default: the peak")
    parser.add_argument("--allow-production", action="store_true", help="load on production")
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="report directory")
    # Whoever started the service itself says what it is; two answers would only confuse.
    parser.add_argument("--service-judged-elsewhere", action="store_true", help=argparse.SUPPRESS)


def make(
    options: argparse.Namespace,
    traffic: Traffic,
    read_alarm: Callable[[str, str], DeployedAlarm | None],
    expected: Mapping[str, object],
) -> Plan:
    """The plan for parsed options, read_alarm(host, environment) and the catalogue's values.

    `options.run_time` is in seconds, None for as many periods as the alarm needs. Raises
    UsageError or RefusedError for what cannot be run, Violation for an alarm not as required.
    """
    host = permitted(options.host, options.environment, traffic, options.allow_production)
    found = read_alarm(host, options.environment)
    if found is not None:
        deployed.check_alarm(found, expected)
    alarm = found.alarm if found else alarm_expected(expected)
    peak = traffic.place(options.environment).peak_requests_per_second
    rate = peak if options.rate is None else options.rate
    if not 0 < rate <= MAX_RATE:
        raise UsageError(f"--rate {rate:g}: give more than 0 and at most {MAX_RATE:g} per second")
    return Plan(
        environment=options.environment,
        host=host,
        rate=rate,
        periods=_periods(options.run_time, alarm),
        traffic=traffic,
        alarm=alarm,
        deployed=found,
        reports=options.reports,
    )


def read_alarm(host: str, environment: str) -> DeployedAlarm | None:
    """The alarm of the account that boto3's own settings choose; None when there is none to read.

    A loopback host is the emulator's, so its alarm must come from a loopback endpoint too, and
    the other way round: no verdict on one from the alarm of the other.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    emulated = is_loopback(urlsplit(endpoint or "").hostname)
    local = is_loopback(urlsplit(host).hostname)
    if local and endpoint is None:
        return None
    if local != emulated:
        raise RefusedError(
            f"--host {host} and AWS_ENDPOINT_URL {endpoint} are not of the same deployment"
        )
    session: Any = boto3.Session()
    return deployed.read_alarm(session, environment)


def alarm_expected(expected: Mapping[str, object]) -> Alarm:
    """The alarm that the catalogue asks for, where nothing is deployed."""
    values: Mapping[str, Any] = expected
    return Alarm(
        threshold=float(values["threshold_seconds"]),
        comparison_operator=str(values["comparison"]),
        statistic=str(values["statistic"]),
        period_seconds=int(values["period_seconds"]),
        evaluation_periods=int(values["evaluation_periods"]),
        datapoints_to_alarm=int(values["datapoints_to_alarm"]),
    )


def _periods(run_time: float | None, alarm: Alarm) -> int:
    if run_time is None:
        return alarm.evaluation_periods
    periods = int(run_time // alarm.period_seconds)
    if periods < alarm.evaluation_periods:
        raise UsageError(
            f"a run of {run_time:g} s has {periods} complete periods of {alarm.period_seconds} s;"
            f" the alarm needs {alarm.evaluation_periods}"
        )
    return periods
