"""A run is settled before the first request, from the catalogue, the alarm and the options."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from tests.load import plan
from tests.load.hosts import UsageError
from tests.load.living.clock import Clock
from tests.load.plan import Deployment
from tests.load.service import region_client
from tests.load.service.region_client import Living
from tests.selftest.load import regions
from tests.support import alarms, catalogue
from tests.support.deployed import DeployedAlarm
from tests.support.emulator import Emulator
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.target import Target
from tests.support.traffic import Traffic

pytestmark = pytest.mark.selftest

EXPECTED = plan.expected_values(catalogue.load().requirement)
DESCRIPTION: dict[str, Any] = {
    "AlarmName": "api-response-time",
    "AlarmArn": "arn:alarm",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "TargetResponseTime",
    "Threshold": 0.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
    "TreatMissingData": "notBreaching",
}


def deployed(**description: Any) -> Deployment:
    """What is deployed, the alarm with these values replaced."""
    whole = {**DESCRIPTION, **description}
    alarm = DeployedAlarm(whole["AlarmArn"], alarms.from_description(whole), whole)
    target = Target("staging", "000000000000", None, emulated=True)
    return Deployment(target, alarm, regions.region(), tasks=2)


def made(traffic: Traffic, found: Deployment | None, **options: Any) -> plan.Plan:
    """The plan for a loopback host and these options."""
    parser = argparse.ArgumentParser()
    plan.add_options(parser)
    parsed = parser.parse_args([])
    vars(parsed).update({"host": "http://127.0.0.1:3000", "run_time": None, **options})
    return plan.make(parsed, traffic, lambda *_: found, EXPECTED, lambda: Clock.starting(20))


def test_a_run_is_judged_by_the_deployed_alarm_at_the_peak(traffic: Traffic) -> None:
    settled = made(traffic, deployed())
    assert (settled.where, len(settled.scenario.judged), settled.scenario.most) == (
        "arn:alarm",
        5,
        10,
    )
    assert settled.alarm.treat_missing_data == "notBreaching"


def test_a_deployment_has_the_clock_of_this_machine_unless_a_region_tells_its_own(
    traffic: Traffic,
) -> None:
    assert made(traffic, deployed()).minute_seconds == 60
    assert made(traffic, None).minute_seconds == 3


def test_an_alarm_that_looks_at_more_minutes_gets_them(traffic: Traffic) -> None:
    expected = {**EXPECTED, "evaluation_periods": 9, "datapoints_to_alarm": 9}
    parsed = argparse.ArgumentParser()
    plan.add_options(parsed)
    options = parsed.parse_args([])
    vars(options).update({"host": "http://127.0.0.1:3000", "run_time": None})
    settled = plan.make(options, traffic, lambda *_: None, expected)
    assert len(settled.scenario.judged) == 9


def test_without_a_deployment_a_run_is_judged_by_the_catalogues_alarm(traffic: Traffic) -> None:
    settled = made(traffic, None)
    assert (settled.alarm.threshold, settled.alarm.evaluation_periods) == (0.5, 2)
    assert settled.where.startswith("tests/catalogue.yaml")


@pytest.mark.parametrize(
    "wrong",
    [
        {"Threshold": 0.6},
        {"Period": 300},
        {"EvaluationPeriods": 3},
        {"DatapointsToAlarm": 1},
        {"Statistic": "Maximum"},
        {"ComparisonOperator": "GreaterThanOrEqualToThreshold"},
        {"MetricName": "RequestCount"},
        {"Namespace": "AWS/NetworkELB"},
    ],
    ids=str,
)
def test_an_alarm_other_than_the_catalogues_is_a_violation_of_it(
    wrong: dict[str, Any], traffic: Traffic
) -> None:
    with pytest.raises(Violation, match="arn:alarm"):
        made(traffic, deployed(**wrong))


@pytest.mark.parametrize(("found", "judged"), [(deployed(), 3), (None, 66)], ids=["real", "20x"])
def test_a_run_that_ends_within_a_minute_judges_the_complete_ones(
    found: Deployment | None, judged: int, traffic: Traffic
) -> None:
    assert len(made(traffic, found, run_time=200).scenario.judged) == judged


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"run_time": 119}, "the alarm needs 2"),
        ({"rate": 0.0}, "--rate 0"),
        ({"rate": float("nan")}, "--rate nan"),
        ({"rate": 31.0}, "at most 30 per second"),
        ({"host": None}, "is not a URL"),
        ({"scenario": "breach"}, "--overload"),
    ],
    ids=str,
)
def test_what_cannot_be_run_is_refused(
    options: dict[str, Any], told: str, traffic: Traffic
) -> None:
    with pytest.raises(UsageError, match=told):
        made(traffic, deployed(), **options)


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> Living:
    """A living region of staging, at twenty times the speed, that every address is of."""
    host, clock = "http://127.0.0.1:3001", Clock(20, 0, 10 * 3600)
    region = Living("http://127.0.0.1:1", "staging", host, clock, regions.WORK, 179)
    monkeypatch.setattr(region_client, "read", lambda _: region)
    return region


def test_a_living_region_gives_its_host_its_clock_and_what_a_request_takes(
    living: Living, traffic: Traffic
) -> None:
    asked = {"region_url": living.url, "host": None, "scenario": "breach"}
    settled = made(traffic, deployed(), **asked)
    assert (settled.host, settled.minute_seconds) == (living.host, 3)
    assert (settled.situation.workload, settled.situation.start_up_minutes) == (regions.WORK, 3)
    assert [stage.workload is not None for stage in settled.scenario.stages] == [True] * 3


@pytest.mark.parametrize(
    ("found", "environment", "told"),
    [
        (deployed(), "production", "is staging's region"),
        (None, "staging", "set AWS_ENDPOINT_URL to the region's emulator too"),
    ],
    ids=["another-environment", "no-account"],
)
def test_a_living_region_that_is_not_what_is_loaded_is_refused(
    found: Deployment | None, environment: str, told: str, living: Living, traffic: Traffic
) -> None:
    with pytest.raises(UsageError, match=told):
        made(traffic, found, region_url=living.url, environment=environment)


@pytest.mark.parametrize("scenario", ["scale", "breach", "spike"])
def test_a_scenario_that_needs_a_deployment_says_so(scenario: str, traffic: Traffic) -> None:
    with pytest.raises(UsageError, match="set AWS_ENDPOINT_URL"):
        made(traffic, None, scenario=scenario, overload=True)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"threshold_seconds": None}, "describes no alarm"),
        ({"statistic": "tm90"}, "describes no alarm"),
    ],
    ids=str,
)
def test_a_catalogue_that_describes_no_alarm_is_one_error(
    missing: dict[str, Any], told: str
) -> None:
    with pytest.raises(SuiteError, match=rf"tests/catalogue\.yaml: MON-01 {told}"):
        plan.alarm_expected({**EXPECTED, **missing})


def test_a_catalogue_that_leaves_out_a_value_is_one_error() -> None:
    lacking = {key: value for key, value in EXPECTED.items() if key != "comparison"}
    with pytest.raises(SuiteError, match="MON-01 does not say 'comparison'"):
        plan.alarm_expected(lacking)


def test_another_account_than_the_environments_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Emulator("999988887777") as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SuiteError, match="are for account 999988887777"):
            plan.read_deployment("http://127.0.0.1:3000", "staging", plan.STACK)


def test_a_profile_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(Invalid, match="no-such-profile"):
        plan.read_deployment("https://admin.staging.mantisnxt.com", "staging", plan.STACK)
