"""The network that the EC2 API's answers describe."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.selftest.reachability.small import APP, OPEN, rule
from tests.support.reachability import aws_nodes, from_aws
from tests.support.reachability.addresses import cidr
from tests.support.reachability.model import (
    ALL,
    EVERY_PORT,
    AclEntry,
    Endpoint,
    Gateway,
    GatewayKind,
    Network,
    Node,
    Ports,
    PrefixList,
    PrefixListReference,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Unknown,
)
from tests.support.target import Target

pytestmark = pytest.mark.selftest

VPC = {"VpcId": "vpc-1", "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16"}]}
ACCEPTED = {"Ipv6CidrBlockState": {"State": "associated"}, "Ipv6CidrBlock": "2600:1f18::/64"}
ENTRIES = [
    {"RuleNumber": number, "Egress": egress, "RuleAction": "allow", "Protocol": "-1", **addresses}
    for number, addresses in ((100, {"CidrBlock": "0.0.0.0/0"}), (101, {"Ipv6CidrBlock": "::/0"}))
    for egress in (False, True)
]
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "describe_subnets": [
        {"SubnetId": "subnet-1", "CidrBlock": "10.0.1.0/24", "Ipv6CidrBlockAssociationSet": []},
        {"SubnetId": "subnet-2", "CidrBlock": "10.0.2.0/24"},
    ],
    "describe_route_tables": [
        {
            "RouteTableId": "rtb-main",
            "Associations": [{"Main": True}],
            "Routes": [
                LOCAL,
                {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"},
                {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-s3", "State": "active"},
            ],
        },
        {
            "RouteTableId": "rtb-1",
            "Associations": [{"Main": False, "SubnetId": "subnet-1"}],
            "Routes": [LOCAL, {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}],
        },
    ],
    "describe_network_acls": [
        {
            "NetworkAclId": "acl-1",
            "Associations": [{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-2"}],
            "Entries": ENTRIES,
        }
    ],
    "describe_security_groups": [
        {
            "GroupId": "sg-1",
            "GroupName": "app-1",
            "IpPermissions": [
                {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
                 "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
                 "PrefixListIds": [{"PrefixListId": "pl-office"}],
                 "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "123456789012"}]},
            ],
            "IpPermissionsEgress": [
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
                {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1,
                 "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            ],
        }
    ],
    "describe_vpc_endpoints": [
        {"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "State": "available",
         "ServiceName": "com.amazonaws.us-east-1.s3"},
        {"VpcEndpointId": "vpce-ecr", "VpcEndpointType": "Interface", "State": "Available",
         "ServiceName": "com.amazonaws.us-east-1.ecr.api", "PrivateDnsEnabled": True,
         "SubnetIds": ["subnet-2"], "Groups": [{"GroupId": "sg-1"}]},
        {"VpcEndpointId": "vpce-gone", "VpcEndpointType": "Interface", "State": "deleted",
         "ServiceName": "com.amazonaws.us-east-1.logs"},
    ],
    "describe_internet_gateways": [{"InternetGatewayId": "igw-1"}],
    "describe_egress_only_internet_gateways": [
        {"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{"VpcId": "vpc-1"}]},
        {"EgressOnlyInternetGatewayId": "eigw-2", "Attachments": [{"VpcId": "vpc-2"}]},
    ],
    "describe_nat_gateways": [
        {"NatGatewayId": "nat-1", "State": "available", "SubnetId": "subnet-1"},
        {"NatGatewayId": "nat-0", "State": "deleted", "SubnetId": "subnet-1"},
    ],
    "describe_managed_prefix_lists": [
        {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3"},
        {"PrefixListId": "pl-office", "PrefixListName": "office"},
        {"PrefixListId": "pl-unused", "PrefixListName": "com.amazonaws.us-east-1.dynamodb"},
    ],
    "pl-s3": [{"Cidr": "52.216.0.0/15"}],
    "pl-office": [{"Cidr": "203.0.113.0/24"}],
}  # fmt: skip


class Answering(Target):
    """A target that gives these answers; an operation without one is a KeyError."""

    def __init__(self, answers: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__("staging", "123456789012", None, True)
        object.__setattr__(self, "answers", answers)

    def pages(self, service: str, operation: str, key: str, /, **arguments: Any) -> list[Any]:
        """The answer, whatever its page's key is."""
        answers: dict[str, list[Any]] = self.__dict__["answers"]
        return answers[arguments.get("PrefixListId", operation)]


@pytest.fixture
def answers() -> dict[str, list[dict[str, Any]]]:
    """A copy of the answers to change."""
    return copy.deepcopy(ANSWERS)


def described(answers: dict[str, list[dict[str, Any]]]) -> Network:
    """The network that the answers describe, with a node."""
    return from_aws.network(Answering(answers), VPC, [APP])


def test_subnets_have_the_table_and_acl_that_they_use() -> None:
    assert described(ANSWERS).subnets == (
        Subnet("subnet-1", cidr("10.0.1.0/24"), "rtb-1", "acl-1"),
        Subnet("subnet-2", cidr("10.0.2.0/24"), "rtb-main", "acl-1"),
    )


def test_tables_have_their_routes_without_the_local_ones() -> None:
    everywhere, s3 = cidr("0.0.0.0/0"), PrefixListReference("pl-s3")
    assert described(ANSWERS).tables == (
        RouteTable("rtb-main", "rtb-main", (Route(everywhere, "nat-1"), Route(s3, "vpce-s3"))),
        RouteTable("rtb-1", "rtb-1", (Route(everywhere, "igw-1"),)),
    )


def test_gateways_are_those_that_are_there() -> None:
    assert set(described(ANSWERS).gateways) == {
        Gateway("igw-1", "igw-1", GatewayKind.internet),
        Gateway("eigw-1", "eigw-1", GatewayKind.egress_only),
        Gateway("nat-1", "nat-1", GatewayKind.nat, "subnet-1"),
        Gateway("vpce-s3", "vpce-s3", GatewayKind.endpoint),
    }


def test_groups_have_a_rule_for_each_peer() -> None:
    peers = ("10.0.0.0/8", "::/0", "pl-office", "sg-2")
    egress = (rule(None, "0.0.0.0/0", ALL), rule(None, "10.0.0.0/8", "icmp"))
    ingress = tuple(rule(22, peer) for peer in peers)
    assert described(ANSWERS).groups == (SecurityGroup("sg-1", "app-1", ingress, egress, "app-1"),)


def test_acls_have_entries_of_both_families() -> None:
    assert sorted(described(ANSWERS).acls[0].entries, key=str) == sorted(OPEN, key=str)


def test_entry_has_the_ports_of_its_protocol(answers: dict[str, list[dict[str, Any]]]) -> None:
    answers["describe_network_acls"][0]["Entries"] = [
        {"RuleNumber": 90, "Egress": False, "RuleAction": "deny", "Protocol": "6",
         "CidrBlock": "10.0.0.0/8", "PortRange": {"From": 22, "To": 23}},
        {"RuleNumber": 91, "Egress": False, "RuleAction": "deny", "Protocol": "1",
         "CidrBlock": "10.0.0.0/8", "IcmpTypeCode": {"Type": -1, "Code": -1}},
    ]  # fmt: skip
    ten = cidr("10.0.0.0/8")
    assert described(answers).acls[0].entries == (
        AclEntry(90, False, False, "tcp", Ports(22, 23), ten),
        AclEntry(91, False, False, "1", EVERY_PORT, ten),
    )


def test_endpoints_and_prefix_lists_are_those_in_use() -> None:
    network = described(ANSWERS)
    assert network.endpoints == (
        Endpoint("vpce-s3", "s3", "pl-s3"), Endpoint("vpce-ecr", "ecr.api", None, True),
    )  # fmt: skip
    assert network.nodes == (
        APP, Node("vpce-ecr", "vpce-ecr", ("subnet-2",), ("sg-1",), listens=(443,)),
    )  # fmt: skip
    assert network.prefix_lists == (
        PrefixList("pl-s3", "com.amazonaws.us-east-1.s3 (pl-s3)", (cidr("52.216.0.0/15"),)),
        PrefixList("pl-office", "office (pl-office)", (cidr("203.0.113.0/24"),)),
    )


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({"NatGatewayId": "nat-0", "State": "blackhole"}, Route(cidr("0.0.0.0/0"), None)),
        ({"TransitGatewayId": "tgw-1"}, Route(cidr("0.0.0.0/0"), "tgw-1")),
        ({"GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"},
         Route(cidr("0.0.0.0/0"), "vgw-1", propagated=True)),
        ({"OdbNetworkArn": "arn"},
         Route(cidr("0.0.0.0/0"), Unknown("a route that leads to nothing known"))),
    ],
    ids=["black-hole", "transit", "propagated", "news-to-us"],
)  # fmt: skip
def test_route_leads_where_it_says(
    route: dict[str, Any], expected: Route, answers: dict[str, list[dict[str, Any]]]
) -> None:
    answers["describe_route_tables"][1]["Routes"] = [{"DestinationCidrBlock": "0.0.0.0/0", **route}]
    assert described(answers).tables[1].routes == (expected,)


def test_what_else_a_route_leads_to_is_another_network(
    answers: dict[str, list[dict[str, Any]]],
) -> None:
    answers["describe_route_tables"][1]["Routes"] = [
        {"DestinationIpv6CidrBlock": "::/0", "VpcPeeringConnectionId": "pcx-1"}
    ]
    assert Gateway("pcx-1", "pcx-1", GatewayKind.other) in described(answers).gateways


def test_gateway_with_a_table_of_its_own_is_in_doubt(
    answers: dict[str, list[dict[str, Any]]],
) -> None:
    answers["describe_route_tables"][1]["Associations"].append({"GatewayId": "igw-1"})
    assert isinstance(described(answers).gateways[0].public, Unknown)


def test_ipv6_range_of_a_subnet_is_the_associated_one(
    answers: dict[str, list[dict[str, Any]]],
) -> None:
    left = {"Ipv6CidrBlockState": {"State": "disassociated"}, "Ipv6CidrBlock": "2600:1f18:1::/64"}
    answers["describe_subnets"][0]["Ipv6CidrBlockAssociationSet"] = [left, ACCEPTED]
    assert described(answers).subnets[0].range6 == cidr("2600:1f18::/64")


def test_endpoint_without_a_list_is_in_doubt(answers: dict[str, list[dict[str, Any]]]) -> None:
    answers["describe_managed_prefix_lists"].pop(0)
    assert isinstance(described(answers).endpoints[0].prefix_list, Unknown)


# --- Nodes ----------------------------------------------------------------------------------

GROUP = {"Subnets": [{"SubnetIdentifier": "subnet-1"}, {"SubnetIdentifier": "subnet-2"}]}
BALANCER = {
    "LoadBalancerArn": "arn:lb",
    "LoadBalancerName": "main",
    "AvailabilityZones": [{"SubnetId": "subnet-1"}],
    "SecurityGroups": ["sg-1"],
    "Scheme": "internet-facing",
    "IpAddressType": "ipv4",
}
SERVICE = {
    "serviceArn": "arn:service",
    "serviceName": "app",
    "loadBalancers": [{"containerPort": 3000}],
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": ["subnet-2"],
            "securityGroups": ["sg-1"],
            "assignPublicIp": "DISABLED",
        }
    },
}
CLUSTER = {
    "DBClusterArn": "arn:cluster",
    "DBClusterIdentifier": "main",
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}],
    "Port": 5432,
}
CACHE = {"ARN": "arn:cache", "ReplicationGroupId": "main",
         "NodeGroups": [{"PrimaryEndpoint": {"Port": 6379}}]}  # fmt: skip
MEMBER = {"SecurityGroups": [{"SecurityGroupId": "sg-1"}]}


@pytest.mark.parametrize(
    ("changes", "public", "ipv6"),
    [
        ({}, True, False),
        ({"Scheme": "internal"}, False, False),
        ({"IpAddressType": "dualstack"}, True, True),
    ],
)
def test_load_balancer_faces_whom_its_scheme_says(
    changes: dict[str, str], public: bool, ipv6: bool
) -> None:
    node = aws_nodes.load_balancer({**BALANCER, **changes}, [{"Port": 80}, {"Port": 443}])
    assert (node.public, node.ipv6, node.listens) == (public, ipv6, (80, 443))
    assert (node.subnets, node.groups, node.where) == (("subnet-1",), ("sg-1",), "arn:lb")


def test_service_is_where_its_tasks_may_be() -> None:
    node = aws_nodes.service(SERVICE)
    assert (node.subnets, node.groups, node.listens) == (("subnet-2",), ("sg-1",), (3000,))
    assert node.public is False


def test_service_on_instances_is_unknown() -> None:
    bare = {key: SERVICE[key] for key in ("serviceArn", "serviceName")}
    assert isinstance(aws_nodes.service(bare).subnets, Unknown)


@pytest.mark.parametrize("public", [True, False])
def test_database_is_as_public_as_any_of_its_instances(public: bool) -> None:
    instances = [{"PubliclyAccessible": False}, {"PubliclyAccessible": public}]
    node = aws_nodes.database(CLUSTER, instances, GROUP)
    assert (node.public, node.ipv6, node.listens) == (public, False, (5432,))
    assert (node.subnets, node.groups) == (("subnet-1", "subnet-2"), ("sg-1",))


def test_cache_holds_the_groups_of_its_members() -> None:
    other = {"SecurityGroups": [{"SecurityGroupId": "sg-2"}]}
    node = aws_nodes.cache({**CACHE, "NetworkType": "dual_stack"}, [MEMBER, other], GROUP)
    assert (node.groups, node.ipv6, node.listens) == (("sg-1", "sg-2"), True, (6379,))


def test_node_without_a_group_is_unknown() -> None:
    assert isinstance(aws_nodes.cache(CACHE, [{"SecurityGroups": []}], GROUP).groups, Unknown)
