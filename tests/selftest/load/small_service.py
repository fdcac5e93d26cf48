"""A service on an emulator, as small as a scheduler can run it, and a load balancer to watch."""

from __future__ import annotations

import functools
import itertools
import json
import math
from typing import Any

from tests.load.living.balancer import Endpoint
from tests.load.living.tasks import Application
from tests.support.emulator import Emulator
from tests.support.target import Target

ACCOUNT = "222233334444"
APPLICATION = Application(("NODE_ENV", "TOKEN"), ("/",), "/api/health")
PORT = 3000


def container(**changed: Any) -> dict[str, Any]:
    """The container of a task definition."""
    check = {
        "command": ["CMD-SHELL", f"curl -f http://localhost:{PORT}/api/health || exit 1"],
        "interval": 5, "timeout": 1, "retries": 2, "startPeriod": 0,
    }  # fmt: skip
    plain = {
        "name": "app",
        "image": "app:1",
        "portMappings": [{"containerPort": PORT, "hostPort": PORT}],
        "environment": [{"name": "NODE_ENV", "value": "staging"}],
        "healthCheck": check,
    }
    return {**plain, **changed}


def _secret(value: str) -> str:
    return json.dumps({"key": value})


class Session:
    """A session on an emulator that makes each client once, however many services use it."""

    def __init__(self, emulator: Emulator) -> None:
        self._session = emulator.session()
        self.client = functools.cache(self._make)

    def _make(self, service: str, **more: Any) -> Any:
        return self._session.client(service, **more)


class SmallService:
    """The service in three zones behind a target group; it wants `desired` tasks.

    Each has an environment of its own. `changed` is what its container has otherwise.
    """

    _environments = itertools.count()

    def __init__(self, session: Session, desired: int, **changed: Any) -> None:
        environment = f"small-{next(self._environments)}"
        self.target = Target(environment, ACCOUNT, session, emulated=True)
        self.cluster, self.name = self.target.prefix, f"{self.target.prefix}-app"
        self.ecs, self.elbv2 = self.target.client("ecs"), self.target.client("elbv2")
        self._subnets = self._make_subnets()
        self._secrets = self.target.client("secretsmanager")
        self._secret = self._secrets.create_secret(
            Name=self.cluster, SecretString=json.dumps({"key": "it"})
        )
        self.group = self._make_group()
        self.ecs.create_cluster(clusterName=self.cluster)
        self._make_service(self.revision(**changed), desired)

    def revision(self, **changed: Any) -> str:
        """Register another revision; its ARN."""
        secret = {"name": "TOKEN", "valueFrom": f"{self._secret['ARN']}:key::"}
        made = self.ecs.register_task_definition(
            family=self.name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            cpu="2048", memory="1024",
            containerDefinitions=[container(**{"secrets": [secret], **changed})],
        )  # fmt: skip
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def put_secret(self, value: str) -> None:
        """Another value of the secret that the tasks are given."""
        self._secrets.put_secret_value(SecretId=self.cluster, SecretString=_secret(value))

    def update(self, **changed: Any) -> None:
        """UpdateService."""
        self.ecs.update_service(cluster=self.cluster, service=self.name, **changed)

    def running(self) -> list[str]:
        """The ARNs of the service's tasks."""
        wanted = {"serviceName": self.name, "desiredStatus": "RUNNING"}
        found = self.ecs.list_tasks(cluster=self.cluster, **wanted)
        return list(found["taskArns"])

    def described(self) -> dict[str, Any]:
        """DescribeServices."""
        found = self.ecs.describe_services(cluster=self.cluster, services=[self.name])["services"]
        return dict(found[0])

    def revisions(self) -> set[str]:
        """The revisions that run."""
        found = self.ecs.describe_tasks(cluster=self.cluster, tasks=self.running())["tasks"]
        return {one["taskDefinitionArn"] for one in found}

    def targets(self) -> set[str]:
        """The addresses that the target group does not drain."""
        found = self.elbv2.describe_target_health(TargetGroupArn=self.group)
        return {
            one["Target"]["Id"]
            for one in found["TargetHealthDescriptions"]
            if one["TargetHealth"]["State"] != "draining"
        }

    def _make_subnets(self) -> list[str]:
        ec2 = self.target.client("ec2")
        self._vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        made = [
            ec2.create_subnet(
                VpcId=self._vpc, CidrBlock=f"10.0.{7 + turn}.0/24",
                AvailabilityZone=f"us-east-1{zone}",
            )
            for turn, zone in enumerate("abc")
        ]  # fmt: skip
        return [str(one["Subnet"]["SubnetId"]) for one in made]

    def _make_group(self) -> str:
        made = self.elbv2.create_target_group(
            Name=self.name, Protocol="HTTP", Port=PORT, VpcId=self._vpc, TargetType="ip"
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def _make_service(self, revision: str, desired: int) -> None:
        place = {"targetGroupArn": self.group, "containerName": "app", "containerPort": PORT}
        network = {"subnets": self._subnets, "securityGroups": []}
        self.ecs.create_service(
            cluster=self.cluster, serviceName=self.name, taskDefinition=revision,
            desiredCount=desired, launchType="FARGATE", loadBalancers=[place],
            healthCheckGracePeriodSeconds=5, networkConfiguration={"awsvpcConfiguration": network},
        )  # fmt: skip


class WatchedBalancer:
    """Finds every target healthy unless told otherwise, and drains in so many looks.

    While it is told to `hold` nothing is ever drained. `most` were registered at once, `fewest`
    were left when one was deregistered.
    """

    def __init__(self) -> None:
        self.registered: list[Endpoint] = []
        self.failing: set[Endpoint] = set()
        self.draining: dict[Endpoint, int] = {}
        self.drained: list[Endpoint] = []
        self.hold = False
        self.most = 0
        self.fewest = math.inf

    def register(self, endpoint: Endpoint) -> None:
        """Send it requests."""
        self.registered.append(endpoint)
        self.most = max(self.most, len(self.registered))

    def deregister(self, endpoint: Endpoint) -> None:
        """Drain it."""
        self.registered.remove(endpoint)
        self.draining[endpoint] = 3
        self.fewest = min(self.fewest, len(self.registered))

    def health(self, endpoint: Endpoint) -> str:
        """As it is told, and draining for the first looks after it was deregistered."""
        if endpoint in self.registered:
            return "unhealthy" if endpoint in self.failing else "healthy"
        self.draining[endpoint] -= not self.hold
        if self.draining[endpoint] > 0:
            return "draining"
        self.drained.append(endpoint)
        return "unused"
