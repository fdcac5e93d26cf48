"""No write leaves for a real account, whichever client asks, and every read does."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest

from tests.selftest.staging.looking import Look, set_only
from tests.selftest.staging.proxy import Exchange, Proxy
from tests.support import policy_lint, read_only
from tests.support.outcomes import Invalid
from tests.support.project import ROOT
from tests.support.target import Target

pytestmark = pytest.mark.selftest

ARN = "arn:aws:elasticloadbalancing:us-east-1:222233334444:loadbalancer/app/x/1"
WRITES: dict[str, tuple[str, dict[str, Any]]] = {
    "application-autoscaling": (
        "put_scaling_policy",
        {"PolicyName": "x", "ServiceNamespace": "ecs", "ResourceId": "service/x/x",
         "ScalableDimension": "ecs:service:DesiredCount"},
    ),
    "backup": ("delete_backup_plan", {"BackupPlanId": "x"}),
    "budgets": ("delete_budget", {"AccountId": "222233334444", "BudgetName": "x"}),
    "ce": ("delete_anomaly_monitor", {"MonitorArn": "arn:aws:ce::222233334444:anomalymonitor/x"}),
    "cloudfront": ("delete_distribution", {"Id": "x"}),
    "cloudtrail": ("stop_logging", {"Name": "x"}),
    "cloudwatch": ("delete_alarms", {"AlarmNames": ["x"]}),
    "ec2": ("create_vpc", {"CidrBlock": "10.9.0.0/16"}),
    "ecr": ("delete_repository", {"repositoryName": "x"}),
    "ecs": ("update_service", {"service": "x"}),
    "elasticache": ("delete_replication_group", {"ReplicationGroupId": "x"}),
    "elbv2": ("delete_load_balancer", {"LoadBalancerArn": ARN}),
    "events": ("disable_rule", {"Name": "x"}),
    "iam": ("create_user", {"UserName": "x"}),
    "kms": ("disable_key", {"KeyId": "x"}),
    "lambda": ("invoke", {"FunctionName": "x"}),
    "logs": ("delete_log_group", {"logGroupName": "x"}),
    "rds": ("delete_db_cluster", {"DBClusterIdentifier": "x", "SkipFinalSnapshot": True}),
    "s3": ("put_object", {"Bucket": "x", "Key": "x"}),
    "secretsmanager": ("rotate_secret", {"SecretId": "x"}),
    "sns": ("publish", {"TopicArn": "arn:aws:sns:us-east-1:222233334444:x", "Message": "x"}),
    "sts": ("assume_role", {"RoleArn": "arn:aws:iam::222233334444:role/x", "RoleSessionName": "x"}),
    "wafv2": ("delete_web_acl", {"Name": "x", "Scope": "REGIONAL", "Id": "x", "LockToken": "x"}),
}  # fmt: skip
HANDED_OUT = {
    "secretsmanager": ("get_secret_value", {"SecretId": "x"}),
    "sts": ("get_session_token", {}),
    "ecr": ("get_authorization_token", {}),
    "ssm": ("get_parameter", {"Name": "x"}),
    "s3": ("get_object", {"Bucket": "x", "Key": "x"}),
    "lambda": ("get_function", {"FunctionName": "x"}),
    "logs": ("get_log_events", {"logStreamName": "x"}),
    "athena": ("get_query_results", {"QueryExecutionId": "x"}),
    "ec2": ("get_console_output", {"InstanceId": "x"}),
    "kms": (
        "get_parameters_for_import",
        {"KeyId": "x", "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_4096"},
    ),
    "s3control": ("get_data_access", {"AccountId": "222233334444", "Target": "x",
                                      "Permission": "READ"}),
    "wafv2": ("list_api_keys", {"Scope": "REGIONAL"}),
}  # fmt: skip


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Where this process's boto3 is led to; notes what arrives, and hangs up."""
    with Proxy("http://127.0.0.1:9") as proxy:
        variables = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        place = {"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": proxy.endpoint_url}
        set_only(monkeypatch, {**variables, **place})
        proxy.begin(Exchange.hang_up, from_the_start=True)
        yield proxy


def staging() -> Target:
    """A target as the tier has it."""
    return Target("staging", "222233334444", read_only.session(), emulated=False)


@pytest.mark.parametrize("service", WRITES)
def test_write_is_stopped(service: str, listener: Proxy) -> None:
    operation, arguments = WRITES[service]
    with pytest.raises(Invalid, match=r"is not a read, .* and was stopped before it was sent"):
        getattr(staging().client(service), operation)(**arguments)
    assert listener.asked == []


@pytest.mark.parametrize("service", HANDED_OUT)
def test_what_hands_out_secrets_or_data_is_stopped(service: str, listener: Proxy) -> None:
    operation, arguments = HANDED_OUT[service]
    with pytest.raises(Invalid, match="was stopped before it was sent"):
        getattr(staging().client(service), operation)(**arguments)
    assert listener.asked == []


@pytest.mark.parametrize("event", ["provide-client-params", "choose-signer", "before-send"])
def test_each_guard_is_enough(event: str, listener: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_only, "GUARDED", (event,))
    session = read_only.session()
    with pytest.raises(Invalid, match="ec2:CreateVpc"):
        session.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")
    assert listener.asked == []


def test_without_the_guards_a_write_arrives(listener: Proxy) -> None:
    client = boto3.client("sns", region_name="us-east-1")
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        client.create_topic(Name="x")
    assert set(listener.asked) == {("sns", "CreateTopic", "us-east-1")}


def test_clients_of_any_region_and_resources_are_guarded(listener: Proxy) -> None:
    session = staging().session
    with pytest.raises(Invalid, match="ec2:CreateVpc"):
        session.client("ec2", region_name="eu-west-1").create_vpc(CidrBlock="10.9.0.0/16")
    with pytest.raises(Invalid, match="ec2:CreateVpc"):
        session.resource("ec2", region_name="us-west-2").create_vpc(CidrBlock="10.9.0.0/16")
    assert listener.asked == []


SIGNED: dict[str, Callable[[Any], Any]] = {
    "url": lambda s: s.client("s3").generate_presigned_url(
        "put_object", Params={"Bucket": "x", "Key": "x"}
    ),
    "form": lambda s: s.client("s3").generate_presigned_post("x", "x"),
    "database": lambda s: s.client("rds").generate_db_auth_token("x", 5432, "x"),
}


@pytest.mark.usefixtures("listener")
@pytest.mark.parametrize("sign", SIGNED.values(), ids=SIGNED)
def test_nothing_is_signed_for_others_to_send(sign: Callable[[Any], Any]) -> None:
    with pytest.raises(Invalid, match="was stopped before it was sent"):
        sign(staging().session)


@pytest.mark.provider
def test_every_service_of_the_tier_is_tried(honest: Look) -> None:
    assert {service for service, _, _ in honest.asked} == set(WRITES)


@pytest.mark.provider
def test_every_read_of_the_tier_goes_through(honest: Look) -> None:
    session = botocore.session.get_session()
    ids = {name: session.get_service_model(name).service_id.hyphenize() for name in WRITES}
    assert all(read_only.is_read(ids[service], name) for service, name, _ in honest.asked)


def test_a_profile_that_assumes_a_role_may_sign_in(
    listener: Proxy, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "arn:aws:iam::222233334444:role/auditor"
    keys = "[profile keys]\naws_access_key_id = x\naws_secret_access_key = x\n"
    profile = f"{keys}[profile auditor]\nrole_arn = {role}\nsource_profile = keys\n"
    (tmp_path / "config").write_text(profile, encoding="utf-8")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "auditor")
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        read_only.session().get_credentials().get_frozen_credentials()
    assert set(listener.asked) == {("sts", "AssumeRole", "us-east-1")}


def levels() -> list[tuple[str, str, str]]:
    """The operations that pass as reads and that parliament knows, with their levels."""
    session = botocore.session.get_session()
    models = [session.get_service_model(name) for name in WRITES]
    return [
        (service_id, operation, level)
        for model in models
        for operation in model.operation_names
        if read_only.is_read(service_id := model.service_id.hyphenize(), operation)
        if (level := policy_lint.access_level(f"{model.signing_name}:{operation}"))
    ]


def test_iam_counts_no_read_among_writes() -> None:
    every = levels()
    wrong = [one for one in every if one[2] not in ("Read", "List")]
    assert len(every) > 600
    assert wrong == []


# What leads past the guarded session: one's own, or another way to send.
OTHER_WAYS = {"boto3", "botocore", "http", "importlib", "requests", "socket", "subprocess",
              "urllib", "urllib3"}  # fmt: skip


def other_ways(text: str) -> set[str]:
    """The modules among OTHER_WAYS that a test file imports, but for botocore's exceptions."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
    names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    wanted = {name for name in names if name != "botocore.exceptions"}
    return OTHER_WAYS & {name.partition(".")[0] for name in wanted}


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in (ROOT / "tests/integration").glob("*.py")
        if path.name.startswith(("test_", "conftest"))
    ),
    ids=lambda path: path.name,
)
def test_tests_have_no_session_of_their_own(path: Any) -> None:
    assert other_ways(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "line",
    ["import boto3", "from boto3.session import Session", "from botocore import session",
     "import botocore.session as one", "import subprocess", "from urllib import request"],
)  # fmt: skip
def test_every_way_past_the_session_is_seen(line: str) -> None:
    assert other_ways(line) != set()
