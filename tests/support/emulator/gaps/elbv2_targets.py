"""Targets that are addresses: who is registered, and the health that the region sees in them."""

from __future__ import annotations

import ipaddress
from typing import Any

from tests.support.emulator.registry import Call, Document, State, Table, command, declare

HEALTH = declare(
    "elbv2",
    "target health",
    "Every registered address is healthy at once, in no zone, and gone as soon as deregistered.",
)
# API reference, TargetHealth: the reason of each state and the sentence that comes with it.
_REASONS = {
    "initial": ("Elb.RegistrationInProgress", "Target registration is in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unused": ("Target.NotInUse", "Target group is not used by any load balancer"),
}
_UNREGISTERED = ("Target.NotRegistered", "Target is not registered to the target group")


@command("target-health")
def tell(state: State, region: str, targets: Any) -> None:
    """Keep the state of each target: `{"TargetGroupArn", "Id", "Port", "State"}`.

    A Reason and a Description may be given with it. One that is `unused` is gone. Whoever is not
    registered has no health.
    """
    groups = state.table("elbv2", region, "registered")
    for target in targets:
        group = groups.get(target["TargetGroupArn"], {})
        place = (target["Id"], target["Port"])
        if place not in group:
            continue
        if target["State"] == "unused":
            del group[place]
            continue
        reason, description = _REASONS.get(target["State"], (None, None))
        health = {
            "State": target["State"],
            "Reason": target.get("Reason", reason),
            "Description": target.get("Description", description),
        }
        group[place]["TargetHealth"] = {key: value for key, value in health.items() if value}


@HEALTH.fills("RegisterTargets")
def register(call: Call) -> Document:
    """Keep the addresses, each in the zone of its subnet."""
    group = _group(call)
    if group["TargetType"] != "ip":
        return call.proceed()
    for target in call.params["Targets"]:
        port = target.get("Port", group["Port"])
        kept = {"Id": target["Id"], "Port": port, **_zone(call, group["VpcId"], target)}
        state = "initial" if group.get("LoadBalancerArns") else "unused"
        _registered(call)[target["Id"], port] = {
            "Target": kept,
            "HealthCheckPort": str(port),
            "TargetHealth": _health(state, _REASONS[state]),
        }
    return {}


@HEALTH.fills("DeregisterTargets")
def deregister(call: Call) -> Document:
    """Begin to drain; the region says when that is over."""
    group = _group(call)
    if group["TargetType"] != "ip":
        return call.proceed()
    for target in call.params["Targets"]:
        for place in _named(call, target):
            _registered(call)[place]["TargetHealth"] = _health("draining", _REASONS["draining"])
    return {}


@HEALTH.fills("DescribeTargetHealth")
def describe(call: Call) -> Document:
    """The health of all, or of those that are named."""
    group = _group(call)
    if group["TargetType"] != "ip":
        return call.proceed()
    known = _registered(call)
    if "Targets" not in call.params:
        return {"TargetHealthDescriptions": list(known.values())}
    found: list[Document] = []
    for target in call.params["Targets"]:
        stranger = {"Target": target, "TargetHealth": _health("unused", _UNREGISTERED)}
        found += [known[place] for place in _named(call, target)] or [stranger]
    return {"TargetHealthDescriptions": found}


def _group(call: Call) -> Document:
    arn = call.params["TargetGroupArn"]
    groups = call.emulator("DescribeTargetGroups", {"TargetGroupArns": [arn]})["TargetGroups"]
    found: Document = groups[0]
    return found


def _registered(call: Call) -> Table:
    """The targets of the group, by address and port."""
    found: Table = call.table("registered").setdefault(call.params["TargetGroupArn"], {})
    return found


def _named(call: Call, target: Document) -> list[Any]:
    """Where the target is kept; without a port, on all of its ports."""
    address, port = target["Id"], target.get("Port")
    return [place for place in _registered(call) if place in ((address, port or place[1]),)]


def _health(state: str, why: tuple[str, str]) -> Document:
    return {"State": state, "Reason": why[0], "Description": why[1]}


def _zone(call: Call, vpc: str, target: Document) -> Document:
    """The zone of an address of the VPC; one from outside has the zone that it came with."""
    if "AvailabilityZone" in target:
        return {"AvailabilityZone": target["AvailabilityZone"]}
    wanted = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    subnets = call.emulator("DescribeSubnets", wanted, service="ec2")["Subnets"]
    address = ipaddress.ip_address(target["Id"])
    zones = [
        subnet["AvailabilityZone"]
        for subnet in subnets
        if address in ipaddress.ip_network(subnet["CidrBlock"])
    ]
    return {"AvailabilityZone": zones[0]} if zones else {}
