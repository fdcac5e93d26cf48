"""Each mistake in what is deployed is seen by the consequence that it has.

The checks are those of the integration tier, called with an environment in which the mistake is
made and then mended.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration import permissions
from tests.integration import test_consequences as tier
from tests.integration.conftest import sandbox
from tests.selftest.breaking import STACK
from tests.support import alarm_actions
from tests.support.alarms import State
from tests.support.deployment import account_id, deploy
from tests.support.emulator import Emulator
from tests.support.iam import Policy, statements
from tests.support.outcomes import Invalid, NotProvable, Violation
from tests.support.subscriber import Subscriber
from tests.support.target import Target
from tests.support.task_secrets import secret_arn
from tests.support.topics import Publisher

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

HEARD = tier.CATALOGUE.requirement("MON-14")
PUBLISHER = Publisher(**HEARD.expected)
ALERTS, DATABASE = "mantisnxt-staging-alerts", "mantisnxt-staging/database"
RESPONSE, HIT_RATE = "api-response-time", "cache-hit-rate-001"


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """The recorded deployment, in which mistakes can be made."""
    account = account_id(STACK, "staging")
    with Emulator(account) as emulator, deploy(emulator, STACK, "staging"):
        yield Target("staging", account, emulator.session(), emulated=True)


@pytest.fixture(scope="module")
def alerts(target: Target) -> str:
    """The alerts topic's ARN."""
    return f"arn:aws:sns:us-east-1:{target.account_id}:{ALERTS}"


@pytest.fixture(scope="module")
def queue(target: Target, alerts: str) -> Subscriber:
    """A queue that hears what the alerts topic is told."""
    subscriber = Subscriber(target, "somebody")
    subscriber.subscribe(alerts)
    return subscriber


def failure(check: Callable[..., None], **given: Any) -> str:
    """What the check has seen, empty when it passes."""
    try:
        check(**given)
    except Violation as violation:
        return f"expected {violation.expected}; actual {violation.actual}"
    return ""


# --- Alarms -----------------------------------------------------------------------------------


@contextlib.contextmanager
def changed(target: Target, suffix: str, **change: Any) -> Iterator[None]:
    """The alarm with other settings, and as it was afterwards."""
    client = target.client("cloudwatch")
    before = tier.described(target, suffix)
    taken = client.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    settings = {name: value for name, value in before.items() if name in taken}
    client.put_metric_alarm(**{**settings, **change})
    try:
        yield
    finally:
        client.put_metric_alarm(**settings)


def raised(target: Target, suffix: str) -> str:
    """What is seen of the alarm when its metric is pushed beyond the catalogue's threshold."""
    requirement = tier.CATALOGUE.requirement(tier.WATCHED[suffix])
    check = tier.test_metric_beyond_its_threshold_raises_the_alarm
    return failure(check, suffix=suffix, sandbox=target, requirement=requirement)


def heard(target: Target, queue: Subscriber, suffix: str = RESPONSE) -> str:
    """What is seen of its message."""
    target.client("cloudwatch").set_alarm_state(
        AlarmName=f"{target.prefix}-{suffix}", StateValue="OK", StateReason="begin anew"
    )
    check = tier.test_message_of_the_alarm_arrives
    return failure(check, suffix=suffix, sandbox=target, subscriber=queue, requirement=HEARD)


def test_catalogue_describes_the_guides_alarms() -> None:
    assert tier.WATCHED == {
        "api-response-time": "MON-01",
        "database-cpu": "MON-02",
        "cache-hit-rate-001": "MON-03",
        "cache-hit-rate-002": "MON-03",
    }


@pytest.mark.parametrize("suffix", tier.WATCHED)
def test_alarm_as_deployed_is_raised_and_heard(
    suffix: str, target: Target, queue: Subscriber
) -> None:
    assert raised(target, suffix) == ""
    assert heard(target, queue, suffix) == ""


SILENT = "expected state once it is beyond = ALARM; actual state once it is beyond = OK"


@pytest.mark.parametrize(
    ("suffix", "change", "seen"),
    [
        (RESPONSE, {"Threshold": 500.0}, SILENT),
        (RESPONSE, {"EvaluationPeriods": 5, "DatapointsToAlarm": 5}, SILENT),
        (RESPONSE, {"Period": 300}, SILENT),
        (RESPONSE, {"Namespace": "AWS/NetworkELB"}, SILENT),
        (RESPONSE, {"MetricName": "RequestCount"}, SILENT),
        (RESPONSE, {"Dimensions": [{"Name": "LoadBalancer", "Value": "app/other/1"}]}, SILENT),
        (
            HIT_RATE,
            {"Dimensions": [{"Name": "ReplicationGroupId", "Value": "mantisnxt-staging"}]},
            SILENT,
        ),
        (
            HIT_RATE,
            {"ComparisonOperator": "GreaterThanThreshold"},
            "expected state while the metric is quiet = OK; "
            "actual state while the metric is quiet = ALARM",
        ),
    ],
    ids=[
        "milliseconds", "too-patient", "too-slow", "namespace", "metric", "dimension-left-out",
        "dimension-not-emitted", "comparison",
    ],
)  # fmt: skip
def test_alarm_that_does_not_follow_its_metric_is_seen(
    suffix: str, change: dict[str, Any], seen: str, target: Target
) -> None:
    with changed(target, suffix, **change):
        assert raised(target, suffix) == seen


NOTHING = (
    f"expected messages = ('mantisnxt-staging-{RESPONSE}', 'ALARM'); actual messages = nothing"
)


@pytest.mark.parametrize(
    "change",
    [
        {"ActionsEnabled": False},
        {"AlarmActions": []},
        {"AlarmActions": ["arn:aws:sns:us-east-1:222233334444:mantisnxt-staging-cache-alerts"]},
        {"AlarmActions": ["arn:aws:automate:us-east-1:ec2:recover"]},
    ],
    ids=["disabled", "no-action", "another-topic", "no-topic"],
)
def test_alarm_that_tells_nobody_is_seen(
    change: dict[str, Any], target: Target, queue: Subscriber
) -> None:
    with changed(target, RESPONSE, **change):
        assert heard(target, queue) == NOTHING


def test_alarm_that_is_not_raised_tells_nobody_of_it(target: Target, queue: Subscriber) -> None:
    with changed(target, RESPONSE, Threshold=500.0):
        assert heard(target, queue) == NOTHING


@contextlib.contextmanager
def topic_closed(target: Target, alerts: str) -> Iterator[None]:
    """The topic's policy lets CloudWatch publish no longer."""
    client = target.client("sns")
    before = client.get_topic_attributes(TopicArn=alerts)["Attributes"]["Policy"]
    closed = before.replace("cloudwatch.amazonaws.com", "s3.amazonaws.com")
    client.set_topic_attributes(TopicArn=alerts, AttributeName="Policy", AttributeValue=closed)
    try:
        yield
    finally:
        client.set_topic_attributes(TopicArn=alerts, AttributeName="Policy", AttributeValue=before)


@contextlib.contextmanager
def key_closed(target: Target, alerts: str) -> Iterator[None]:
    """The key's policy lets CloudWatch use the key no longer."""
    client, topics = target.client("kms"), target.client("sns")
    key = topics.get_topic_attributes(TopicArn=alerts)["Attributes"]["KmsMasterKeyId"]
    before = client.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    closed = before.replace("cloudwatch.amazonaws.com", "s3.amazonaws.com")
    client.put_key_policy(KeyId=key, PolicyName="default", Policy=closed)
    try:
        yield
    finally:
        client.put_key_policy(KeyId=key, PolicyName="default", Policy=before)


@pytest.mark.parametrize("mistake", [topic_closed, key_closed])
def test_message_that_would_be_dropped_is_seen(
    mistake: Callable[..., contextlib.AbstractContextManager[None]],
    target: Target, alerts: str, queue: Subscriber,
) -> None:  # fmt: skip
    with mistake(target, alerts):
        assert heard(target, queue) == NOTHING
    assert heard(target, queue) == ""


def test_message_is_cloudwatchs_own(target: Target, queue: Subscriber, alerts: str) -> None:
    name = f"{target.prefix}-database-cpu"
    target.client("cloudwatch").set_alarm_state(
        AlarmName=name, StateValue="OK", StateReason="begin anew"
    )
    assert alarm_actions.change(target, name, State.ALARM, "too hot", PUBLISHER) == [alerts]
    assert alarm_actions.change(target, name, State.ALARM, "still", PUBLISHER) == []
    (message,) = queue.messages()
    assert {key: message[key] for key in ("AlarmName", "NewStateReason", "OldStateValue")} == {
        "AlarmName": name, "NewStateReason": "too hot", "OldStateValue": "OK",
    }  # fmt: skip
    assert message["Region"] == "US East (N. Virginia)"
    assert message["AlarmActions"] == message["OKActions"] == [alerts]
    assert message["Trigger"] == {
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/RDS",
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Unit": None,
        "Dimensions": [{"value": "mantisnxt-staging", "name": "DBClusterIdentifier"}],
        "Period": 300,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 80.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
    }


# --- Secrets ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def references(target: Target) -> dict[str, str]:
    """The task's secrets as the tier reads them."""
    answer = target.client("ecs").describe_task_definition(taskDefinition=f"{target.prefix}-app")
    (container,) = answer["taskDefinition"]["containerDefinitions"]
    return {one["name"]: one["valueFrom"] for one in container["secrets"]}


def resolved(target: Target, variable: str, references: dict[str, str]) -> str:
    """What is seen of a secret's value."""
    check = tier.test_secret_resolves
    return failure(check, variable=variable, target=target, references=references)


def kept(target: Target, variable: str, references: dict[str, str]) -> str:
    """What is seen of a secret without its value."""
    check = tier.test_secret_has_a_current_version
    return failure(check, variable=variable, target=target, references=references)


def test_secret_without_the_tasks_key_is_seen_by_its_value_only(
    target: Target, references: dict[str, str]
) -> None:
    client = target.client("secretsmanager")
    before = client.get_secret_value(SecretId=DATABASE)["SecretString"]
    client.put_secret_value(SecretId=DATABASE, SecretString='{"DATABASE_URL": "hidden"}')
    seen = resolved(target, "READ_REPLICA_URLS", references)
    assert resolved(target, "DATABASE_URL", references) == ""
    assert kept(target, "READ_REPLICA_URLS", references) == ""
    client.put_secret_value(SecretId=DATABASE, SecretString=before)
    told = "expected a JSON object with the key READ_REPLICA_URLS; actual it has no such key"
    assert seen == told


def test_secret_that_the_task_does_not_name_is_seen(
    target: Target, references: dict[str, str]
) -> None:
    fewer = {name: one for name, one in references.items() if name != "SENTRY_DSN"}
    assert resolved(target, "SENTRY_DSN", fewer).startswith(
        "expected secrets containing SENTRY_DSN"
    )
    assert kept(target, "SENTRY_DSN", fewer).startswith("expected secrets containing SENTRY_DSN")


def test_deleted_secret_is_seen(target: Target, references: dict[str, str]) -> None:
    client, arn = target.client("secretsmanager"), secret_arn(references["SENTRY_DSN"])
    client.delete_secret(SecretId=arn, RecoveryWindowInDays=30)
    seen = kept(target, "SENTRY_DSN", references)
    client.restore_secret(SecretId=arn)
    assert seen.startswith("expected deleted = None; actual deleted = 20")


def test_secret_without_a_version_is_seen(target: Target, references: dict[str, str]) -> None:
    arn = target.client("secretsmanager").create_secret(Name="empty")["ARN"]
    empty = {**references, "SENTRY_DSN": arn}
    told = "expected stages of its versions containing AWSCURRENT; actual"
    assert kept(target, "SENTRY_DSN", empty).startswith(told)
    told = "expected a secret with a value as text; actual none"
    assert resolved(target, "SENTRY_DSN", empty) == told


OWN, OTHER = (
    "arn:aws:secretsmanager:us-east-1:1:secret:a-1",
    "arn:aws:secretsmanager:us-east-1:1:secret:b-2",
)
KEY = "arn:aws:kms:us-east-1:1:key/1"
READS = tier.CATALOGUE.requirement("SEC-03")
ROLE = {"Arn": "arn:aws:iam::1:role/execution"}


def allow(action: str, *resources: str, effect: str = "Allow") -> dict[str, Any]:
    """A statement."""
    return {"Effect": effect, "Action": action, "Resource": list(resources)}


SOUND = [allow("secretsmanager:GetSecretValue", OWN), allow("kms:Decrypt", KEY)]


def policies(*written: dict[str, Any]) -> list[Policy]:
    """An identity policy of these statements."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(written)})
    return [Policy("start-tasks", tuple(statements(document)))]


def read_by_policies(*written: dict[str, Any]) -> str:
    """What is seen of whom the policies let read which secrets."""
    return failure(
        tier.test_policies_let_the_execution_role_read_the_tasks_secrets_only,
        execution_role=ROLE, execution_policies=policies(*written), references={"A": f"{OWN}:k::"},
        secrets=[OWN, OTHER], requirement=READS,
    )  # fmt: skip


def used_by_policies(*written: dict[str, Any], keys: tuple[str, ...] = (KEY,)) -> str:
    """What is seen of whether the policies let the role use the key."""
    return failure(
        tier.test_policies_let_the_execution_role_use_the_secrets_key,
        execution_role=ROLE, execution_policies=policies(*written), secret_keys=list(keys),
        requirement=READS,
    )  # fmt: skip


def test_role_that_reads_exactly_its_secrets_passes() -> None:
    assert read_by_policies(*SOUND) == used_by_policies(*SOUND) == ""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ([allow("secretsmanager:GetSecretValue", "*")], f"{OWN}, {OTHER}"),
        ([allow("secretsmanager:Get*", OWN[:-3] + "*", OTHER)], f"{OWN}, {OTHER}"),
        ([allow("secretsmanager:GetSecretValue", OTHER)], OTHER),
        ([allow("secretsmanager:DescribeSecret", OWN)], "nothing"),
        ([*SOUND, allow("secretsmanager:*", "*", effect="Deny")], "nothing"),
    ],
    ids=["everything", "pattern", "another", "no-reading", "denied"],
)
def test_role_that_reads_other_secrets_is_seen(written: list[dict[str, Any]], read: str) -> None:
    told = f"expected readable secrets = {OWN}; actual readable secrets = {read}"
    assert read_by_policies(*written) == told


@pytest.mark.parametrize(
    "written", [SOUND[:1], [*SOUND, allow("kms:*", "*", effect="Deny")]], ids=["lacking", "denied"]
)
def test_role_that_cannot_use_the_key_is_seen(written: list[dict[str, Any]]) -> None:
    told = f"expected usable keys = {KEY}; actual usable keys = nothing"
    assert used_by_policies(*written) == told


def test_no_key_to_look_at_fails() -> None:
    assert used_by_policies(*SOUND, keys=()) == "expected at least one key of a secret; actual none"


def test_grant_on_a_condition_is_not_judged() -> None:
    condition = {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
    with pytest.raises(Invalid, match="aws:SourceVpc"):
        read_by_policies({**SOUND[0], **condition})


def test_emulator_has_no_simulator(target: Target) -> None:
    role = f"arn:aws:iam::{target.account_id}:role/{target.prefix}-ecs-execution"
    with pytest.raises(NotProvable, match="does not simulate policies"):
        permissions.simulated(target, role, READS.expected["action"], OWN)


class Simulator:
    """A session whose IAM answers as the simulator does, for a role that reads `readable`."""

    def __init__(self, readable: set[str], code: str | None = None) -> None:
        self.readable, self.code = readable, code

    def client(self, *_: Any, **__: Any) -> Simulator:
        """Itself."""
        return self

    def simulate_principal_policy(self, **asked: Any) -> dict[str, Any]:
        """One result for the action and the resource."""
        if self.code:
            raise ClientError({"Error": {"Code": self.code}}, "SimulatePrincipalPolicy")
        (action,), (resource,) = asked["ActionNames"], asked["ResourceArns"]
        decision = "allowed" if resource in self.readable else "implicitDeny"
        one = {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision}
        return {"EvaluationResults": [one], "IsTruncated": False}


@pytest.mark.parametrize(
    ("readable", "seen"),
    [
        ({OWN}, ""),
        (
            {OWN, OTHER},
            f"expected readable secrets = {OWN}; actual readable secrets = {OWN}, {OTHER}",
        ),
        (set(), f"expected readable secrets = {OWN}; actual readable secrets = nothing"),
    ],
    ids=["exactly", "more", "none"],
)
def test_simulators_answers_are_compared(readable: set[str], seen: str) -> None:
    target = Target("staging", "1", Simulator(readable), emulated=False)
    check = tier.test_simulator_lets_the_execution_role_read_the_tasks_secrets_only
    given = {"execution_role": ROLE, "references": {"A": OWN}, "secrets": [OWN, OTHER]}
    assert failure(check, target=target, requirement=READS, **given) == seen


@pytest.mark.parametrize(
    ("readable", "seen"),
    [({KEY}, ""), (set(), f"expected usable keys = {KEY}; actual usable keys = nothing")],
    ids=["usable", "not"],
)
def test_simulators_answer_on_the_key_is_compared(readable: set[str], seen: str) -> None:
    target = Target("staging", "1", Simulator(readable), emulated=False)
    check = tier.test_simulator_lets_the_execution_role_use_the_secrets_key
    given = {"execution_role": ROLE, "secret_keys": [KEY]}
    assert failure(check, target=target, requirement=READS, **given) == seen


def test_a_simulation_that_is_denied_is_no_answer() -> None:
    target = Target("staging", "1", Simulator(set(), "AccessDenied"), emulated=False)
    with pytest.raises(ClientError, match="AccessDenied"):
        permissions.simulated(target, ROLE["Arn"], READS.expected["action"], OWN)


def test_nothing_is_written_to_a_real_account(target: Target) -> None:
    real = Target("staging", target.account_id, target.session, emulated=False)
    with pytest.raises(NotProvable, match="a real account is only read"):
        inspect.unwrap(sandbox)(None, real)
    with pytest.raises(NotProvable, match="in a real account nobody's is read"):
        tier.test_secret_resolves("SENTRY_DSN", real, {})
