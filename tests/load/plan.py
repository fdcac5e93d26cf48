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
from tests.support.outcomes import SuiteError
from tests.support.planning import account_id
from tests.support.target import Target
from tests.support.traffic import Traffic

ROOT = Path(__file__).resolve().parents[2]
STACK, REPORTS = ROOT / "terraform", ROOT / "reports"
QUIET, ALARM = "LOAD-02", "MON-01"
# Of the alarm's requirement: how to find it and what it looks at, proven where it belongs.
_NOT_COMPARED = frozenset({"name_suffix", "dimensions"})
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
    parser.add_argument("--stack", type=Path, default=STACK, help="the Terraform tree deployed")
    parser.add_argument("--rate", type=float, help="requests per second; default: the peak")
    parser.add_argument("--allow-production", action="store_true", help="load on production")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="report directory")
    # Whoever started the service itself says what it is; two answers would only confuse.
    parser.add_argument("--service-judged-elsewhere", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--die-with-stdin", action="store_true", help=argparse.SUPPRESS)


def make(
    options: argparse.Namespace,
    traffic: Traffic,
    read_alarm: Callable[[str, str, Path], DeployedAlarm | None],
    expected: Mapping[str, object],
) -> Plan:
    """The plan for parsed options, read_alarm(host, environment, stack) and the alarm expected.

    `options.run_time` is in seconds, None for as many periods as the alarm needs. Raises
    UsageError or RefusedError for what cannot be run, Violation for an alarm not as required.
    """
    host = permitted(options.host, options.environment, traffic, options.allow_production)
    rate = rate_of(options.rate, options.environment, traffic)
    periods_of(options.run_time, alarm_expected(expected))
    found = read_alarm(host, options.environment, options.stack)
    if found is not None:
        deployed.check_alarm(found, expected, ALARM)
    alarm = found.alarm if found else alarm_expected(expected)
    return Plan(
        environment=options.environment,
        host=host,
        rate=rate,
        periods=periods_of(options.run_time, alarm),
        traffic=traffic,
        alarm=alarm,
        deployed=found,
        reports=options.reports,
    )


def read_alarm(host: str, environment: str, stack: Path) -> DeployedAlarm | None:
    """The alarm of the account that boto3's own settings choose; None when there is none to read.

    A loopback host is the emulator's, so its alarm must come from a loopback endpoint too, and
    the other way round: no verdict on one from the alarm of the other. Raises SuiteError when the
    account is not the environment's in `stack`.
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
    account = account_id(stack, environment)
    Target(environment, account, session, emulated=local).refuse_wrong_account()
    return deployed.read_alarm(session, environment)


def expected_values(find: Callable[[str], Any]) -> dict[str, object]:
    """What the catalogue asks of the alarm; where it omits M, M is N, as CloudWatch has it."""
    asked = {**find(ALARM).expected, **find(QUIET).expected}
    values = {key: value for key, value in asked.items() if key not in _NOT_COMPARED}
    return {"datapoints_to_alarm": values.get("evaluation_periods"), **values}


def alarm_expected(expected: Mapping[str, object]) -> Alarm:
    """The alarm with these values of the catalogue. Raises SuiteError when they make none."""
    values: Mapping[str, Any] = expected
    try:
        return Alarm(
            threshold=float(values["threshold_seconds"]),
            comparison_operator=str(values["comparison"]),
            statistic=str(values["statistic"]),
            period_seconds=int(values["period_seconds"]),
            evaluation_periods=int(values["evaluation_periods"]),
            datapoints_to_alarm=int(values["datapoints_to_alarm"]),
        )
    except KeyError as error:
        raise SuiteError(f"tests/catalogue.yaml: {ALARM} does not say {error}") from error
    except (TypeError, ValueError) as error:
        raise SuiteError(f"tests/catalogue.yaml: {ALARM} describes no alarm: {error}") from error


def rate_of(asked: float | None, environment: str, traffic: Traffic) -> float:
    """The rate asked for, else the environment's peak. Raises UsageError for an impossible one."""
    rate = traffic.place(environment).peak_requests_per_second if asked is None else asked
    if not 0 < rate <= MAX_RATE:
        raise UsageError(f"--rate {rate:g}: give more than 0 and at most {MAX_RATE:g} per second")
    return rate


def periods_of(run_time: float | None, alarm: Alarm) -> int:
    """The complete periods in `run_time` seconds, None for as many as the alarm needs.

    Raises UsageError when the alarm could not evaluate to anything.
    """
    if run_time is None:
        return alarm.evaluation_periods
    periods = int(run_time // alarm.period_seconds)
    if periods < alarm.evaluation_periods:
        raise UsageError(
            f"a run of {run_time:g} s has {periods} complete periods of {alarm.period_seconds} s;"
            f" the alarm needs {alarm.evaluation_periods}"
        )
    return periods
