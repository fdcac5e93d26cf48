"""An account that tells of a run of three minutes; its answers are held to AWS's models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.stub import Stubber

from tests.load.service.workload import REQUESTS
from tests.support.target import Target

START = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
TOPIC = "arn:aws:sns:us-east-1:222233334444:mantisnxt-staging-alerts"
SERVICE = "service/mantisnxt-staging/mantisnxt-staging-app"
DIMENSIONS = [
    {"Name": "TargetGroup", "Value": "targetgroup/app/1"},
    {"Name": "LoadBalancer", "Value": "app/lb/1"},
]
ALARM: dict[str, Any] = {
    "AlarmName": "mantisnxt-staging-api-response-time",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:222233334444:alarm:slow",
    "AlarmActions": [TOPIC],
    "StateValue": "OK",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "TargetResponseTime",
    "Dimensions": DIMENSIONS,
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 0.5,
    "ComparisonOperator": "GreaterThanThreshold",
}
HIGH = {
    **ALARM,
    "AlarmName": "TargetTracking-high",
    "MetricName": "RequestCountPerTarget",
    "Statistic": "Sum",
}


def at(seconds: float) -> datetime:
    """A time of the run."""
    return START + timedelta(seconds=seconds)


def activity(
    seconds: float, count: int, cause: str, code: str = "Successful", what: str = "desired count"
) -> dict[str, Any]:
    """A scaling activity as AWS describes it."""
    return {
        "ActivityId": f"{seconds}",
        "ServiceNamespace": "ecs",
        "ResourceId": SERVICE,
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": f"Setting {what} to {count}.",
        "Cause": cause,
        "StartTime": at(seconds),
        "StatusCode": code,
    }


def turned(seconds: float, before: str, after: str) -> dict[str, Any]:
    """A change of the alarm's state in its history."""
    data = {"oldState": {"stateValue": before}, "newState": {"stateValue": after}}
    return {"Timestamp": at(seconds), "HistoryItemType": "StateUpdate",
            "HistoryData": json.dumps(data)}  # fmt: skip


def acted(seconds: float, state: str) -> dict[str, Any]:
    """What became of an action, in the alarm's history."""
    data = {"actionState": state, "notificationResource": TOPIC}
    return {"Timestamp": at(seconds), "HistoryItemType": "Action",
            "HistoryData": json.dumps(data)}  # fmt: skip


def values(identifier: str, *seen: tuple[float, float]) -> dict[str, Any]:
    """A metric's values by second of the run."""
    return {"Id": identifier, "Timestamps": [at(one) for one, _ in seen],
            "Values": [value for _, value in seen]}  # fmt: skip


BY_POLICY = "monitor alarm TargetTracking-high in state ALARM triggered policy requests"
ANSWERS: dict[str, Any] = {
    "alarm": {"MetricAlarms": [ALARM]},
    "policies": {
        "ScalingPolicies": [
            {
                "PolicyARN": "arn:policy",
                "PolicyName": "requests",
                "ServiceNamespace": "ecs",
                "ResourceId": SERVICE,
                "ScalableDimension": "ecs:service:DesiredCount",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 1000.0,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": REQUESTS},
                },
                "Alarms": [{"AlarmName": "TargetTracking-high", "AlarmARN": "arn:high"}],
                "CreationTime": START,
            }
        ]
    },
    "alarms": {"MetricAlarms": [ALARM, HIGH]},
    "service": {
        "services": [
            {
                "desiredCount": 3,
                "deployments": [{"id": "one", "rolloutState": "COMPLETED", "createdAt": at(-9000)}],
            }
        ]
    },
    "data": {
        "MetricDataResults": [
            values("m0", (0, 0.2), (120, 0.7)),
            values("m1", (0, 600), (60, 0), (120, 600)),
            values("m2", (120, 5)),
            values("m3", (120, 2)),
            values("m4", (0, 2), (60, 2), (120, 2.5)),
            values("m5", (0, 300), (60, 0)),
        ]
    },
    "activities": {
        "ScalingActivities": [
            activity(125, 3, BY_POLICY),
            activity(60, 2, "minimum capacity was set to 2"),
            activity(60, 2, "scheduled action day was triggered", what="min capacity"),
            activity(-600, 1, BY_POLICY),
        ]
    },
    "history": {
        "AlarmHistoryItems": [
            acted(186, "Failed"),
            acted(125, "Succeeded"),
            turned(185, "ALARM", "OK"),
            turned(124, "OK", "ALARM"),
        ]
    },
    "topic": {"Attributes": {}},
    "subscriptions": {
        "Subscriptions": [
            {"Endpoint": "ops@example.com", "SubscriptionArn": f"{TOPIC}:1"},
            {"Endpoint": "new@example.com", "SubscriptionArn": "PendingConfirmation"},
        ]
    },
}
CALLS = {
    "cloudwatch": [
        ("describe_alarms", "alarm"),
        ("describe_alarms", "alarms"),
        ("get_metric_data", "data"),
        ("describe_alarm_history", "history"),
    ],
    "application-autoscaling": [
        ("describe_scaling_policies", "policies"),
        ("describe_scaling_activities", "activities"),
    ],
    "ecs": [("describe_services", "service")],
    "sns": [("get_topic_attributes", "topic"), ("list_subscriptions_by_topic", "subscriptions")],
}
SESSION = boto3.Session("key", "secret", region_name="us-east-1")


class Account:
    """A session whose clients give prepared answers, in order; what is None they may not read."""

    def __init__(self, calls: Mapping[str, list[tuple[str, Any]]]) -> None:
        self._clients = {name: SESSION.client(name) for name in calls}
        for name, answers in calls.items():
            stubber = Stubber(self._clients[name])
            for operation, answer in answers:
                if answer is None:
                    stubber.add_client_error(operation, "AccessDeniedException")
                else:
                    stubber.add_response(operation, answer)
            stubber.activate()

    def client(self, name: str, **_: Any) -> Any:
        """The one client of that service."""
        return self._clients[name]


def target(calls: Mapping[str, list[tuple[str, Any]]], emulated: bool = False) -> Target:
    """The account that answers so."""
    return Target("staging", "222233334444", Account(calls), emulated)
