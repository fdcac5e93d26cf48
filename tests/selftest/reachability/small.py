"""A small VPC: a public, a private and an isolated subnet; a load balancer, service and database.

Every function gives a changed copy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.support.reachability.addresses import cidr
from tests.support.reachability.engine import Reachability
from tests.support.reachability.model import (
    ALL,
    EVERY_PORT,
    Acl,
    AclEntry,
    Endpoint,
    Gateway,
    GatewayKind,
    GroupReference,
    Network,
    Node,
    Ports,
    PrefixList,
    PrefixListReference,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
)
from tests.support.reachability.steps import Verdict

EVERYWHERE, EVERYWHERE_6 = cidr("0.0.0.0/0"), cidr("::/0")


def rule(port: int | None, peer: str, protocol: str = "tcp") -> Rule:
    """A rule for a port, or for all; the peer is a range, a prefix list `pl-…` or a group."""
    ports = EVERY_PORT if port is None else Ports(port, port)
    if "/" in peer:
        return Rule(protocol, ports, cidr(peer))
    listed = peer.startswith("pl-")
    return Rule(protocol, ports, PrefixListReference(peer) if listed else GroupReference(peer))


def entry(
    number: int,
    way: str,
    action: str,
    ports: tuple[int, int] = (0, 65535),
    addresses: str = "0.0.0.0/0",
    protocol: str = "tcp",
) -> AclEntry:
    """An entry of a network ACL, for `in` or `out`, that will `allow` or `deny`."""
    range_ = cidr(addresses)
    return AclEntry(number, way == "out", action == "allow", protocol, Ports(*ports), range_)


OPEN = tuple(
    AclEntry(number, egress, True, ALL, EVERY_PORT, addresses)
    for number, addresses in ((100, EVERYWHERE), (101, EVERYWHERE_6))
    for egress in (False, True)
)
TO_IGW, TO_NAT = Route(EVERYWHERE, "igw"), Route(EVERYWHERE, "nat")
TO_S3 = Route(PrefixListReference("pl-s3"), "s3")
LB = Node("lb", "lb", ("public",), ("lb",), public=True, listens=(443,))
APP = Node("app", "app", ("private",), ("app",), listens=(3000,))
DATABASE = Node("database", "database", ("isolated",), ("database",), listens=(5432,))
NETWORK = Network(
    ranges=(cidr("10.0.0.0/16"),),
    subnets=(
        Subnet("public", cidr("10.0.1.0/24"), "public", "public"),
        Subnet("private", cidr("10.0.2.0/24"), "private", "private"),
        Subnet("isolated", cidr("10.0.3.0/24"), "isolated", "isolated"),
    ),
    tables=(
        RouteTable("public", "public", (Route(EVERYWHERE, "igw"),)),
        RouteTable(
            "private",
            "private",
            (Route(EVERYWHERE, "nat"), Route(PrefixListReference("pl-s3"), "s3")),
        ),
        RouteTable("isolated", "isolated"),
    ),
    acls=tuple(Acl(name, name, OPEN) for name in ("public", "private", "isolated")),
    groups=(
        SecurityGroup("lb", "lb", (rule(443, "0.0.0.0/0"),), (rule(3000, "app"),), "lb-"),
        SecurityGroup("app", "app", (rule(3000, "lb"),), (rule(None, "0.0.0.0/0", ALL),), "app-"),
        SecurityGroup("database", "database", (rule(5432, "app"),), (), "db-"),
    ),
    gateways=(
        Gateway("igw", "igw", GatewayKind.internet),
        Gateway("nat", "nat", GatewayKind.nat, "public"),
        Gateway("s3", "s3", GatewayKind.endpoint),
    ),
    prefix_lists=(PrefixList("pl-s3", "s3", (cidr("52.216.0.0/15"),)),),
    endpoints=(Endpoint("s3", "s3", "pl-s3"),),
    nodes=(LB, APP, DATABASE),
)


def changed(network: Network, part: str, identifier: str, **values: Any) -> Network:
    """With other values for the thing of that id in one part of the network."""
    things = tuple(
        replace(one, **values) if one.id == identifier else one for one in getattr(network, part)
    )
    return replace(network, **{part: things})


def admitting(network: Network, group: str, *rules: Rule) -> Network:
    """With more ingress rules in a group."""
    held = next(one for one in network.groups if one.id == group)
    return changed(network, "groups", group, ingress=(*held.ingress, *rules))


def node(network: Network, identifier: str) -> Node:
    """The node of that id."""
    return next(one for one in network.nodes if one.id == identifier)


def everywhere(network: Network, source: Any, target: Any, port: int, **how: Any) -> Verdict:
    """Whether every way is open."""
    return Reachability(network).reach(source, target, port, **how).everywhere


def anywhere(network: Network, source: Any, target: Any, port: int, **how: Any) -> Verdict:
    """Whether one way is open."""
    return Reachability(network).reach(source, target, port, **how).anywhere
