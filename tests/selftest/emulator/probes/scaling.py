"""Probes of what a region tells the control plane: scaling activities and target health."""

from __future__ import annotations

from typing import Any

from tests.selftest.emulator.probes import probe
from tests.selftest.emulator.probes.network import subnets
from tests.support.emulator import EmulatorSession

_PLACE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


def _activity(resource: str, count: int, start: float) -> dict[str, Any]:
    return {
        **_PLACE,
        "ResourceId": resource,
        "Description": f"Setting desired count to {count}.",
        "Cause": "monitor alarm high in state ALARM triggered policy cpu",
        "StartTime": start,
        "StatusCode": "InProgress",
    }


@probe("application-autoscaling/activities")
def scaling_activities(session: EmulatorSession) -> None:
    """Activities are told newest first, a page at a time, of the resource that is named."""
    scaling = session.client("application-autoscaling")
    resource = "service/moved/moved"
    begun = [_activity(resource, count, 1e9 + count) for count in (3, 4)]
    session.tell("activities", [begun[0], _activity("service/other/other", 9, 1e9), begun[1]])
    asked = {**_PLACE, "ResourceId": resource}
    first = scaling.describe_scaling_activities(**asked, MaxResults=1)
    second = scaling.describe_scaling_activities(**asked, NextToken=first["NextToken"])
    pages = [page["ScalingActivities"] for page in (first, second)]
    assert [one["StartTime"].timestamp() for page in pages for one in page] == [1e9 + 4, 1e9 + 3]
    done = {**begun[1], "ActivityId": pages[0][0]["ActivityId"], "StatusCode": "Successful"}
    session.tell("activities", [{**done, "EndTime": 1e9 + 60}])
    found = scaling.describe_scaling_activities(**asked)["ScalingActivities"]
    assert [one["StatusCode"] for one in found] == ["Successful", "InProgress"]
    assert found[0]["EndTime"].timestamp() == 1e9 + 60


@probe("elbv2/target health")
def target_health(session: EmulatorSession) -> None:
    """An address is checked first, and drains once it is deregistered, until the region is done."""
    elbv2, arn = session.client("elbv2"), _used_group(session, "checked", "72")
    target = {"Id": "10.72.0.9", "Port": 3000}
    elbv2.register_targets(TargetGroupArn=arn, Targets=[target])
    (found,) = _health(session, arn)
    assert (found["TargetHealth"]["State"], found["HealthCheckPort"]) == ("initial", "3000")
    assert found["Target"]["AvailabilityZone"].startswith("us-east-1")
    _told(session, arn, target, "healthy")
    assert _health(session, arn, Targets=[target])[0]["TargetHealth"] == {"State": "healthy"}
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[target])
    reason = "Target.DeregistrationInProgress"
    assert _health(session, arn)[0]["TargetHealth"]["Reason"] == reason
    _told(session, arn, target, "unused")
    assert _health(session, arn) == []
    named = _health(session, arn, Targets=[target])
    assert named[0]["TargetHealth"]["Reason"] == "Target.NotRegistered"


def _used_group(session: EmulatorSession, name: str, block: str) -> str:
    """A target group of addresses behind a load balancer; its ARN."""
    places = subnets(session, block)
    found = session.client("ec2").describe_subnets(SubnetIds=places)["Subnets"]
    elbv2 = session.client("elbv2")
    balancer = elbv2.create_load_balancer(Name=name, Subnets=places)["LoadBalancers"][0]
    group = elbv2.create_target_group(
        Name=name, Protocol="HTTP", Port=3000, VpcId=found[0]["VpcId"], TargetType="ip"
    )["TargetGroups"][0]
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    return str(group["TargetGroupArn"])


def _told(session: EmulatorSession, arn: str, target: dict[str, Any], state: str) -> None:
    session.tell("target-health", [{"TargetGroupArn": arn, **target, "State": state}])


def _health(session: EmulatorSession, arn: str, **asked: Any) -> list[Any]:
    answer = session.client("elbv2").describe_target_health(TargetGroupArn=arn, **asked)
    return list(answer["TargetHealthDescriptions"])
