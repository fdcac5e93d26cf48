"""What the emulator does with requests that nothing behind it can answer, and what it notes."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.selftest.emulator.probes.application import run_tasks
from tests.selftest.emulator.probes.databases import replication_group
from tests.support.emulator import Emulator, EmulatorSession
from tests.support.outcomes import SuiteError

# Operations that moto 5.2.5 lacks and the stack does not need, at least one per wire protocol.
UNKNOWN = [
    ("backup", "list_protected_resources", {}),
    ("cloudfront", "list_cache_policies", {}),
    ("cloudwatch", "list_metric_streams", {}),
    ("ec2", "describe_capacity_blocks", {}),
    ("ecs", "describe_service_deployments", {"serviceDeploymentArns": ["arn"]}),
    ("elasticache", "test_failover", {"ReplicationGroupId": "a", "NodeGroupId": "0001"}),
    ("s3", "list_bucket_metrics_configurations", {"Bucket": "unknown"}),
    ("s3", "delete_bucket_metrics_configuration", {"Bucket": "unknown", "Id": "one"}),
]


@pytest.fixture(scope="module", autouse=True)
def bucket(session: EmulatorSession) -> None:
    session.client("s3").create_bucket(Bucket="unknown")


@pytest.mark.parametrize(
    ("service", "operation", "arguments"), UNKNOWN, ids=[f"{one[0]}.{one[1]}" for one in UNKNOWN]
)
def test_unknown_operation_is_refused_at_once_by_name(
    service: str, operation: str, arguments: dict[str, Any], session: EmulatorSession
) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(session.client(service), operation)(**arguments)
    answer = raised.value.response
    name = f"{service}:{raised.value.operation_name}"
    assert answer["Error"]["Code"] == "UnsupportedOperation"
    assert f"does not implement {name}:" in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


def test_refused_operation_did_not_delete_the_bucket(session: EmulatorSession) -> None:
    s3 = session.client("s3")
    with pytest.raises(ClientError, match="UnsupportedOperation"):
        s3.delete_bucket_metrics_configuration(Bucket="unknown", Id="one")
    s3.head_bucket(Bucket="unknown")


def test_failure_inside_moto_is_final(emulator: Emulator) -> None:
    """moto's RunTask breaks on a container without memory; clients would retry a 500."""
    session = emulator.session(without_gap="ecs/tasks without container memory")
    with pytest.raises(ClientError) as raised:
        run_tasks(session, "breaking", "59")
    answer = raised.value.response
    assert answer["Error"]["Code"] == "EmulatorFailure"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


def test_error_of_moto_reaches_the_client_unchanged(session: EmulatorSession) -> None:
    """A handler that asked moto first gives its error on."""
    with pytest.raises(ClientError) as raised:
        session.client("ecs").describe_services(cluster="nowhere", services=["none"])
    assert raised.value.response["Error"]["Code"] == "ClusterNotFoundException"


def test_unsigned_request_to_assume_a_role_is_known_for_one(emulator: Emulator) -> None:
    emulator.session().client("sts").assume_role_with_web_identity(
        RoleArn="arn:aws:iam::222233334444:role/deploy",
        RoleSessionName="pipeline",
        WebIdentityToken="a-token-of-github",
    )
    log = emulator.log_path.read_text()
    assert "us-east-1 sts:AssumeRoleWithWebIdentity -> 200" in log
    assert "a-token-of-github" not in log


def test_log_names_operations_and_no_secrets(emulator: Emulator) -> None:
    emulator.session().client("secretsmanager").create_secret(
        Name="noted", SecretString="a-value-nobody-may-read"
    )
    replication_group(emulator.session(), "noted", "58")
    log = emulator.log_path.read_text()
    assert "us-east-1 secretsmanager:CreateSecret -> 200" in log
    assert "us-east-1 elasticache:CreateReplicationGroup -> 200" in log
    assert "a-value-nobody-may-read" not in log
    assert "a-token-of-some-length" not in log


def test_regions_and_services_do_not_share_state(emulator: Emulator) -> None:
    group = {"CacheParameterGroupName": "here", "CacheParameterGroupFamily": "redis7"}
    emulator.session().client("elasticache").create_cache_parameter_group(
        **group, Description="probe"
    )
    elsewhere = emulator.session().client("elasticache", region_name="us-west-2")
    assert elsewhere.describe_cache_parameter_groups()["CacheParameterGroups"] == []


@pytest.mark.parametrize(
    ("command", "document", "reason"),
    [
        ("nonesuch", [], "no such command"),
        ("activities", [{"StartTime": "noon"}], "activities: TypeError"),
        ("target-health", [{"State": "healthy"}], "target-health: KeyError: 'TargetGroupArn'"),
        ("alarm-actions", {"AlarmName": "one"}, "alarm-actions: "),
    ],
    ids=["unknown", "no time", "no group", "no list"],
)
def test_command_that_cannot_be_understood_is_refused(
    command: str, document: Any, reason: str, session: EmulatorSession
) -> None:
    with pytest.raises(SuiteError, match=reason):
        session.tell(command, document)
