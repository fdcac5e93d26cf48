"""The rotation function, step by step, against moto in this process."""

from __future__ import annotations

import importlib.util
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import WaiterError
from moto import mock_aws
from moto.secretsmanager.models import secretsmanager_backends

from tests.selftest.breaking import STACK

pytestmark = pytest.mark.selftest

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
OLD = "first-password-of-all"
HOST = f"postgresql://admin:{OLD}@reader"
FIRST: dict[str, Any] = {
    "username": "admin",
    "password": OLD,
    "DATABASE_URL": f"postgresql://admin:{OLD}@writer:5432/mantisnxt?sslmode=require",
    "READ_REPLICA_URLS": f"{HOST}-1:5432/mantisnxt,{HOST}-2:5432/mantisnxt",
}
SUBNET = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}


@dataclass
class Account:
    """An account with the stack's two secrets, and what the function changed in it."""

    function: ModuleType
    secrets: Any
    ecs: Any
    arns: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)

    def begin(self, name: str) -> str:
        """A pending version without a value, as Secrets Manager makes it before the first step."""
        arn, version = self.arns[name], str(uuid.uuid4())
        secret: Any = secretsmanager_backends[arn.split(":")[4]]["us-east-1"].secrets[arn]
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        secret.versions[version] = {
            "createdate": 0,
            "version_id": version,
            "version_stages": ["AWSPENDING"],
        }
        return version

    def step(self, name: str, version: str, step: str) -> None:
        event = {"SecretId": self.arns[name], "ClientRequestToken": version, "Step": step}
        self.function.handler(event, None)

    def steps(self, name: str, version: str, times: int = 1) -> None:
        """Every step of a rotation, each so many times."""
        for step in STEPS:
            for _ in range(times):
                self.step(name, version, step)

    def current(self, name: str) -> str:
        place = {"SecretId": self.arns[name], "VersionStage": "AWSCURRENT"}
        return str(self.secrets.get_secret_value(**place)["SecretString"])

    def record(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Remember what a call changes: the service's tasks, a password, a token."""
        changed = {
            "UpdateService": ("restart", str(params.get("forceNewDeployment", ""))),
            "ModifyDBCluster": ("password", params.get("MasterUserPassword", "")),
            "ModifyReplicationGroup": (
                params.get("AuthTokenUpdateStrategy", ""),
                params.get("AuthToken", ""),
            ),
        }.get(model.name)
        self.changes += [changed] if changed and changed[1] else []

    @property
    def did(self) -> list[str]:
        """The kinds of change in their order."""
        return [kind for kind, _ in self.changes]


def function() -> ModuleType:
    """The function's module, which is no part of a package."""
    path = STACK / "functions" / "rotate_secrets.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def running() -> int:
    """How many of the service's two tasks run."""
    return 2


@pytest.fixture
def account(running: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The account as the first apply leaves it."""
    monkeypatch.setenv("MOTO_ECS_SERVICE_RUNNING", str(running))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with mock_aws():
        boto3.setup_default_session(region_name="us-east-1")
        made = Account(function(), boto3.client("secretsmanager"), boto3.client("ecs"))
        deploy(made)
        settings = {
            "DATABASE_SECRET_ARN": made.arns["database"],
            "REDIS_SECRET_ARN": made.arns["redis"],
            "DATABASE_CLUSTER": "main",
            "REDIS_GROUP": "main",
            "ECS_CLUSTER": "main",
            "ECS_SERVICE": "app",
            "WAIT_TIMEOUT_SECONDS": "0",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        assert boto3.DEFAULT_SESSION is not None
        boto3.DEFAULT_SESSION.events.register("provide-client-params", made.record)
        yield made


def deploy(account: Account) -> None:
    """The secrets, the data stores and the service that they are for."""
    values = {"database": json.dumps(FIRST), "redis": OLD, "vendor": "key"}
    for name, value in values.items():
        created = account.secrets.create_secret(Name=name, SecretString=value)
        account.arns[name] = created["ARN"]
    boto3.client("rds").create_db_cluster(
        DBClusterIdentifier="main",
        Engine="aurora-postgresql",
        MasterUsername="admin",
        MasterUserPassword=OLD,
    )
    boto3.client("elasticache").create_replication_group(
        ReplicationGroupId="main", ReplicationGroupDescription="cache", AuthToken=OLD
    )
    account.ecs.create_cluster(clusterName="main")
    account.ecs.register_task_definition(
        family="app", containerDefinitions=[{"name": "app", "image": "app", "memory": 128}]
    )
    account.ecs.create_service(
        cluster="main", serviceName="app", taskDefinition="app", desiredCount=2
    )


@pytest.mark.parametrize("times", [1, 2, 3])
def test_token_is_added_once_and_the_old_one_retired_last(account: Account, times: int) -> None:
    account.steps("redis", account.begin("redis"), times)
    token = account.current("redis")
    assert account.changes == [("ROTATE", token), ("restart", "True"), ("SET", token)]
    assert token != OLD


def test_password_is_the_secrets_own(account: Account) -> None:
    account.steps("database", account.begin("database"))
    password = json.loads(account.current("database"))["password"]
    assert account.changes == [("password", password), ("restart", "True")]
    assert password != OLD


def test_password_may_be_set_twice_but_the_tasks_restart_once(account: Account) -> None:
    account.steps("database", account.begin("database"), times=2)
    assert account.did == ["password", "password", "restart"]
    assert account.changes[0] == account.changes[1]


def test_every_url_carries_the_new_password(account: Account) -> None:
    account.steps("database", account.begin("database"))
    rotated = json.loads(account.current("database"))
    expected = json.loads(json.dumps(FIRST).replace(OLD, rotated["password"]))
    assert rotated == expected


@pytest.mark.parametrize("name", ["database", "redis"])
def test_next_rotation_begins_from_the_last(account: Account, name: str) -> None:
    account.steps(name, account.begin(name))
    first, changes = account.current(name), list(account.did)
    account.steps(name, account.begin(name))
    assert account.current(name) != first
    assert account.did == changes * 2


@pytest.mark.parametrize("running", [0])
def test_old_token_is_retired_though_no_task_ever_ran(account: Account) -> None:
    account.steps("redis", account.begin("redis"))
    assert account.did == ["ROTATE", "restart", "SET"]


@pytest.mark.parametrize("running", [1])
def test_old_token_stays_until_every_task_has_the_new_one(account: Account) -> None:
    with pytest.raises(WaiterError):
        account.steps("redis", account.begin("redis"))
    assert account.did == ["ROTATE", "restart"]


@pytest.mark.parametrize("running", [1])
def test_rotation_begun_again_only_retires_the_old_token(account: Account) -> None:
    version = account.begin("redis")
    with pytest.raises(WaiterError):
        account.steps("redis", version)
    account.ecs.update_service(cluster="main", service="app", desiredCount=1)
    # Secrets Manager may take the label away once the version is current.
    account.secrets.update_secret_version_stage(
        SecretId=account.arns["redis"], VersionStage="AWSPENDING", RemoveFromVersionId=version
    )
    account.steps("redis", version)
    assert account.did == ["ROTATE", "restart", "SET"]


def test_secret_of_another_owner_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match=r"vendor.* is not rotated by this function"):
        account.step("vendor", account.begin("vendor"), "createSecret")


def test_unknown_step_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match="unknown rotation step publishSecret"):
        account.step("redis", account.begin("redis"), "publishSecret")


@pytest.mark.parametrize("step", STEPS)
def test_version_that_nobody_rotates_is_refused(account: Account, step: str) -> None:
    version = "00000000-0000-0000-0000-000000000000"
    with pytest.raises(ValueError, match=f"version {version} of .* is not being rotated"):
        account.step("redis", version, step)


@pytest.mark.parametrize("name", ["database", "redis"])
def test_new_value_is_made_once(account: Account, name: str) -> None:
    version = account.begin(name)
    account.step(name, version, "createSecret")
    place = {"SecretId": account.arns[name], "VersionId": version}
    first = account.secrets.get_secret_value(**place)["SecretString"]
    account.step(name, version, "createSecret")
    assert account.secrets.get_secret_value(**place)["SecretString"] == first


@pytest.mark.parametrize("step", ["setSecret", "testSecret"])
@pytest.mark.parametrize(
    ("name", "owner", "store"),
    [
        ("database", "DatabaseRotation", "Aurora cluster main"),
        ("redis", "RedisRotation", "Redis group main"),
    ],
)
def test_store_that_does_not_settle_stops_the_rotation(
    account: Account, monkeypatch: pytest.MonkeyPatch, name: str, owner: str, store: str, step: str
) -> None:
    version = account.begin(name)
    account.step(name, version, "createSecret")
    monkeypatch.setattr(getattr(account.function, owner), "settled", lambda _: False)
    monkeypatch.setattr(account.function, "POLL_SECONDS", 0)
    with pytest.raises(TimeoutError, match=store):
        account.step(name, version, step)
    assert account.did == []
