"""What a run is going to do, settled before the first request leaves."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from tests.load.hosts import RefusedError, UsageError, is_loopback, permitted
from tests.load.living.clock import MINUTE, Clock
from tests.load.scenarios import scenarios
from tests.load.scenarios.shapes import Scenario
from tests.load.scenarios.situation import Situation
from tests.load.service import region, region_client
from tests.load.service.region import Region
from tests.load.service.region_client import Living
from tests.support import deployed
from tests.support.alarms import Alarm
from tests.support.deployed import DeployedAlarm
from tests.support.outcomes import SuiteError
from tests.support.planning import account_id
from tests.support.project import ROOT
from tests.support.target import Target
from tests.support.traffic import Traffic

STACK, REPORTS = ROOT / "terraform", ROOT / "reports"
QUIET, ALARM = "LOAD-02", "MON-01"
# Of the alarm's requirement: how to find it and what it looks at, proven where it belongs.
_NOT_COMPARED = frozenset({"name_suffix", "dimensions"})
# How much later than modelled AWS may show a metric or start a task, and a living region.
_AWS_DELAY_MINUTES, _LIVING_DELAY_MINUTES = 3, 1


@dataclass(frozen=True)
class Deployment:
    """What is deployed, as it was read: `tasks` run. `target` is where it was read from."""

    target: Target
    alarm: DeployedAlarm
    region: Region
    tasks: int


@dataclass(frozen=True)
class Plan:
    """A run: what is sent where, on whose clock, and what it is judged by; `situation` made it.

    `deployment` is None when nothing is deployed to read and the alarm is the catalogue's;
    `living` when what requests take cannot be set. The same `seed` sends the same requests.
    """

    environment: str
    host: str
    situation: Situation
    scenario: Scenario
    traffic: Traffic
    alarm: Alarm
    deployment: Deployment | None
    living: Living | None
    clock: Clock
    reports: Path
    seed: int = 1

    @property
    def minute_seconds(self) -> float:
        """How many real seconds a minute of the region lasts."""
        return self.clock.real_seconds(MINUTE)

    @property
    def seconds(self) -> float:
        """How long the run lasts."""
        return self.scenario.minutes * self.minute_seconds

    @property
    def where(self) -> str:
        """The alarm's ARN."""
        if self.deployment is None:
            return "tests/catalogue.yaml (no deployed alarm)"
        return self.deployment.alarm.arn


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that a plan is made from, besides Locust's --host and --run-time.

    Values are plain: Locust sends them from process to process.
    """
    add = parser.add_argument
    add("--environment", default="staging", help="whose host, peak and alarm")
    add("--scenario", choices=tuple(scenarios.SCENARIOS), default="steady", help="what is sent")
    add("--rate", type=float, help="requests per second; default: the environment's peak")
    add("--stack", default=str(STACK), help="the Terraform tree deployed")
    add("--region-url", help="of a living region (python -m tests.load.living): its clock")
    add("--overload", action="store_true", help="let breach send more than can be carried")
    add("--allow-production", action="store_true", help="load on production")
    add("--reports", default=str(REPORTS), help="report directory")
    add("--seed", type=int, default=1, help="of arrivals and pages")
    # Whoever started the service itself says what it is; two answers would only confuse.
    add("--service-judged-elsewhere", action="store_true", help=argparse.SUPPRESS)
    add("--die-with-stdin", action="store_true", help=argparse.SUPPRESS)


def make(
    options: argparse.Namespace,
    traffic: Traffic,
    read: Callable[[str, str, Path], Deployment | None],
    expected: Mapping[str, object],
    clock: Callable[[], Clock] = lambda: Clock.starting(1),
) -> Plan:
    """The plan for parsed options, read(host, environment, stack) and the alarm expected.

    `options.run_time` is in seconds, None for as many minutes as the scenario needs; `clock` makes
    the one for a run on nothing that is deployed. Raises UsageError or RefusedError for what cannot
    be run, Violation for an alarm not as required.
    """
    living = None if options.region_url is None else region_client.read(options.region_url)
    if living is not None and living.environment != options.environment:
        raise UsageError(f"--region-url {living.url} is {living.environment}'s region")
    asked = options.host or (living.host if living else None)
    host = permitted(asked, options.environment, traffic, options.allow_production)
    rate = rate_of(options.rate, options.environment, traffic)
    found = read(host, options.environment, Path(options.stack))
    if living is not None and found is None:
        raise UsageError("--region-url: set AWS_ENDPOINT_URL to the region's emulator too")
    if found is not None:
        deployed.check_alarm(found.alarm, expected, ALARM)
    alarm = found.alarm.alarm if found else alarm_expected(expected)
    ticking = living.clock if living else Clock() if found else clock()
    situation = Situation(
        region=found.region if found else None,
        alarm=alarm,
        scenarios=traffic.scenarios,
        rate=rate,
        most=traffic.place(options.environment).most_requests_per_second,
        minute=_minute_of_the_week(ticking),
        tasks=found.tasks if found else 1,
        delay_minutes=_AWS_DELAY_MINUTES,
        judged_minutes=_judged_minutes(options.run_time, alarm, ticking),
        overload=options.overload,
    )
    if living is not None:
        situation = replace(
            situation,
            workload=living.workload,
            settable=True,
            start_up_minutes=math.ceil(living.start_up_seconds / MINUTE),
            delay_minutes=_LIVING_DELAY_MINUTES,
        )
    return Plan(
        environment=options.environment,
        host=host,
        situation=situation,
        scenario=scenarios.make(options.scenario, situation),
        traffic=traffic,
        alarm=alarm,
        deployment=found,
        living=living,
        clock=ticking,
        reports=Path(options.reports),
        seed=options.seed,
    )


def read_deployment(host: str, environment: str, stack: Path) -> Deployment | None:
    """What is in the account that boto3's own settings choose; None when there is none to read.

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
    with deployed.aws_errors():  # as for a profile that is not there
        session: Any = boto3.Session()
    account = account_id(stack, environment)
    target = Target(environment, account, session, emulated=local)
    target.refuse_wrong_account()
    alarm = deployed.read_alarm(session, environment)
    return Deployment(target, alarm, region.deployed(target), _running(target))


def _running(target: Target) -> int:
    """How many tasks of the service run."""
    with deployed.aws_errors():
        asked = {"cluster": target.prefix, "services": [f"{target.prefix}-app"]}
        services = target.client("ecs").describe_services(**asked)["services"]
    return max(1, int(services[0]["runningCount"])) if services else 1


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
    place = traffic.place(environment)
    rate = place.peak_requests_per_second if asked is None else asked
    if not 0 < rate <= place.most_requests_per_second:
        most = place.most_requests_per_second
        raise UsageError(f"--rate {rate:g}: give more than 0 and at most {most:g} per second")
    return rate


def _judged_minutes(run_time: float | None, alarm: Alarm, clock: Clock) -> int | None:
    if run_time is None:
        return None
    periods = periods_of(clock.scale * run_time, alarm)
    return periods * alarm.period_seconds // MINUTE


def periods_of(run_time: float | None, alarm: Alarm) -> int:
    """The complete periods in `run_time` region seconds, None for as many as the alarm needs.

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


def _minute_of_the_week(clock: Clock) -> int:
    """0 is Monday 00:00 UTC."""
    now = datetime.fromtimestamp(clock.now(), UTC)
    return (now.weekday() * 24 + now.hour) * 60 + now.minute
