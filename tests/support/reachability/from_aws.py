"""The network of a VPC as the EC2 API describes it, for the questions of engine.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.support.reachability.addresses import Range, cidr
from tests.support.reachability.model import (
    Acl,
    AclEntry,
    Endpoint,
    Gateway,
    GatewayKind,
    GroupReference,
    Network,
    Node,
    Peer,
    PrefixList,
    PrefixListReference,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Unknown,
    ports_of,
    protocol_of,
)
from tests.support.target import Target

Described = Mapping[str, Any]

# The fields of a route that name what it leads to.
_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "CoreNetworkArn",
)
# Ids of gateways that are described; whatever else a route leads to is another network.
_DESCRIBED = ("igw-", "nat-", "eigw-", "vpce-")


def network(target: Target, vpc: Described, nodes: Iterable[Node]) -> Network:
    """The network of a VPC, as DescribeVpcs gives it, with the nodes in it."""
    within = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    tables = target.pages("ec2", "describe_route_tables", "RouteTables", Filters=within)
    acls = target.pages("ec2", "describe_network_acls", "NetworkAcls", Filters=within)
    subnets = target.pages("ec2", "describe_subnets", "Subnets", Filters=within)
    groups = target.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=within)
    endpoints = [
        one
        for one in target.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=within)
        if one["State"].lower() == "available"
    ]
    table_of, acl_of = _tables_of(tables), _acls_of(acls)
    listed = _prefix_lists(target, tables, groups, endpoints)
    return Network(
        ranges=tuple(cidr(text) for text in _vpc_ranges(vpc)),
        subnets=tuple(_subnet(one, table_of, acl_of) for one in subnets),
        tables=tuple(_table(one) for one in tables),
        acls=tuple(_acl(one) for one in acls),
        groups=tuple(_group(one) for one in groups),
        gateways=tuple(_gateways(target, within, vpc["VpcId"], tables, endpoints)),
        prefix_lists=tuple(listed.values()),
        endpoints=tuple(_endpoint(one, listed) for one in endpoints),
        nodes=(*nodes, *_endpoint_nodes(endpoints)),
    )


def _vpc_ranges(vpc: Described) -> Iterator[str]:
    yield from (one["CidrBlock"] for one in vpc["CidrBlockAssociationSet"])
    yield from (one["Ipv6CidrBlock"] for one in vpc.get("Ipv6CidrBlockAssociationSet", []))


# --- Subnets, route tables, gateways --------------------------------------------------------


def _tables_of(tables: Iterable[Described]) -> dict[str, str]:
    """The route table of each subnet; that of "" is the main one."""
    return {
        one.get("SubnetId", ""): table["RouteTableId"]
        for table in tables
        for one in table["Associations"]
        if one.get("SubnetId") or one.get("Main")
    }


def _acls_of(acls: Iterable[Described]) -> dict[str, str]:
    return {one["SubnetId"]: acl["NetworkAclId"] for acl in acls for one in acl["Associations"]}


def _subnet(one: Described, tables: Mapping[str, str], acls: Mapping[str, str]) -> Subnet:
    name = one["SubnetId"]
    six = [
        association["Ipv6CidrBlock"]
        for association in one.get("Ipv6CidrBlockAssociationSet", [])
        if association["Ipv6CidrBlockState"]["State"] == "associated"
    ]
    table = tables.get(name) or tables.get("") or Unknown(f"{name} has no route table")
    return Subnet(
        name,
        cidr(one["CidrBlock"]) if one.get("CidrBlock") else None,
        table,
        acls.get(name) or Unknown(f"{name} has no network ACL"),
        cidr(six[0]) if six else None,
    )


def _table(one: Described) -> RouteTable:
    routes = (_route(route) for route in one["Routes"] if route.get("GatewayId") != "local")
    return RouteTable(one["RouteTableId"], one["RouteTableId"], tuple(routes))


def _route(one: Described) -> Route:
    text = one.get("DestinationCidrBlock") or one.get("DestinationIpv6CidrBlock")
    listed = one.get("DestinationPrefixListId")
    destination: Range | PrefixListReference | Unknown
    if text:
        destination = cidr(text)
    else:
        destination = PrefixListReference(listed) if listed else Unknown("a route to nowhere")
    target = next((one[field] for field in _TARGETS if one.get(field)), None)
    gateway = target or Unknown("a route that leads to nothing known")
    return Route(
        destination,
        None if one.get("State") == "blackhole" else gateway,
        propagated=one.get("Origin") == "EnableVgwRoutePropagation",
    )


def _gateways(
    target: Target,
    within: list[dict[str, Any]],
    vpc: str,
    tables: Iterable[Described],
    endpoints: Iterable[Described],
) -> Iterator[Gateway]:
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    diverted = {one.get("GatewayId") for table in tables for one in table["Associations"]}
    for one in target.pages(
        "ec2", "describe_internet_gateways", "InternetGateways", Filters=attached
    ):
        name = one["InternetGatewayId"]
        public = Unknown("its own route table sends what arrives another way")
        yield Gateway(name, name, GatewayKind.internet, public=public if name in diverted else True)
    for one in target.pages(
        "ec2", "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"
    ):
        if vpc in [attachment["VpcId"] for attachment in one["Attachments"]]:
            name = one["EgressOnlyInternetGatewayId"]
            yield Gateway(name, name, GatewayKind.egress_only)
    for one in target.pages("ec2", "describe_nat_gateways", "NatGateways", Filters=within):
        if one["State"] == "available":
            name = one["NatGatewayId"]
            public = one.get("ConnectivityType", "public") == "public"
            yield Gateway(name, name, GatewayKind.nat, one["SubnetId"], public)
    for one in endpoints:
        if one["VpcEndpointType"] == "Gateway":
            yield Gateway(one["VpcEndpointId"], one["VpcEndpointId"], GatewayKind.endpoint)
    led_to = {route.gateway for table in tables for route in _table(table).routes}
    for name in led_to:
        if isinstance(name, str) and not name.startswith(_DESCRIBED):
            yield Gateway(name, name, GatewayKind.other)


# --- Network ACLs and security groups -------------------------------------------------------


def _acl(one: Described) -> Acl:
    return Acl(one["NetworkAclId"], one["NetworkAclId"], tuple(map(_entry, one["Entries"])))


def _entry(one: Described) -> AclEntry:
    protocol, ports = protocol_of(one["Protocol"]), one.get("PortRange", {})
    return AclEntry(
        one["RuleNumber"],
        one["Egress"],
        one["RuleAction"] == "allow",
        protocol,
        ports_of(protocol, ports.get("From"), ports.get("To")),
        cidr(one.get("CidrBlock") or one["Ipv6CidrBlock"]),
    )


def _group(one: Described) -> SecurityGroup:
    return SecurityGroup(
        one["GroupId"],
        one["GroupName"],
        tuple(rule for permission in one["IpPermissions"] for rule in _rules(permission)),
        tuple(rule for permission in one["IpPermissionsEgress"] for rule in _rules(permission)),
        one["GroupName"],
    )


def _rules(one: Described) -> Iterator[Rule]:
    protocol = protocol_of(one["IpProtocol"])
    ports = ports_of(protocol, one.get("FromPort"), one.get("ToPort"))
    return (Rule(protocol, ports, peer) for peer in _peers(one))


def _peers(one: Described) -> Iterator[Peer]:
    yield from (cidr(each["CidrIp"]) for each in one.get("IpRanges", []))
    yield from (cidr(each["CidrIpv6"]) for each in one.get("Ipv6Ranges", []))
    yield from (PrefixListReference(each["PrefixListId"]) for each in one.get("PrefixListIds", []))
    yield from (GroupReference(each["GroupId"]) for each in one.get("UserIdGroupPairs", []))


# --- Endpoints and prefix lists -------------------------------------------------------------


def _prefix_lists(
    target: Target,
    tables: Iterable[Described],
    groups: Iterable[Described],
    endpoints: Iterable[Described],
) -> dict[str, PrefixList]:
    """The prefix lists that anything here uses, by name: AWS has many that nothing does."""
    rules = [rule for one in map(_group, groups) for rule in (*one.ingress, *one.egress)]
    used = [
        *(route.destination for table in tables for route in _table(table).routes),
        *(rule.peer for rule in rules),
    ]
    names = {one["ServiceName"] for one in endpoints if one["VpcEndpointType"] == "Gateway"}
    ids = {one.prefix_list for one in used if isinstance(one, PrefixListReference)}
    return {
        one["PrefixListName"]: _prefix_list(target, one)
        for one in target.pages("ec2", "describe_managed_prefix_lists", "PrefixLists")
        if one["PrefixListId"] in ids or one["PrefixListName"] in names
    }


def _prefix_list(target: Target, one: Described) -> PrefixList:
    name = one["PrefixListId"]
    entries = target.pages("ec2", "get_managed_prefix_list_entries", "Entries", PrefixListId=name)
    ranges = tuple(cidr(entry["Cidr"]) for entry in entries)
    return PrefixList(name, f"{one['PrefixListName']} ({name})", ranges)


def _endpoint(one: Described, listed: Mapping[str, PrefixList]) -> Endpoint:
    service = one["ServiceName"].split(".", 3)[-1]
    if one["VpcEndpointType"] == "Gateway":
        found = listed.get(one["ServiceName"])
        addresses = found.id if found else Unknown("AWS names no prefix list for it")
        return Endpoint(one["VpcEndpointId"], service, addresses)
    return Endpoint(one["VpcEndpointId"], service, None, one["PrivateDnsEnabled"])


def _endpoint_nodes(endpoints: Iterable[Described]) -> Iterator[Node]:
    for one in endpoints:
        if one["VpcEndpointType"] == "Interface":
            groups = tuple(group["GroupId"] for group in one["Groups"])
            name = one["VpcEndpointId"]
            yield Node(name, name, tuple(one["SubnetIds"]), groups, listens=(443,))
