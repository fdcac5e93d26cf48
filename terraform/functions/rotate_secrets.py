"""Rotates the two secrets that this stack owns: the Aurora password and the Redis AUTH token.

Secrets Manager calls the handler four times for one rotation (createSecret, setSecret,
testSecret, finishSecret). When a step fails it begins the same rotation again, so every step can
run twice; what must not happen twice leaves a staging label of its own on the new version.

Aurora: the master password is changed through the RDS API, which needs no old password; the
connection URLs in the secret are rewritten with it. Redis: ROTATE accepts the old and the new
token side by side, SET retires the old one once no task uses it any more.
"""

import json
import os
import re
import time
from collections.abc import Callable
from typing import Any

import boto3

POLL_SECONDS = 10


def handler(event: dict[str, Any], context: object) -> None:
    """Run one step of a rotation.

    `event` is Secrets Manager's: Step, SecretId (an ARN), ClientRequestToken (a version id).
    Raises ValueError for a secret or step that is not this function's.
    """
    secret_id, version, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    owners: dict[str, Callable[[], Rotation]] = {
        os.environ["DATABASE_SECRET_ARN"]: DatabaseRotation,
        os.environ["REDIS_SECRET_ARN"]: RedisRotation,
    }
    if secret_id not in owners:
        raise ValueError(f"{secret_id} is not rotated by this function")
    rotation = owners[secret_id]()
    steps: dict[str, Callable[[str, str], None]] = {
        "createSecret": rotation.create,
        "setSecret": rotation.set,
        "testSecret": rotation.test,
        "finishSecret": rotation.finish,
    }
    if step not in steps:
        raise ValueError(f"unknown rotation step {step}")
    stages = rotation.stages(secret_id).get(version, [])
    if not {"AWSPENDING", "AWSCURRENT"} & set(stages):
        raise ValueError(f"version {version} of {secret_id} is not being rotated")
    if "AWSCURRENT" in stages and step != "finishSecret":
        return  # An earlier try got further; what is left to do is up to finishSecret.
    steps[step](secret_id, version)


class Rotation:
    """The steps that both secrets share."""

    def __init__(self) -> None:
        self.secrets = boto3.client("secretsmanager")
        self.ecs = boto3.client("ecs")

    def value(self, secret_id: str, **version: str) -> str:
        return str(self.secrets.get_secret_value(SecretId=secret_id, **version)["SecretString"])

    def current(self, secret_id: str) -> str:
        return self.value(secret_id, VersionStage="AWSCURRENT")

    def pending(self, secret_id: str, version: str) -> str:
        return self.value(secret_id, VersionId=version, VersionStage="AWSPENDING")

    def stages(self, secret_id: str) -> dict[str, list[str]]:
        """The staging labels of each version."""
        described = self.secrets.describe_secret(SecretId=secret_id)
        return dict(described["VersionIdsToStages"])

    def move(self, label: str, secret_id: str, version: str) -> None:
        """Attach the label to the version, and to no other."""
        holders = [v for v, labels in self.stages(secret_id).items() if label in labels]
        if version not in holders:
            previous = {"RemoveFromVersionId": holders[0]} if holders else {}
            self.secrets.update_secret_version_stage(
                SecretId=secret_id, VersionStage=label, MoveToVersionId=version, **previous
            )

    def once(self, label: str, secret_id: str, version: str, act: Callable[[], None]) -> None:
        """Act for this version, unless its label says that an earlier try did."""
        if label not in self.stages(secret_id)[version]:
            act()
            self.move(label, secret_id, version)

    def create(self, secret_id: str, version: str) -> None:
        """Store the new value as AWSPENDING, unless an earlier try already did."""
        try:
            self.pending(secret_id, version)
        except self.secrets.exceptions.ResourceNotFoundException:
            password = self.secrets.get_random_password(PasswordLength=40, ExcludePunctuation=True)[
                "RandomPassword"
            ]
            self.secrets.put_secret_value(
                SecretId=secret_id,
                ClientRequestToken=version,
                SecretString=self.compose(self.current(secret_id), password),
                VersionStages=["AWSPENDING"],
            )

    def finish(self, secret_id: str, version: str) -> None:
        """Make the new value current and restart the tasks, which read secrets at start only."""
        self.move("AWSCURRENT", secret_id, version)
        self.once("SERVICE_RESTARTED", secret_id, version, self.restart)

    def restart(self) -> None:
        self.ecs.update_service(
            cluster=os.environ["ECS_CLUSTER"],
            service=os.environ["ECS_SERVICE"],
            forceNewDeployment=True,
        )

    def compose(self, current: str, password: str) -> str:
        raise NotImplementedError

    def set(self, secret_id: str, version: str) -> None:
        raise NotImplementedError

    def test(self, secret_id: str, version: str) -> None:
        raise NotImplementedError


class DatabaseRotation(Rotation):
    """The Aurora master password and the URLs that carry it."""

    def __init__(self) -> None:
        super().__init__()
        self.rds = boto3.client("rds")
        self.cluster = os.environ["DATABASE_CLUSTER"]

    def compose(self, current: str, password: str) -> str:
        return replace_password(current, password)

    def set(self, secret_id: str, version: str) -> None:
        """Give the cluster the password; the same one again changes nothing."""
        wait_until(self.settled, f"Aurora cluster {self.cluster} to become available")
        self.rds.modify_db_cluster(
            DBClusterIdentifier=self.cluster,
            MasterUserPassword=json.loads(self.pending(secret_id, version))["password"],
            ApplyImmediately=True,
        )

    def test(self, secret_id: str, version: str) -> None:
        """Wait until the cluster has taken the password over."""
        wait_until(self.settled, f"Aurora cluster {self.cluster} to take the new password")

    def settled(self) -> bool:
        found = self.rds.describe_db_clusters(DBClusterIdentifier=self.cluster)["DBClusters"][0]
        waiting = "MasterUserPassword" in (found.get("PendingModifiedValues") or {})
        return found["Status"] == "available" and not waiting


class RedisRotation(Rotation):
    """The AUTH token of the replication group."""

    def __init__(self) -> None:
        super().__init__()
        self.elasticache = boto3.client("elasticache")
        self.group = os.environ["REDIS_GROUP"]

    def compose(self, current: str, password: str) -> str:
        return password

    def set(self, secret_id: str, version: str) -> None:
        """Add the token beside the old one; to add it again would retire the old one too early."""
        wait_until(self.settled, f"Redis group {self.group} to become available")
        token = self.pending(secret_id, version)
        self.once("TOKEN_ADDED", secret_id, version, lambda: self.modify(token, "ROTATE"))

    def modify(self, token: str, strategy: str) -> None:
        self.elasticache.modify_replication_group(
            ReplicationGroupId=self.group,
            AuthToken=token,
            AuthTokenUpdateStrategy=strategy,
            ApplyImmediately=True,
        )

    def test(self, secret_id: str, version: str) -> None:
        """Wait until both members accept the token."""
        wait_until(self.settled, f"Redis group {self.group} to take the new token")

    def settled(self) -> bool:
        groups = self.elasticache.describe_replication_groups(ReplicationGroupId=self.group)
        return bool(groups["ReplicationGroups"][0]["Status"] == "available")

    def finish(self, secret_id: str, version: str) -> None:
        """Restart the tasks on the new token, then retire the old one."""
        super().finish(secret_id, version)
        self.wait_for_tasks()
        token = self.current(secret_id)
        self.once("TOKEN_RETIRED", secret_id, version, lambda: self.modify(token, "SET"))

    def wait_for_tasks(self) -> None:
        """Wait until every task runs on the new token.

        Where no task runs, as before the first deployment, none holds the old token, and a
        service without an image would never become stable.
        """
        place = {"cluster": os.environ["ECS_CLUSTER"], "services": [os.environ["ECS_SERVICE"]]}
        if self.ecs.describe_services(**place)["services"][0]["runningCount"] > 0:
            attempts = max(1, wait_seconds() // 15)
            limits = {"Delay": 15, "MaxAttempts": attempts}
            self.ecs.get_waiter("services_stable").wait(**place, WaiterConfig=limits)


def replace_password(secret: str, password: str) -> str:
    """Return the database secret (JSON) with the password replaced, in its URLs as well.

    URLs have the form scheme://user:password@host:port/name, comma-separated where there are
    several; the password holds no punctuation, so it needs no escaping.
    """
    document = json.loads(secret)
    document["password"] = password
    for name in ("DATABASE_URL", "READ_REPLICA_URLS"):
        document[name] = re.sub(r"(://[^:/@]+:)[^@]*@", rf"\g<1>{password}@", document[name])
    return json.dumps(document)


def wait_seconds() -> int:
    return int(os.environ["WAIT_TIMEOUT_SECONDS"])


def wait_until(settled: Callable[[], bool], what: str) -> None:
    """Poll until `settled`, at most WAIT_TIMEOUT_SECONDS; then raise TimeoutError."""
    deadline = time.monotonic() + wait_seconds()
    while not settled():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {wait_seconds()} s for {what}")
        time.sleep(POLL_SECONDS)
