"""A bare account on an emulator, and as much of a deployment as tests of a living region need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from tests.support.emulator import Emulator
from tests.support.target import Target

ACCOUNT = "222233334444"
PREFIX = "mantisnxt-staging"
SERVICE = f"{PREFIX}-app"
CPU = "ECSServiceAverageCPUUtilization"
_NETWORK = "10.0.0.0/16"


@contextmanager
def account() -> Iterator[Target]:
    """An account with nothing in it."""
    with Emulator(ACCOUNT) as emulator:
        yield Target("staging", ACCOUNT, emulator.session(), emulated=True)


def place(target: Target) -> dict[str, str]:
    """What Application Auto Scaling calls the count of the environment's service."""
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{target.prefix}/{target.prefix}-app",
        "ScalableDimension": "ecs:service:DesiredCount",
    }


def emptied(target: Target) -> None:
    """Take away everything that is in the account."""
    urlopen(Request(f"{target.client('sts').meta.endpoint_url}/moto-api/reset", method="POST"))


def put_alarm(target: Target, name: str, **changed: Any) -> None:
    """Put an alarm: two minutes with a mean above 10, of metric Length by place Here."""
    settings = {
        "AlarmName": name,
        "Namespace": "Mine",
        "MetricName": "Length",
        "Dimensions": [{"Name": "Place", "Value": "Here"}],
        "Statistic": "Average",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 10.0,
        "Period": 60,
        "EvaluationPeriods": 2,
        **changed,
    }
    wanted = {key: value for key, value in settings.items() if value is not None}
    target.client("cloudwatch").put_metric_alarm(**wanted)


def put_service(target: Target, desired: int) -> None:
    """The environment's service with its policy on 50 % of CPU, from 1 to 8 tasks. Nothing runs."""
    ecs, ec2 = target.client("ecs"), target.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=_NETWORK)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=_NETWORK)["Subnet"]["SubnetId"]
    ecs.create_cluster(clusterName=PREFIX)
    ecs.register_task_definition(
        family=SERVICE, networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
        cpu="256", memory="512", containerDefinitions=[{"name": "app", "image": "app:1"}],
    )  # fmt: skip
    ecs.create_service(
        cluster=PREFIX, serviceName=SERVICE, taskDefinition=SERVICE, desiredCount=desired,
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": [subnet], "securityGroups": []}
        },
    )  # fmt: skip
    put_scaling(target)


def put_scaling(target: Target) -> None:
    """Let the service have from 1 to 8 tasks, and a policy that keeps its CPU at 50 %."""
    target.client("application-autoscaling").register_scalable_target(
        **place(target), MinCapacity=1, MaxCapacity=8
    )
    put_policy(target, 50.0)


def put_policy(target: Target, tracked: float) -> None:
    """Have the policy keep the CPU at so many percent."""
    target.client("application-autoscaling").put_scaling_policy(
        **place(target),
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": tracked,
            "PredefinedMetricSpecification": {"PredefinedMetricType": CPU},
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 60,
        },
    )


def desired(target: Target) -> int:
    """The count that the service is asked for."""
    found = target.client("ecs").describe_services(cluster=PREFIX, services=[SERVICE])
    return int(found["services"][0]["desiredCount"])


def activities(target: Target) -> list[Any]:
    """What Application Auto Scaling has done, newest first."""
    answer = target.client("application-autoscaling").describe_scaling_activities(
        ServiceNamespace="ecs", ResourceId=place(target)["ResourceId"]
    )
    return list(answer["ScalingActivities"])
