"""What is deployed is read as ECS and CloudWatch would read it."""

from __future__ import annotations

import copy
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from tests.support import alarms
from tests.support.deployed import (
    DeployedAlarm,
    aws_errors,
    check_alarm,
    check_task,
    read_alarm,
    read_task,
    resolve_secret,
    task_from_definition,
)
from tests.support.outcomes import Invalid, SuiteError, Violation

pytestmark = pytest.mark.selftest

SECRET = "arn:aws:secretsmanager:us-east-1:222233334444:secret:mantisnxt-staging/database-AbCdEf"
DEFINITION: dict[str, Any] = {
    "taskDefinitionArn": "arn:aws:ecs:us-east-1:222233334444:task-definition/app:7",
    "containerDefinitions": [
        {
            "name": "app",
            "portMappings": [{"containerPort": 3000}],
            "environment": [{"name": "NODE_ENV", "value": "staging"}],
            "secrets": [{"name": "DATABASE_URL", "valueFrom": f"{SECRET}:DATABASE_URL::"}],
            "healthCheck": {
                "command": ["CMD-SHELL", "curl -f http://localhost:3000/api/health || exit 1"],
                "interval": 30,
                "timeout": 5,
                "retries": 3,
                "startPeriod": 60,
            },
        }
    ],
}
DESCRIPTION: dict[str, Any] = {
    "AlarmName": "mantisnxt-staging-api-response-time",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:222233334444:alarm:api-response-time",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "TargetResponseTime",
    "Threshold": 0.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
}
EXPECTED = {"threshold_seconds": 0.5, "period_seconds": 60, "metric": "TargetResponseTime"}


def changed(**container: Any) -> dict[str, Any]:
    """The task definition with these keys of its container replaced."""
    definition = copy.deepcopy(DEFINITION)
    definition["containerDefinitions"][0].update(container)
    return definition


def deployed(**description: Any) -> DeployedAlarm:
    """The alarm with these values of its description replaced."""
    whole = {**DESCRIPTION, **description}
    return DeployedAlarm(whole["AlarmArn"], alarms.from_description(whole), whole)


def answering(**answers: Any) -> Mock:
    """A boto3 session whose clients answer calls by name; an exception is raised."""
    effects = {f"client.return_value.{name}.side_effect": [it] for name, it in answers.items()}
    return Mock(**effects)


def refused(code: str) -> ClientError:
    """What boto3 raises for an error code."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetSecretValue")


NO_VALUE = refused("ResourceNotFoundException")


def test_a_task_has_the_containers_variables_port_and_health_check() -> None:
    task = task_from_definition(DEFINITION, "app", lambda reference: f"value of {reference}")
    assert task.environment == {
        "NODE_ENV": "staging",
        "DATABASE_URL": f"value of {SECRET}:DATABASE_URL::",
    }
    assert (task.container_port, task.health_check.path) == (3000, "/api/health")
    assert task.health_check.grace_seconds == 60 + 3 * 30


def test_a_task_does_not_show_its_secrets() -> None:
    assert "hunter2" not in repr(task_from_definition(DEFINITION, "app", lambda _: "hunter2"))


@pytest.mark.parametrize(
    "definition",
    [
        changed(name="web"),
        changed(portMappings=[]),
        changed(healthCheck=None),
        changed(healthCheck={"command": ["CMD", "curl", "-f", "http://localhost:3001/"]}),
    ],
    ids=["no-app", "no-port", "no-health-check", "health-check-on-another-port"],
)
def test_a_task_that_could_not_serve_is_a_violation(definition: dict[str, Any]) -> None:
    with pytest.raises(Violation):
        task_from_definition(definition, "app", lambda _: "")


@pytest.mark.parametrize(("port", "path"), [(3001, "/api/health"), (3000, "/")])
def test_a_task_unlike_the_catalogue_is_a_violation(port: int, path: str) -> None:
    task = task_from_definition(DEFINITION, "app", lambda _: "")
    check_task(task, 3000, "/api/health")
    with pytest.raises(Violation, match="port 3000, health on /api/health"):
        check_task(task, port, path)


def test_a_health_check_without_a_url_is_invalid() -> None:
    with pytest.raises(Invalid, match="names no URL"):
        task_from_definition(changed(healthCheck={"command": ["CMD", "true"]}), "app", lambda _: "")


@pytest.mark.parametrize(
    "answer",
    [
        {"services": []},
        {"services": [{"status": "INACTIVE"}]},
        refused("ClusterNotFoundException"),
    ],
    ids=["none", "inactive", "no-cluster"],
)
def test_a_service_that_does_not_exist_is_a_violation(answer: Any) -> None:
    with pytest.raises(Violation, match="an active service"):
        read_task(answering(describe_services=answer), "staging", "app")


def test_a_service_that_may_not_be_read_is_invalid() -> None:
    with pytest.raises(Invalid, match=r"answered AccessDenied.* allow the action"):
        read_task(answering(describe_services=refused("AccessDenied")), "staging", "app")


@pytest.mark.parametrize(
    ("suffix", "value"),
    [("", '{"DATABASE_URL": "postgresql://"}'), (":DATABASE_URL::", "postgresql://")],
    ids=["whole", "json-key"],
)
def test_a_secret_reference_resolves_as_in_ecs(suffix: str, value: str) -> None:
    session = answering(get_secret_value={"SecretString": '{"DATABASE_URL": "postgresql://"}'})
    assert resolve_secret(session, SECRET + suffix) == value
    session.client.return_value.get_secret_value.assert_called_once_with(SecretId=SECRET)


def test_a_secret_version_is_asked_for_as_written() -> None:
    session = answering(get_secret_value={"SecretString": "token"})
    resolve_secret(session, f"{SECRET}::AWSPREVIOUS:")
    session.client.return_value.get_secret_value.assert_called_once_with(
        SecretId=SECRET, VersionStage="AWSPREVIOUS"
    )


@pytest.mark.parametrize("value", ['{"OTHER": "hunter2"}', "hunter2", "[]"])
def test_a_missing_json_key_is_a_violation_that_shows_no_value(value: str) -> None:
    with pytest.raises(Violation, match="the key DATABASE_URL") as caught:
        resolve_secret(
            answering(get_secret_value={"SecretString": value}), f"{SECRET}:DATABASE_URL::"
        )
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("answer", [NO_VALUE, {"SecretBinary": b"token"}], ids=["none", "binary"])
def test_a_secret_without_a_value_as_text_is_a_violation(answer: Any) -> None:
    with pytest.raises(Violation, match="a secret with a value"):
        resolve_secret(answering(get_secret_value=answer), SECRET)


def test_a_secret_that_may_not_be_read_is_invalid_and_names_the_action() -> None:
    with pytest.raises(Invalid, match="GetSecretValue answered AccessDenied"):
        resolve_secret(answering(get_secret_value=refused("AccessDeniedException")), SECRET)


def test_absent_credentials_are_invalid() -> None:
    with pytest.raises(Invalid, match="Unable to locate credentials"), aws_errors():
        raise NoCredentialsError


def test_an_alarm_as_the_catalogue_asks_is_accepted() -> None:
    check_alarm(deployed(), EXPECTED, "MON-01")


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ({"Threshold": 5.0}, "threshold_seconds 5.0"),
        ({"Period": 300}, "period_seconds 300"),
        ({"MetricName": "RequestCount"}, "metric RequestCount"),
    ],
    ids=["threshold", "period", "metric"],
)
def test_an_alarm_unlike_the_catalogue_is_a_violation(
    description: dict[str, Any], told: str
) -> None:
    with pytest.raises(Violation) as caught:
        check_alarm(deployed(**description), EXPECTED, "MON-01")
    assert caught.value.actual == told
    assert caught.value.expected.startswith("what MON-01 asks: ")


@pytest.mark.parametrize("expected", [{}, {"treshold_seconds": 0.5}], ids=["nothing", "misspelt"])
def test_a_catalogue_that_expects_nothing_readable_is_an_error(expected: dict[str, object]) -> None:
    with pytest.raises(SuiteError, match="cannot expect"):
        check_alarm(deployed(), expected, "MON-01")


def test_an_alarm_that_does_not_exist_is_a_violation() -> None:
    with pytest.raises(Violation, match="a deployed alarm"):
        read_alarm(answering(describe_alarms={"MetricAlarms": []}), "staging")
