"""What is read from an account; every answer is held to botocore's model of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.load import forecast
from tests.load.service import region
from tests.load.service.region import Region
from tests.load.service.workload import REQUESTS
from tests.support import staging
from tests.support.alarms import Alarm, Missing
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.scaling import Suspended
from tests.support.scaling_policy import Capacity
from tests.support.schedules import Bounds
from tests.support.target import Target

pytestmark = pytest.mark.selftest

SERVICE = "service/mantisnxt-staging/mantisnxt-staging-app"
ACCOUNT = "222233334444"
OF_SERVICE = {
    "ServiceNamespace": "ecs",
    "ResourceId": SERVICE,
    "ScalableDimension": "ecs:service:DesiredCount",
    "CreationTime": 0,
}
ALARM = {
    "ComparisonOperator": "GreaterThanThreshold",
    "Statistic": "Average",
    "Period": 60,
    "Namespace": "AWS/ApplicationELB",
}
ANSWERS: dict[str, dict[str, Any]] = {
    "describe_scalable_targets": {
        "ScalableTargets": [
            {
                **OF_SERVICE,
                "MinCapacity": 2,
                "MaxCapacity": 6,
                "RoleARN": "arn:role",
                "SuspendedState": {"DynamicScalingInSuspended": True},
            }
        ]
    },
    "describe_scaling_policies": {
        "ScalingPolicies": [
            {
                **OF_SERVICE,
                "PolicyARN": "arn:policy",
                "PolicyName": "requests",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 1000.0,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": REQUESTS},
                    "ScaleOutCooldown": 60,
                },
                "Alarms": [{"AlarmName": "TargetTracking-high", "AlarmARN": "arn:high"}],
            }
        ]
    },
    "describe_scheduled_actions": {
        "ScheduledActions": [
            {
                **OF_SERVICE,
                "ScheduledActionName": "night",
                "ScheduledActionARN": "arn:night",
                "Schedule": "cron(0 20 * * ? *)",
                "ScalableTargetAction": {"MinCapacity": 1},
            }
        ]
    },
    "describe_alarms": {
        "MetricAlarms": [
            {
                **ALARM,
                "AlarmName": "TargetTracking-high",
                "AlarmArn": "arn:high",
                "MetricName": "RequestCountPerTarget",
                "Threshold": 1000.0,
                "EvaluationPeriods": 1,
            },
            {
                **ALARM,
                "AlarmName": "mantisnxt-staging-api-response-time",
                "AlarmArn": "arn:slow",
                "MetricName": "TargetResponseTime",
                "Threshold": 0.5,
                "EvaluationPeriods": 2,
                "TreatMissingData": "notBreaching",
            },
            {"AlarmName": "mantisnxt-staging-share", "AlarmArn": "arn:share", "Metrics": []},
        ]
    },
    "describe_services": {"services": [{"taskDefinition": "arn:task:7"}]},
    "describe_task_definition": {"taskDefinition": {"cpu": "2048", "memory": "4096"}},
}
CLIENTS = {
    "application-autoscaling": [
        "describe_scalable_targets",
        "describe_scaling_policies",
        "describe_scheduled_actions",
    ],
    "cloudwatch": ["describe_alarms"],
    "ecs": ["describe_services", "describe_task_definition"],
}


# One for all: a session reads the models of its services only once.
SESSION = boto3.Session("key", "secret", region_name="us-east-1")


class Account:
    """A boto3 session whose clients give prepared answers; what is None they may not read."""

    def __init__(self, changed: Mapping[str, Any]) -> None:
        self._clients = {name: SESSION.client(name) for name in CLIENTS}
        for name, operations in CLIENTS.items():
            stubber = Stubber(self._clients[name])
            for operation in operations:
                answer = {**ANSWERS, **changed}[operation]
                if answer is None:
                    stubber.add_client_error(operation, "AccessDeniedException")
                else:
                    stubber.add_response(operation, answer)
            stubber.activate()

    def client(self, name: str, **_: Any) -> Any:
        """The one client of that service."""
        return self._clients[name]


def read(**changed: Any) -> Region:
    """The region of an account, some of whose answers are changed."""
    return region.deployed(Target("staging", ACCOUNT, Account(changed), emulated=False))


def test_an_account_tells_the_service_and_its_alarms() -> None:
    found = read()
    alarm = Alarm(0.5, "GreaterThanThreshold", "Average", 60, 2, 2, Missing.NOT_BREACHING)
    assert (found.vcpus, found.memory_mib, found.capacity) == (2, 4096, Capacity(2, 6))
    assert [one.alarm for one in found.watched] == [alarm]
    assert found.scaling.suspended == Suspended(scale_in=True)


def test_a_policy_acts_by_the_alarm_that_the_account_has_for_it() -> None:
    (policy,) = read().scaling.policies
    assert (policy.metric, policy.scale_out_cooldown, policy.scale_in_cooldown) == (
        REQUESTS,
        60,
        300,
    )
    assert policy.high == Alarm(1000, "GreaterThanThreshold", "Average", 60, 1, 1)
    assert policy.low.evaluation_periods == 15


def test_a_scheduled_action_keeps_the_bound_that_it_does_not_set() -> None:
    (action,) = read().actions
    assert action == Bounds("arn:night", action.schedule, 1, 6)
    assert action.schedule.minutes[0] == 20 * 60


@pytest.mark.parametrize(
    ("operation", "answer", "missing"),
    [
        ("describe_scalable_targets", {"ScalableTargets": []}, "scalable target"),
        ("describe_scaling_policies", {"ScalingPolicies": []}, "scaling policy"),
        ("describe_services", {"services": []}, "service"),
    ],
)
def test_what_is_not_there_is_a_violation(
    operation: str, answer: dict[str, Any], missing: str
) -> None:
    with pytest.raises(Violation, match=f"a {missing}"):
        read(**{operation: answer})


def test_a_policy_that_is_not_modelled_is_refused_by_arn() -> None:
    steps = {**OF_SERVICE, "PolicyARN": "arn:steps", "PolicyName": "steps",
             "PolicyType": "StepScaling"}  # fmt: skip
    with pytest.raises(SuiteError, match="arn:steps: policy steps tracks no predefined metric"):
        read(describe_scaling_policies={"ScalingPolicies": [steps]})


def test_what_may_not_be_read_is_invalid() -> None:
    with pytest.raises(Invalid, match="DescribeServices answered AccessDeniedException"):
        read(describe_services=None)


def test_the_command_forecasts_for_what_is_deployed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("staging", ACCOUNT, Account({}), emulated=False)
    monkeypatch.setattr(staging, "enter", lambda *_: target)
    assert forecast.main(["--deployed", "--environment", "staging"]) == forecast.HOLDS
    assert "tasks needed   3 by ALBRequestCountPerTarget;" in capsys.readouterr().out


@pytest.mark.parametrize(
    "named", [[], ["--environment", "staging", "--environment", "production"]], ids=str
)
def test_an_account_is_of_one_environment(
    named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert forecast.main(["--deployed", *named]) == forecast.NOT_FORECAST
    assert capsys.readouterr().err.startswith("error: --deployed: name the environment")
