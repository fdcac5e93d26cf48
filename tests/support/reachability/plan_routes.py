"""The route tables, gateways and network ACLs of a plan, and which subnet uses which.

A subnet without an association uses the VPC's main route table and its default network ACL (Amazon
VPC user guide). The default ACL lets everything pass, unless `aws_default_network_acl` takes it
over, which empties it (provider documentation).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.support.plan import Plan, Resource
from tests.support.reachability.addresses import EVERYWHERE, Range
from tests.support.reachability.model import (
    ALL,
    EVERY_PORT,
    Acl,
    AclEntry,
    Gateway,
    GatewayKind,
    PrefixListReference,
    Route,
    RouteTable,
    Unknown,
    ports_of,
    protocol_of,
)
from tests.support.reachability.plan_values import blocks, identifier, identifiers, ranges, value

_ROUTE_ENDS = ("cidr_block", "ipv6_cidr_block", "destination_prefix_list_id")
# The argument of a route, and what it leads to; `gateway_id` is an internet or a VPN gateway.
_TARGETS = (
    "gateway_id",
    "nat_gateway_id",
    "egress_only_gateway_id",
    "vpc_endpoint_id",
    "transit_gateway_id",
    "vpc_peering_connection_id",
    "network_interface_id",
    "carrier_gateway_id",
    "local_gateway_id",
    "core_network_arn",
    "instance_id",
)
_DESCRIBED = ("gateway_id", "nat_gateway_id", "egress_only_gateway_id", "vpc_endpoint_id")


@dataclass(frozen=True)
class Vpc:
    """The VPC that is looked at, and the ids of what it has of itself."""

    resource: Resource
    default_group: str
    default_table: str
    default_acl: str

    @classmethod
    def of(cls, plan: Plan, resource: Resource) -> Vpc:
        """The VPC of that resource."""

        def adopted(kind: str, path: str) -> str:
            found = (one.address for one in plan.all(kind)
                     if identifier(one, path) == resource.address)  # fmt: skip
            return next(found, resource.address)

        return cls(
            resource,
            adopted("aws_default_security_group", "vpc_id"),
            adopted("aws_default_route_table", "default_route_table_id"),
            adopted("aws_default_network_acl", "default_network_acl_id"),
        )

    def label(self, name: str, kind: str) -> str:
        """The id itself, unless it is the VPC's: then it is that of what the VPC has of a kind."""
        return f"{kind} of {name}" if name == self.resource.address else name

    def owns(self, resource: Resource) -> bool:
        """Whether the resource is in this VPC."""
        return identifier(resource, "vpc_id") == self.resource.address

    def group(self, name: str) -> str:
        """The id of a security group, by whichever name it goes."""
        return self.default_group if name == self.resource.address else name

    def table(self, name: str) -> str:
        """The same of a route table."""
        return self.default_table if name == self.resource.address else name

    def acl(self, name: str) -> str:
        """The same of a network ACL."""
        return self.default_acl if name == self.resource.address else name


# --- Gateways -------------------------------------------------------------------------------


def gateways(plan: Plan, vpc: Vpc) -> Iterator[Gateway]:
    """Every gateway that a route of the VPC can lead to."""
    attached = {
        identifier(one, "internet_gateway_id")
        for one in plan.all("aws_internet_gateway_attachment")
        if vpc.owns(one)
    }
    diverted = {
        identifier(one, "gateway_id"): one for one in plan.all("aws_route_table_association")
    }
    for one in plan.all("aws_internet_gateway"):
        if vpc.owns(one) or one.address in attached:
            doubt = diverted.get(one.address)
            public = doubt is None or Unknown(f"{doubt.where} sends what arrives another way")
            yield Gateway(one.address, one.address, GatewayKind.internet, public=public)
    for one in plan.all("aws_egress_only_internet_gateway"):
        if vpc.owns(one):
            yield Gateway(one.address, one.address, GatewayKind.egress_only)
    for one in plan.all("aws_nat_gateway"):
        connectivity = value(one, "connectivity_type", "public")
        yield Gateway(
            one.address,
            one.address,
            GatewayKind.nat,
            identifier(one, "subnet_id") or Unknown(f"{one.where} names no subnet"),
            connectivity if isinstance(connectivity, Unknown) else connectivity == "public",
        )
    for one in plan.all("aws_vpc_endpoint"):
        if vpc.owns(one) and value(one, "vpc_endpoint_type", "Gateway") == "Gateway":
            yield Gateway(one.address, one.address, GatewayKind.endpoint)
    yield from _other_gateways(plan)


def _other_gateways(plan: Plan) -> Iterator[Gateway]:
    """What routes lead to and no plan describes: peerings, transit gateways, appliances."""
    inline = [block for table in _tables(plan) for block in _route_blocks(table)]
    seen = set()
    for route in (*plan.all("aws_route"), *inline):
        for path in _TARGETS:
            found = identifier(route, path) if isinstance(route, Resource) else None
            vpn = isinstance(found, str) and "aws_vpn_gateway." in found
            if isinstance(found, str) and found not in seen and (vpn or path not in _DESCRIBED):
                seen.add(found)
                yield Gateway(found, found, GatewayKind.other)


# --- Route tables ---------------------------------------------------------------------------


def route_tables(plan: Plan, vpc: Vpc) -> tuple[RouteTable, ...]:
    """The VPC's route tables with all of their routes."""
    routes: dict[str, list[Route]] = {vpc.default_table: []}
    for table in _tables(plan):
        if vpc.owns(table) or table.address == vpc.default_table:
            inline = (_inline(block) for block in _route_blocks(table))
            routes.setdefault(table.address, []).extend(inline)
            routes[table.address] += _propagated(identifiers(table, "propagating_vgws"))
    _add(routes, _separate(plan, vpc))
    return tuple(
        RouteTable(name, vpc.label(name, "main route table"), tuple(found))
        for name, found in routes.items()
    )


def _add(
    routes: dict[str, list[Route]], found: Iterable[tuple[str | Unknown | None, list[Route]]]
) -> None:
    for table, added in found:
        # A route of an unknown table may be any table's.
        for name in {table} & routes.keys() if isinstance(table, str) else routes:
            routes[name] += added


def _tables(plan: Plan) -> list[Resource]:
    return [*plan.all("aws_route_table"), *plan.all("aws_default_route_table")]


def _route_blocks(table: Resource) -> list[Resource | Unknown]:
    return blocks(table, "route", _ROUTE_ENDS)


def _separate(plan: Plan, vpc: Vpc) -> Iterator[tuple[str | Unknown | None, list[Route]]]:
    """Routes that are resources of their own, with the table that each belongs to."""
    for route in plan.all("aws_route"):
        yield _table(route, vpc), [_route(route, [f"destination_{end}" for end in _ROUTE_ENDS[:2]])]
    for endpoint in plan.all("aws_vpc_endpoint"):
        listed = identifiers(endpoint, "route_table_ids") or ()
        through = [Route(PrefixListReference(endpoint.address), endpoint.address)]
        for table in listed if isinstance(listed, tuple) else [listed]:
            yield vpc.table(table) if isinstance(table, str) else table, through
    for one in plan.all("aws_vpc_endpoint_route_table_association"):
        name = identifier(one, "vpc_endpoint_id")
        if isinstance(name, str):
            yield _table(one, vpc), [Route(PrefixListReference(name), name)]
    for one in plan.all("aws_vpn_gateway_route_propagation"):
        yield _table(one, vpc), _propagated(identifier(one, "vpn_gateway_id"))


def _table(resource: Resource, vpc: Vpc) -> str | Unknown | None:
    found = identifier(resource, "route_table_id")
    return vpc.table(found) if isinstance(found, str) else found


def _inline(block: Resource | Unknown) -> Route:
    return Route(block, block) if isinstance(block, Unknown) else _route(block, _ROUTE_ENDS[:2])


def _route(written: Resource, destinations: Iterable[str]) -> Route:
    ends: list[Range | PrefixListReference | Unknown] = [
        one for path in destinations for one in ranges(written, path)
    ]
    listed = identifier(written, "destination_prefix_list_id")
    if listed is not None:
        ends.append(listed if isinstance(listed, Unknown) else PrefixListReference(listed))
    targets = (identifier(written, path) for path in _TARGETS)
    target = next((one for one in targets if one is not None), None)
    return Route(
        ends[0] if ends else Unknown(f"{written.where}: a route without a destination"),
        target if target is not None else Unknown(f"{written.where}: a route that leads nowhere"),
    )


def _propagated(gateway: object) -> list[Route]:
    """What a VPN gateway makes known of itself: nobody knows before it does."""
    return [Route(Unknown("routes are propagated into it"), None, True)] if gateway else []


def table_of(plan: Plan, vpc: Vpc) -> defaultdict[str, str | Unknown]:
    """The route table of each subnet."""
    main: str | Unknown = vpc.default_table
    for one in plan.all("aws_main_route_table_association"):
        if vpc.owns(one):
            main = _table(one, vpc) or main
    return _chosen(
        main,
        (
            (identifier(one, "subnet_id"), _table(one, vpc))
            for one in plan.all("aws_route_table_association")
            if identifier(one, "gateway_id") is None
        ),
    )


def _chosen(
    usual: str | Unknown,
    associations: Iterable[tuple[str | Unknown | None, str | Unknown | None]],
) -> defaultdict[str, str | Unknown]:
    """What is associated with each subnet; where a subnet is unknown, it may be any other."""
    found: dict[str, str | Unknown] = {}
    for subnet, thing in associations:
        if isinstance(subnet, str) and thing is not None:
            found[subnet] = thing
        elif isinstance(subnet, Unknown):
            usual = subnet
    return defaultdict(lambda: usual, found)


# --- Network ACLs ---------------------------------------------------------------------------


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
    return _chosen(vpc.default_acl, listed)
