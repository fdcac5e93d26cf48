"""What ECS's scheduler reads and tells: the service and its tasks, in the control plane.

Every call blocks; none is cut short. Raises Invalid where a call is answered with an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.load.living.steps import Wanted
from tests.support.deployed import aws_errors
from tests.support.outcomes import SuiteError, Violation
from tests.support.target import Target

_DEFAULT_GRACE = 0


@dataclass(frozen=True)
class Service:
    """The service as it is now: what is wanted, of which revision, and where tasks go.

    `deployment` is the id of the one that is being rolled out, or was last.

    `grace_seconds` are those in which a new task's failed checks do not count. `zones` maps each
    zone to one of the service's subnets, `running` holds the ARNs of its tasks. `document` is what
    DescribeServices tells.
    """

    wanted: Wanted
    revision: str
    deployment: str
    container: str
    target_group: str
    grace_seconds: float
    zones: Mapping[str, str]
    running: frozenset[str]
    document: Mapping[str, Any]

    @property
    def rollout(self) -> tuple[str, str]:
        """What the tasks of one deployment have in common.

        A deployment that is forced has the revision of the one before, and yet its own tasks.
        """
        return self.revision, self.deployment


class ControlPlane:
    """The service mantisnxt-<environment>-app of `target`, as its scheduler deals with it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._ecs, self._elbv2 = target.client("ecs"), target.client("elbv2")
        self._ec2 = target.client("ec2")
        self.cluster, self.name = target.prefix, f"{target.prefix}-app"

    @property
    def dimensions(self) -> dict[str, str]:
        """By which CloudWatch knows the service."""
        return {"ClusterName": self.cluster, "ServiceName": self.name}

    def service(self) -> Service:
        """Read it. Raises Violation where there is no such service, or one without its parts."""
        with aws_errors():
            found = self._ecs.describe_services(cluster=self.cluster, services=[self.name])
            active = [one for one in found["services"] if one["status"] == "ACTIVE"]
            if not active or not active[0].get("loadBalancers"):
                actual = "no load balancer" if active else "there is none"
                raise Violation(self.name, "an active service behind a load balancer", actual)
            document = active[0]
            zones = self._zones(document)
            running = self._target.pages(
                "ecs", "list_tasks", "taskArns",
                cluster=self.cluster, serviceName=self.name, desiredStatus="RUNNING",
            )  # fmt: skip
        place, limits = document["loadBalancers"][0], document["deploymentConfiguration"]
        return Service(
            wanted=Wanted(
                document["desiredCount"], limits["minimumHealthyPercent"], limits["maximumPercent"]
            ),
            revision=document["taskDefinition"],
            deployment=document["deployments"][0]["id"],
            container=place["containerName"],
            target_group=place["targetGroupArn"],
            grace_seconds=document.get("healthCheckGracePeriodSeconds", _DEFAULT_GRACE),
            zones=zones,
            running=frozenset(running),
            document=document,
        )

    def run(self, service: Service, zone: str) -> tuple[str, str]:
        """Have a task run in a zone; its ARN and its private address."""
        document = service.document
        network = document["networkConfiguration"]["awsvpcConfiguration"]
        placed = {**network, "subnets": [service.zones[zone]]}
        strategy = document.get("capacityProviderStrategy")
        capacity = (
            {"capacityProviderStrategy": strategy}
            if strategy
            else {"launchType": document["launchType"]}
        )
        with aws_errors():
            answer = self._ecs.run_task(
                cluster=self.cluster,
                taskDefinition=service.revision,
                count=1,
                group=f"service:{self.name}",
                startedBy=service.deployment,
                networkConfiguration={"awsvpcConfiguration": placed},
                **capacity,
            )
        if not answer["tasks"]:
            raise SuiteError(f"{self.name}: RunTask started nothing: {answer['failures']}")
        task = answer["tasks"][0]
        details = {one["name"]: one.get("value") for one in task["attachments"][0]["details"]}
        return task["taskArn"], str(details["privateIPv4Address"])

    def stop(self, arn: str, reason: str) -> None:
        """Have a task not run any more."""
        with aws_errors():
            self._ecs.stop_task(cluster=self.cluster, task=arn, reason=reason)

    def register(self, service: Service, private: str, port: int, zone: str) -> None:
        """Make the task a target."""
        target = {"Id": private, "Port": port, "AvailabilityZone": zone}
        with aws_errors():
            self._elbv2.register_targets(TargetGroupArn=service.target_group, Targets=[target])

    def deregister(self, service: Service, private: str, port: int, zone: str) -> None:
        """Make the task no target any more."""
        target = {"Id": private, "Port": port, "AvailabilityZone": zone}
        with aws_errors():
            self._elbv2.deregister_targets(TargetGroupArn=service.target_group, Targets=[target])

    def clear(self, service: Service) -> None:
        """Take away tasks and targets of another scheduler: it has ended, and they with it."""
        for arn in service.running:
            self.stop(arn, "the scheduler that ran it has ended")
        with aws_errors():
            group = service.target_group
            found = self._elbv2.describe_target_health(TargetGroupArn=group)
            targets = [one["Target"] for one in found["TargetHealthDescriptions"]]
            if targets:
                self._elbv2.deregister_targets(TargetGroupArn=group, Targets=targets)

    def _zones(self, document: Mapping[str, Any]) -> dict[str, str]:
        subnets = document["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
        zones: dict[str, str] = {}
        for one in subnets:
            zones.setdefault(self._zone_of[one], one)
        return zones

    @cached_property
    def _zone_of(self) -> Mapping[str, str]:
        subnets: Sequence[Mapping[str, str]] = self._target.pages(
            "ec2", "describe_subnets", "Subnets"
        )
        return {one["SubnetId"]: one["AvailabilityZone"] for one in subnets}
