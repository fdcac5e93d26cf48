"""What is deployed, read by boto3: the service's task definition and the response-time alarm.

Read only. Secret values are resolved only to be handed to the stand-in, which takes the place of
the container; they are kept out of every repr, message and report.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.support import alarms
from tests.support.alarms import Alarm
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.report import DENIED
from tests.support.target import CLIENT_CONFIG

# arn:aws:secretsmanager:<region>:<account>:secret:<name>[:<json key>:<stage>:<version id>]
_SECRET_ARN_PARTS = 7
_UNUSABLE = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
                       "UnrecognizedClientException", "SignatureDoesNotMatch"})  # fmt: skip
_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::(\d+))?(/[^\s'\"|;&]*)?")


@dataclass(frozen=True)
class HealthCheck:
    """A container health check that asks for a URL; times in seconds, defaults as in ECS."""

    path: str
    interval_seconds: int
    timeout_seconds: int
    retries: int
    start_period_seconds: int

    @property
    def grace_seconds(self) -> int:
        """How long a container may take to become healthy before ECS replaces it."""
        return self.start_period_seconds + self.retries * self.interval_seconds


@dataclass(frozen=True)
class Task:
    """What the service runs: `environment` is the container's, secrets resolved."""

    arn: str
    container_port: int
    health_check: HealthCheck
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class DeployedAlarm:
    """The alarm as evaluated, and the description it was read from."""

    arn: str
    alarm: Alarm
    description: Mapping[str, Any] = field(repr=False)


# How each value that the catalogue may expect of the alarm is read from its description.
_EXPECTABLE: Mapping[str, Callable[[DeployedAlarm], object]] = {
    "threshold_seconds": lambda deployed: deployed.alarm.threshold,
    "period_seconds": lambda deployed: deployed.alarm.period_seconds,
    "evaluation_periods": lambda deployed: deployed.alarm.evaluation_periods,
    "datapoints_to_alarm": lambda deployed: deployed.alarm.datapoints_to_alarm,
    "statistic": lambda deployed: deployed.alarm.statistic,
    "comparison": lambda deployed: deployed.alarm.comparison_operator,
    "metric": lambda deployed: deployed.description.get("MetricName"),
    "namespace": lambda deployed: deployed.description.get("Namespace"),
}


def read_task(session: Any, environment: str, container: str) -> Task:
    """The task that service mantisnxt-<environment>-app runs, as its named container sees it.

    `session` is a boto3 session. Raises Violation where ECS itself could not start the task,
    Invalid when it may not be read.
    """
    service = f"mantisnxt-{environment}-app"
    with aws_errors():
        ecs = session.client("ecs", config=CLIENT_CONFIG)
        found = _services(ecs, f"mantisnxt-{environment}", service)
        active = [entry for entry in found if entry["status"] == "ACTIVE"]
        if not active:
            raise Violation(where=service, expected="an active service", actual="there is none")
        definition = ecs.describe_task_definition(taskDefinition=active[0]["taskDefinition"])
    return task_from_definition(
        definition["taskDefinition"],
        container,
        lambda reference: resolve_secret(session, reference),
    )


def task_from_definition(
    definition: Mapping[str, Any], name: str, resolve: Callable[[str], str]
) -> Task:
    """The task in one DescribeTaskDefinition answer; `resolve` maps a valueFrom to its value."""
    arn = str(definition["taskDefinitionArn"])
    named = [entry for entry in definition["containerDefinitions"] if entry["name"] == name]
    if not named:
        raise Violation(where=arn, expected=f"a container named {name}", actual="none")
    container = named[0]
    ports = [int(mapping["containerPort"]) for mapping in container.get("portMappings", [])]
    if len(ports) != 1:
        raise Violation(where=arn, expected="one container port", actual=f"ports {ports}")
    variables = {entry["name"]: entry["value"] for entry in container.get("environment", [])}
    for secret in container.get("secrets", []):
        variables[secret["name"]] = resolve(secret["valueFrom"])
    return Task(arn, ports[0], _health_check(arn, container, ports[0]), variables)


def check_task(task: Task, port: int, health_path: str) -> None:
    """Raise Violation unless the task listens and is asked for its health where it must be."""
    expected = f"port {port}, health on {health_path}"
    actual = f"port {task.container_port}, health on {task.health_check.path}"
    if actual != expected:
        raise Violation(where=task.arn, expected=expected, actual=actual)


def resolve_secret(session: Any, reference: str) -> str:
    """The value a container secret's valueFrom names, as the ECS agent resolves it.

    `reference` is a Secrets Manager ARN, optionally followed by `:json-key:version-stage:version`
    (any of them empty). Raises Violation, naming secret and key only, where ECS would fail.
    """
    parts = reference.split(":")
    if parts[2:3] != ["secretsmanager"] or len(parts) < _SECRET_ARN_PARTS:
        raise Invalid(f"{reference}: only secrets of Secrets Manager are resolved here")
    arn = ":".join(parts[:_SECRET_ARN_PARTS])
    key, stage, version = [*parts[_SECRET_ARN_PARTS:], "", "", ""][:3]
    request = {"SecretId": arn, "VersionStage": stage, "VersionId": version}
    with aws_errors():
        value = _secret_string(session, {name: asked for name, asked in request.items() if asked})
    if value is None:
        raise Violation(where=arn, expected="a secret with a value as text", actual="none")
    return _json_key(arn, value, key) if key else value


def read_alarm(session: Any, environment: str) -> DeployedAlarm:
    """The alarm mantisnxt-<environment>-api-response-time. Raises Violation when there is none."""
    name = f"mantisnxt-{environment}-api-response-time"
    with aws_errors():
        answer = session.client("cloudwatch", config=CLIENT_CONFIG).describe_alarms(
            AlarmNames=[name], AlarmTypes=["MetricAlarm"]
        )
    if not answer["MetricAlarms"]:
        raise Violation(where=name, expected="a deployed alarm", actual="there is none")
    description = answer["MetricAlarms"][0]
    try:
        return DeployedAlarm(
            description["AlarmArn"], alarms.from_description(description), description
        )
    except ValueError as error:
        raise Violation(
            where=description["AlarmArn"], expected="an alarm on one metric", actual=str(error)
        ) from error


def check_alarm(deployed: DeployedAlarm, expected: Mapping[str, object], asked_by: str) -> None:
    """Raise Violation naming every value of the alarm that is not what `asked_by` requires."""
    unknown = sorted(set(expected) - set(_EXPECTABLE))
    if unknown or not expected:
        raise SuiteError(
            f"tests/catalogue.yaml: of an alarm the load tier cannot expect {unknown or 'nothing'}"
        )
    wrong = {
        key: _EXPECTABLE[key](deployed)
        for key, value in expected.items()
        if _EXPECTABLE[key](deployed) != value
    }
    if wrong:
        raise Violation(
            where=deployed.arn,
            expected=f"what {asked_by} asks: "
            + ", ".join(f"{key} {expected[key]}" for key in wrong),
            actual=", ".join(f"{key} {value}" for key, value in wrong.items()),
        )


@contextlib.contextmanager
def aws_errors() -> Iterator[None]:
    """Turn boto3's errors into Invalid, saying what to do: nothing was judged."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise Invalid(f"{error.operation_name} answered {code}; {_advice(code)}") from error
    except BotoCoreError as error:
        raise Invalid(f"AWS cannot be read: {error}") from error


def _advice(code: str) -> str:
    if code in _UNUSABLE:
        return "renew the credentials"
    return "allow the action to the role in use" if code in DENIED else "try again"


def _services(ecs: Any, cluster: str, service: str) -> list[Any]:
    """What ECS knows of the service; a cluster that is not there has none."""
    try:
        return list(ecs.describe_services(cluster=cluster, services=[service])["services"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ClusterNotFoundException":
            return []
        raise


def _secret_string(session: Any, request: Mapping[str, str]) -> str | None:
    """The text of a secret; None where there is no value, or none that is text."""
    try:
        client = session.client("secretsmanager", config=CLIENT_CONFIG)
        value = client.get_secret_value(**request).get("SecretString")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    return None if value is None else str(value)


def _health_check(arn: str, container: Mapping[str, Any], port: int) -> HealthCheck:
    check = container.get("healthCheck")
    if not check:
        raise Violation(where=arn, expected="a container health check", actual="none")
    found = _URL.search(" ".join(check["command"]))
    if not found:
        raise Invalid(f"{arn}: the health check command names no URL to ask for")
    asked = int(found[1] or 80)
    if asked != port:
        raise Violation(where=arn, expected=f"a health check on port {port}", actual=f"on {asked}")
    return HealthCheck(
        path=found[2] or "/",
        interval_seconds=int(check.get("interval") or 30),
        timeout_seconds=int(check.get("timeout") or 5),
        retries=int(check.get("retries") or 3),
        start_period_seconds=int(check.get("startPeriod") or 0),
    )


def _json_key(arn: str, value: str, key: str) -> str:
    try:
        return str(json.loads(value)[key])
    except (ValueError, KeyError, TypeError):
        raise Violation(
            where=arn, expected=f"a JSON object with the key {key}", actual="it has no such key"
        ) from None
