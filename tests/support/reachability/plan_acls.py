"""The network ACLs of a plan, and which subnet uses which.

A subnet without an association uses the VPC's default ACL (Amazon VPC user guide, "Default network
ACL"). It lets everything pass, unless `aws_default_network_acl` takes it over, which empties it
(provider documentation).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.reachability.addresses import EVERYWHERE
from tests.support.reachability.model import (
    ALL,
    EVERY_PORT,
    Acl,
    AclEntry,
    Unknown,
    ports_of,
    protocol_of,
)
from tests.support.reachability.plan_values import blocks, identifier, identifiers, ranges, value
from tests.support.reachability.plan_vpc import Vpc, chosen


def network_acls(plan: Plan, vpc: Vpc) -> tuple[Acl, ...]:
    """The VPC's network ACLs with all of their entries."""
    entries: dict[str, list[AclEntry]] = {}
    for one in _acls(plan):
        if vpc.owns(one) or one.address == vpc.default_acl:
            entries[one.address] = [
                entry
                for way in ("ingress", "egress")
                for block in blocks(one, way, ["protocol"])
                for entry in _entries(block, way == "egress")
            ]
    entries.setdefault(vpc.default_acl, list(_as_aws_makes_it()))
    for one in plan.all("aws_network_acl_rule"):
        found = identifier(one, "network_acl_id")
        names = {vpc.acl(found)} & entries.keys() if isinstance(found, str) else entries.keys()
        for name in names:
            entries[name] += _entries(one, value(one, "egress", False) is True)
    return tuple(
        Acl(name, vpc.label(name, "default network ACL"), tuple(found))
        for name, found in entries.items()
    )


def _acls(plan: Plan) -> list[Resource]:
    return [*plan.all("aws_network_acl"), *plan.all("aws_default_network_acl")]


def _as_aws_makes_it() -> Iterator[AclEntry]:
    """Amazon VPC user guide, "Default network ACL"."""
    for number, everywhere in ((100, EVERYWHERE[4]), (101, EVERYWHERE[6])):
        for egress in (False, True):
            yield AclEntry(number, egress, True, ALL, EVERY_PORT, everywhere)


def _entries(written: Resource | Unknown, egress: bool) -> Iterator[AclEntry]:
    if isinstance(written, Unknown):
        yield AclEntry(written, egress, written, written, written, written)
        return
    separate = written.type == "aws_network_acl_rule"
    number = value(written, "rule_number" if separate else "rule_no")
    action = value(written, "rule_action" if separate else "action")
    protocol = value(written, "protocol")
    protocol = protocol if isinstance(protocol, Unknown) else protocol_of(protocol)
    ports = ports_of(protocol, value(written, "from_port"), value(written, "to_port"))
    allow = action if isinstance(action, Unknown) else action.lower() == "allow"
    for path in ("cidr_block", "ipv6_cidr_block"):
        for found in ranges(written, path):
            yield AclEntry(number, egress, allow, protocol, ports, found)


def acl_of(plan: Plan, vpc: Vpc) -> defaultdict[str, str | Unknown]:
    """The network ACL of each subnet."""
    listed: list[tuple[str | Unknown | None, str | Unknown | None]] = []
    for one in _acls(plan):
        subnets = identifiers(one, "subnet_ids") or ()
        for subnet in subnets if isinstance(subnets, tuple) else [subnets]:
            listed.append((subnet, one.address))
    for one in plan.all("aws_network_acl_association"):
        listed.append((identifier(one, "subnet_id"), identifier(one, "network_acl_id")))
    return chosen(vpc.default_acl, listed)
