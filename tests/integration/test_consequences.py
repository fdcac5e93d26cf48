"""What follows from what is deployed: a metric raises its alarm, an alarm is heard, a secret opens.

What has to write does so in an emulator of its own, so that the other tests find nothing changed.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration import metric_data
from tests.integration import permissions as may
from tests.support import alarm_actions, alarms, catalogue, deployed_policies
from tests.support.catalogue import Requirement
from tests.support.deployed import resolve_secret
from tests.support.expectations import (
    expect,
    expect_contains,
    expect_equal,
    expect_members,
    found,
    named,
    only,
)
from tests.support.iam import Policy
from tests.support.subscriber import Subscriber
from tests.support.target import Target
from tests.support.task_secrets import secret_arn
from tests.support.topics import Publisher

pytestmark = pytest.mark.deployed

CATALOGUE = catalogue.load()
# The alarms that the catalogue describes, each with its requirement.
WATCHED = {
    suffix: one.id
    for one in CATALOGUE.requirements
    if "comparison" in one.expected
    for suffix in [one.expected.get("name_suffix"), *one.expected.get("name_suffixes", [])]
    if suffix
}
SECRETS = CATALOGUE.requirement("ECS-02").expected["secrets"]


@pytest.fixture(scope="module")
def subscriber(sandbox: Target) -> Subscriber:
    """A queue that hears what the alerts topic is told."""
    name = f"{sandbox.prefix}-{CATALOGUE.requirement('MON-04').expected['topic_suffix']}"
    topics = sandbox.pages("sns", "list_topics", "Topics")
    topic = named(name, "topic", topics, lambda one: one["TopicArn"].endswith(f":{name}"))
    queue = Subscriber(sandbox, "somebody")
    queue.subscribe(topic["TopicArn"])
    return queue


def described(target: Target, suffix: str) -> dict[str, Any]:
    """The deployed alarm of that name."""
    name = f"{target.prefix}-{suffix}"
    answer = target.client("cloudwatch").describe_alarms(AlarmNames=[name])
    return dict(only(name, "alarm", answer["MetricAlarms"]))


def emitters(target: Target, suffix: str) -> dict[str, str]:
    """The values of dimensions that the environment's resources emit, for the alarm's member."""
    balancing, name = target.client("elbv2"), target.prefix
    (balancer,) = balancing.describe_load_balancers(Names=[f"{name}-alb"])["LoadBalancers"]
    (group,) = balancing.describe_target_groups(Names=[f"{name}-app"])["TargetGroups"]
    (redis,) = target.client("elasticache").describe_replication_groups(ReplicationGroupId=name)[
        "ReplicationGroups"
    ]
    members = {member[-3:]: member for member in redis["MemberClusters"]}
    return {
        "LoadBalancer": balancer["LoadBalancerArn"].partition("loadbalancer/")[2],
        "TargetGroup": group["TargetGroupArn"].rpartition(":")[2],
        "DBClusterIdentifier": name,
        "CacheClusterId": members.get(suffix[-3:], "none"),
    }


def pushed(target: Target, suffix: str) -> list[alarms.Answer]:
    """The alarm's states while its metric is quiet and then, as long as it takes, is not."""
    expected = CATALOGUE.requirement(WATCHED[suffix]).expected
    series = metric_data.series(expected, emitters(target, suffix))
    return metric_data.states(target, described(target, suffix), metric_data.emit(target, series))


@pytest.mark.parametrize(
    "suffix", [pytest.param(s, marks=pytest.mark.requirement(i)) for s, i in WATCHED.items()]
)
def test_metric_beyond_its_threshold_raises_the_alarm(
    suffix: str, sandbox: Target, requirement: Requirement
) -> None:
    seen = pushed(sandbox, suffix)
    over = requirement.expected["evaluation_periods"]
    where = described(sandbox, suffix)["AlarmArn"]
    expect_equal(where, "state while the metric is quiet", seen[-over - 1], alarms.State.OK)
    expect_equal(where, "state once it is beyond", seen[-1], alarms.State.ALARM)


@pytest.mark.requirement("MON-14")
@pytest.mark.parametrize("suffix", WATCHED)
def test_message_of_the_alarm_arrives(
    suffix: str, sandbox: Target, subscriber: Subscriber, requirement: Requirement
) -> None:
    name, state = f"{sandbox.prefix}-{suffix}", alarms.State(pushed(sandbox, suffix)[-1])
    publisher = Publisher(**requirement.expected)
    alarm_actions.change(sandbox, name, state, "Threshold Crossed", publisher)
    heard = [(one["AlarmName"], one["NewStateValue"]) for one in subscriber.messages()]
    where = described(sandbox, suffix)["AlarmArn"]
    expect_members(where, "messages", heard, [(name, alarms.State.ALARM.value)])


# --- The secrets that the task names ------------------------------------------------------------


@pytest.fixture(scope="module")
def references(container: dict[str, Any]) -> dict[str, str]:
    """The task's secrets: the name of the variable, and where its value comes from."""
    return {one["name"]: one["valueFrom"] for one in container["secrets"]}


@pytest.fixture(scope="module")
def execution_role(target: Target, task_definition: dict[str, Any]) -> dict[str, Any]:
    """The role by which ECS starts the task."""
    name = task_definition["executionRoleArn"].rpartition("/")[2]
    return dict(target.client("iam").get_role(RoleName=name)["Role"])


@pytest.fixture(scope="module")
def execution_policies(target: Target, execution_role: dict[str, Any]) -> list[Policy]:
    """What that role may do."""
    return deployed_policies.identity_policies(target, execution_role)


@pytest.fixture(scope="module")
def secrets(target: Target, references: dict[str, str]) -> list[str]:
    """The ARNs of the task's secrets, of the account's others, and of such as may come to it."""
    own = {secret_arn(reference) for reference in references.values()}
    listed = target.pages("secretsmanager", "list_secrets", "SecretList")
    beginning = min(own).rpartition(":")[0]
    to_come = [f"{beginning}:{target.prefix}/another-AbCdEf", f"{beginning}:another-AbCdEf"]
    return sorted({*own, *(one["ARN"] for one in listed), *to_come})


@pytest.fixture(scope="module")
def secret_keys(target: Target, references: dict[str, str]) -> list[str]:
    """The ARNs of the keys that the task's secrets are encrypted with."""
    client = target.client("secretsmanager")
    own = {secret_arn(reference) for reference in references.values()}
    keys = {client.describe_secret(SecretId=arn).get("KmsKeyId") for arn in own}
    described = [target.client("kms").describe_key(KeyId=key) for key in keys if key]
    return sorted({one["KeyMetadata"]["Arn"] for one in described})


@pytest.mark.requirement("ECS-02")
@pytest.mark.parametrize("variable", SECRETS)
def test_secret_has_a_current_version(
    variable: str, target: Target, references: dict[str, str]
) -> None:
    expect_contains(target.prefix, "secrets", references, variable)
    arn = secret_arn(references[variable])
    secret = target.client("secretsmanager").describe_secret(SecretId=arn)
    stages = [stage for one in secret.get("VersionIdsToStages", {}).values() for stage in one]
    expect_contains(arn, "stages of its versions", stages, "AWSCURRENT")
    expect_equal(arn, "deleted", secret.get("DeletedDate"), None)


@pytest.mark.requirement("ECS-02")
@pytest.mark.parametrize("variable", SECRETS)
def test_secret_resolves(variable: str, target: Target, references: dict[str, str]) -> None:
    target.provable_only_on_the_emulator(
        "it reads a secret's value, and in a real account nobody's is read"
    )
    expect_contains(target.prefix, "secrets", references, variable)
    value = resolve_secret(target.session, references[variable])
    expect(references[variable], value != "", "a value", "an empty one")


@pytest.mark.requirement("SEC-03")
def test_policies_let_the_execution_role_read_the_tasks_secrets_only(
    execution_role: dict[str, Any],
    execution_policies: list[Policy],
    references: dict[str, str],
    secrets: list[str],
    requirement: Requirement,
) -> None:
    action = requirement.expected["action"]
    readable = [arn for arn in secrets if may.evaluated(execution_policies, action, arn)]
    own = {secret_arn(reference) for reference in references.values()}
    expect_members(execution_role["Arn"], "readable secrets", readable, own)


@pytest.mark.requirement("SEC-03")
def test_policies_let_the_execution_role_use_the_secrets_key(
    execution_role: dict[str, Any],
    execution_policies: list[Policy],
    secret_keys: list[str],
    requirement: Requirement,
) -> None:
    action = requirement.expected["key_action"]
    role, keys = execution_role["Arn"], found("SEC-03", "key of a secret", secret_keys)
    usable = [arn for arn in keys if may.evaluated(execution_policies, action, arn)]
    expect_members(role, "usable keys", usable, keys)


@pytest.mark.requirement("SEC-03")
def test_simulator_lets_the_execution_role_read_the_tasks_secrets_only(
    target: Target,
    execution_role: dict[str, Any],
    references: dict[str, str],
    secrets: list[str],
    requirement: Requirement,
) -> None:
    role, action = execution_role["Arn"], requirement.expected["action"]
    readable = [arn for arn in secrets if may.simulated(target, role, action, arn)]
    own = {secret_arn(reference) for reference in references.values()}
    expect_members(role, "readable secrets", readable, own)


@pytest.mark.requirement("SEC-03")
def test_simulator_lets_the_execution_role_use_the_secrets_key(
    target: Target,
    execution_role: dict[str, Any],
    secret_keys: list[str],
    requirement: Requirement,
) -> None:
    action = requirement.expected["key_action"]
    role, keys = execution_role["Arn"], found("SEC-03", "key of a secret", secret_keys)
    usable = [arn for arn in keys if may.simulated(target, role, action, arn)]
    expect_members(role, "usable keys", usable, keys)
