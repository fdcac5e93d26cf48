"""The deployed network."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect_equal,
    expect_members,
    expect_none,
    found,
    named,
    only,
)
from tests.support.target import Target

pytestmark = pytest.mark.deployed

KINDS = ["public", "private", "database"]


def group_by_prefix(groups: list[dict[str, Any]], prefix: str) -> dict[str, Any]:
    return named(
        "VPC", f"security group {prefix}*", groups, lambda g: g["GroupName"].startswith(prefix)
    )


def sources(group: dict[str, Any], port: int) -> list[str]:
    """Who may reach `port`: group ids and address ranges."""
    permissions = [
        p
        for p in group["IpPermissions"]
        if p["IpProtocol"] == "-1" or p["FromPort"] <= port <= p["ToPort"]
    ]
    return [
        source
        for p in permissions
        for source in [
            *(pair["GroupId"] for pair in p["UserIdGroupPairs"]),
            *(r["CidrIp"] for r in p["IpRanges"]),
            *(r["CidrIpv6"] for r in p.get("Ipv6Ranges", [])),
            *(r["PrefixListId"] for r in p.get("PrefixListIds", [])),
        ]
    ]


def route_table_of(subnet: dict[str, Any], tables: list[dict[str, Any]]) -> dict[str, Any]:
    return named(
        subnet["SubnetId"], "associated route table", tables,
        lambda t: subnet["SubnetId"] in [a.get("SubnetId") for a in t["Associations"]],
    )  # fmt: skip


def ways_out(table: dict[str, Any], destination: str) -> list[dict[str, Any]]:
    return [r for r in table["Routes"] if r.get("DestinationCidrBlock") == destination]


@pytest.mark.requirement("NET-01")
@pytest.mark.parametrize("kind", KINDS)
def test_subnets_span_three_zones(
    kind: str, vpc: dict[str, Any], subnets: list[dict[str, Any]], requirement: Requirement
) -> None:
    wanted = list(zip(requirement.expected[kind], requirement.expected["zones"], strict=True))
    actual = [(s["CidrBlock"], s["AvailabilityZone"]) for s in subnets]
    expect_equal(vpc["VpcId"], "cidr", vpc["CidrBlock"], requirement.expected["cidr"])
    expect_members(vpc["VpcId"], f"{kind} subnets", set(actual) & set(wanted), wanted)


@pytest.mark.requirement("NET-02")
@pytest.mark.parametrize("zone", range(3))
def test_private_subnets_leave_through_nat(
    zone: int,
    subnets: list[dict[str, Any]],
    route_tables: list[dict[str, Any]],
    requirement: Requirement,
    catalogue: Any,
) -> None:
    cidr = catalogue.requirement("NET-01").expected["private"][zone]
    subnet = named("VPC", f"subnet {cidr}", subnets, lambda s: s["CidrBlock"] == cidr)
    table = route_table_of(subnet, route_tables)
    routes = ways_out(table, requirement.expected["default_route"])
    route = only(table["RouteTableId"], "default route", routes)
    expect_equal(table["RouteTableId"], "through NAT", "NatGatewayId" in route, True)
    expect_equal(table["RouteTableId"], "route state", route["State"], "active")


@pytest.mark.requirement("NET-02")
@pytest.mark.parametrize("zone", range(3))
def test_database_subnets_have_no_way_out(
    zone: int,
    subnets: list[dict[str, Any]],
    route_tables: list[dict[str, Any]],
    requirement: Requirement,
    catalogue: Any,
) -> None:
    cidr = catalogue.requirement("NET-01").expected["database"][zone]
    subnet = named("VPC", f"subnet {cidr}", subnets, lambda s: s["CidrBlock"] == cidr)
    table = route_table_of(subnet, route_tables)
    routes = ways_out(table, requirement.expected["default_route"])
    expect_none(table["RouteTableId"], "default route", routes)


@pytest.mark.requirement("NET-02")
def test_nat_gateways_are_as_many_as_the_environment_pays_for(
    target: Target, in_vpc: list[dict[str, Any]], requirement: Requirement
) -> None:
    gateways = target.pages("ec2", "describe_nat_gateways", "NatGateways", Filters=in_vpc)
    available = [g["NatGatewayId"] for g in gateways if g["State"] == "available"]
    wanted = requirement.expected["nat_gateways"][target.environment]
    expect_equal(f"{target.prefix}-vpc", "NAT gateways", len(available), wanted)


@pytest.mark.requirement("NET-03")
def test_flow_log_records_all_traffic(
    target: Target, vpc: dict[str, Any], requirement: Requirement
) -> None:
    logs = target.pages(
        "ec2", "describe_flow_logs", "FlowLogs",
        Filters=[{"Name": "resource-id", "Values": [vpc["VpcId"]]}],
    )  # fmt: skip
    log = only(vpc["VpcId"], "flow log", logs)
    expect_equal(log["FlowLogId"], "traffic", log["TrafficType"], requirement.expected["traffic"])
    expect_equal(log["FlowLogId"], "status", log["FlowLogStatus"], "ACTIVE")
    expect_equal(
        log["FlowLogId"], "destination", log["LogDestinationType"],
        requirement.expected["destination"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "edge",
    [
        pytest.param("app", marks=pytest.mark.requirement("NET-04")),
        pytest.param("database", marks=pytest.mark.requirement("NET-05")),
        pytest.param("redis", marks=pytest.mark.requirement("NET-06")),
    ],
)
def test_tier_admits_only_the_tier_before_it(
    edge: str, security_groups: list[dict[str, Any]], requirement: Requirement
) -> None:
    group = group_by_prefix(security_groups, requirement.expected["target_group"])
    source = group_by_prefix(security_groups, requirement.expected["source_group"])
    port = requirement.expected["port"]
    expect_members(
        group["GroupId"], f"sources of port {port}", sources(group, port), [source["GroupId"]]
    )


@pytest.mark.requirement("NET-07")
def test_internet_reaches_only_http_and_https(
    security_groups: list[dict[str, Any]], requirement: Requirement
) -> None:
    group = group_by_prefix(security_groups, requirement.expected["target_group"])
    permissions = found(group["GroupId"], "ingress rule", group["IpPermissions"])
    ranges = [(p["FromPort"], p["ToPort"], r["CidrIp"]) for p in permissions for r in p["IpRanges"]]
    wanted = [(port, port, requirement.expected["cidr"]) for port in requirement.expected["ports"]]
    expect_members(group["GroupId"], "ports open to the internet", ranges, wanted)


@pytest.mark.requirement("TF-03")
def test_resources_carry_the_tags(
    target: Target, vpc: dict[str, Any], requirement: Requirement
) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in vpc["Tags"]}
    wanted = {**requirement.expected["tags"], "Environment": target.environment}
    expect_equal(vpc["VpcId"], "tags", {key: tags.get(key) for key in wanted}, wanted)


@pytest.mark.requirement("NET-12")
@pytest.mark.parametrize("attribute", ["dns_support", "dns_hostnames"])
def test_names_resolve_inside_the_vpc(
    attribute: str, target: Target, vpc: dict[str, Any], requirement: Requirement
) -> None:
    name = "enable" + attribute.title().replace("_", "")
    answer = target.client("ec2").describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)
    actual = answer[f"E{name[1:]}"]["Value"]
    expect_equal(vpc["VpcId"], name, actual, requirement.expected[attribute])


@pytest.mark.requirement("NET-13")
@pytest.mark.parametrize(
    ("operation", "key", "filter_name"),
    [
        ("describe_vpn_gateways", "VpnGateways", "attachment.vpc-id"),
        ("describe_transit_gateway_attachments", "TransitGatewayAttachments", "resource-id"),
        ("describe_vpc_peering_connections", "VpcPeeringConnections", "requester-vpc-info.vpc-id"),
        ("describe_vpc_peering_connections", "VpcPeeringConnections", "accepter-vpc-info.vpc-id"),
    ],
    ids=["vpn", "transit-gateway", "peering-asked", "peering-accepted"],
)
def test_vpc_is_joined_to_no_other_network(
    operation: str,
    key: str,
    filter_name: str,
    target: Target,
    vpc: dict[str, Any],
    requirement: Requirement,
) -> None:
    within = [{"Name": filter_name, "Values": [vpc["VpcId"]]}]
    joins = target.pages("ec2", operation, key, Filters=within)
    gone = set(found("NET-13", "state", requirement.expected["gone"]))
    states = [(str(one), one.get("State") or one["Status"]["Code"]) for one in joins]
    expect_none(vpc["VpcId"], "join with another network", [t for t, s in states if s not in gone])


@pytest.mark.requirement("NET-14")
def test_vpc_has_only_its_default_acl(
    target: Target, in_vpc: list[dict[str, Any]], vpc: dict[str, Any]
) -> None:
    acls = target.pages("ec2", "describe_network_acls", "NetworkAcls", Filters=in_vpc)
    own = [one["NetworkAclId"] for one in found(vpc["VpcId"], "ACL", acls) if not one["IsDefault"]]
    expect_none(vpc["VpcId"], "network ACL of the stack's own", own)
