"""A service on an emulator, as small as a scheduler can run it, and a load balancer to watch."""

from __future__ import annotations

import json
from typing import Any

from tests.load.living.balancer import Endpoint
from tests.load.living.tasks import Application
from tests.support.emulator import Emulator
from tests.support.target import Target

ACCOUNT, ENVIRONMENT = "222233334444", "staging"
PREFIX = f"mantisnxt-{ENVIRONMENT}"
CLUSTER, SERVICE = PREFIX, f"{PREFIX}-app"
APPLICATION = Application(("NODE_ENV", "TOKEN"), ("/",), "/api/health")
PORT = 3000


def container(**changed: Any) -> dict[str, Any]:
    """The container of a task definition."""
    check = {
        "command": ["CMD-SHELL", f"curl -f http://localhost:{PORT}/api/health || exit 1"],
        "interval": 5, "timeout": 2, "retries": 2, "startPeriod": 0,
    }  # fmt: skip
    plain = {
        "name": "app",
        "image": "app:1",
        "portMappings": [{"containerPort": PORT, "hostPort": PORT}],
        "environment": [{"name": "NODE_ENV", "value": ENVIRONMENT}],
        "healthCheck": check,
    }
    return {**plain, **changed}


class SmallService:
    """The service in three zones behind a target group; it wants `desired` tasks of revision 1."""

    def __init__(self, emulator: Emulator, desired: int, **changed: Any) -> None:
        self.target = Target(ENVIRONMENT, ACCOUNT, emulator.session(), emulated=True)
        self.ecs, self.elbv2 = self.target.client("ecs"), self.target.client("elbv2")
        self._subnets = self._make_subnets()
        secrets = self.target.client("secretsmanager")
        self._secret = secrets.create_secret(Name="token", SecretString=json.dumps({"key": "it"}))
        self.group = self._make_group()
        self.ecs.create_cluster(clusterName=CLUSTER)
        self._make_service(self.revision(**changed), desired)

    def revision(self, **changed: Any) -> str:
        """Register another revision; its ARN."""
        secret = {"name": "TOKEN", "valueFrom": f"{self._secret['ARN']}:key::"}
        made = self.ecs.register_task_definition(
            family=SERVICE, networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            cpu="2048", memory="1024",
            containerDefinitions=[container(**{"secrets": [secret], **changed})],
        )  # fmt: skip
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def update(self, **changed: Any) -> None:
        """UpdateService."""
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, **changed)

    def running(self) -> list[str]:
        """The ARNs of the service's tasks."""
        wanted = {"serviceName": SERVICE, "desiredStatus": "RUNNING"}
        found = self.ecs.list_tasks(cluster=CLUSTER, **wanted)
        return list(found["taskArns"])

    def described(self) -> dict[str, Any]:
        """DescribeServices."""
        found = self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
        return dict(found[0])

    def revisions(self) -> set[str]:
        """The revisions that run."""
        found = self.ecs.describe_tasks(cluster=CLUSTER, tasks=self.running())["tasks"]
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
            Name=SERVICE, Protocol="HTTP", Port=PORT, VpcId=self._vpc, TargetType="ip"
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def _make_service(self, revision: str, desired: int) -> None:
        place = {"targetGroupArn": self.group, "containerName": "app", "containerPort": PORT}
        network = {"subnets": self._subnets, "securityGroups": []}
        self.ecs.create_service(
            cluster=CLUSTER, serviceName=SERVICE, taskDefinition=revision, desiredCount=desired,
            launchType="FARGATE", loadBalancers=[place], healthCheckGracePeriodSeconds=5,
            networkConfiguration={"awsvpcConfiguration": network},
        )  # fmt: skip


class WatchedBalancer:
    """Finds every target healthy unless told otherwise, and drains in so many looks."""

    def __init__(self) -> None:
        self.registered: list[Endpoint] = []
        self.failing: set[Endpoint] = set()
        self.draining: dict[Endpoint, int] = {}
        self.drained: list[Endpoint] = []

    def register(self, endpoint: Endpoint) -> None:
        """Send it requests."""
        self.registered.append(endpoint)

    def deregister(self, endpoint: Endpoint) -> None:
        """Drain it."""
        self.registered.remove(endpoint)
        self.draining[endpoint] = 3

    def health(self, endpoint: Endpoint) -> str:
        """As it is told, and draining for the first looks after it was deregistered."""
        if endpoint in self.registered:
            return "unhealthy" if endpoint in self.failing else "healthy"
        self.draining[endpoint] -= 1
        if self.draining[endpoint] > 0:
            return "draining"
        self.drained.append(endpoint)
        return "unused"
