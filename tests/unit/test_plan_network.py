"""The network, as planned."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import expect_equal, expect_members, expect_none, found, only
from tests.support.plan import Plan
from tests.support.reachability import from_plan
from tests.support.reachability.model import GroupReference, Network, Ports, Rule, SecurityGroup

pytestmark = pytest.mark.plan


@pytest.fixture
def network(plan: Plan) -> Network:
    """The plan's network, however its routes and rules are written."""
    return from_plan.network(plan)


def group(network: Network, prefix: str) -> SecurityGroup:
    """The security group whose name begins so."""
    return only(
        "plan", f"group {prefix}*", [g for g in network.groups if g.name.startswith(prefix)]
    )


@pytest.mark.requirement("NET-01")
@pytest.mark.parametrize("kind", ["public", "private", "database"])
def test_subnets_span_three_zones(kind: str, plan: Plan, requirement: Requirement) -> None:
    vpc = only("plan", "VPC", plan.all("aws_vpc"))
    wanted = list(zip(requirement.expected[kind], requirement.expected["zones"], strict=True))
    actual = [(s.value("cidr_block"), s.value("availability_zone")) for s in plan.all("aws_subnet")]
    expect_equal(vpc.address, "cidr", vpc.value("cidr_block"), requirement.expected["cidr"])
    expect_members(vpc.address, f"{kind} subnets", set(actual) & set(wanted), wanted)


@pytest.mark.requirement("NET-02")
def test_nat_gateways_are_as_many_as_the_environment_pays_for(
    plan: Plan, planned_environment: str, requirement: Requirement
) -> None:
    wanted = requirement.expected["nat_gateways"][planned_environment]
    expect_equal("plan", "NAT gateways", len(plan.all("aws_nat_gateway")), wanted)


@pytest.mark.requirement("NET-02")
def test_database_subnets_have_no_way_out(
    network: Network, requirement: Requirement, catalogue: Catalogue
) -> None:
    ranges = catalogue.requirement("NET-01").expected["database"]
    tables = {s.table for s in network.subnets if str(s.range) in ranges}
    leaving = [
        f"{table.label} to {route.gateway}"
        for table in network.tables
        if table.id in found("plan", "route table of a database subnet", tables)
        for route in table.routes
        if str(route.destination) == requirement.expected["default_route"]
    ]
    expect_none("plan", "way out of a database subnet", leaving)


@pytest.mark.requirement("NET-03")
def test_flow_log_records_all_traffic(plan: Plan, requirement: Requirement) -> None:
    log = only("plan", "flow log", plan.all("aws_flow_log"))
    destination = log.value("log_destination_type")
    expect_equal(log.where, "traffic", log.value("traffic_type"), requirement.expected["traffic"])
    expect_equal(log.where, "destination", destination, requirement.expected["destination"])


EDGES = [
    pytest.param("app", marks=pytest.mark.requirement("NET-04")),
    pytest.param("database", marks=pytest.mark.requirement("NET-05")),
    pytest.param("redis", marks=pytest.mark.requirement("NET-06")),
]


@pytest.mark.parametrize("tier", EDGES)
def test_tier_admits_only_the_tier_before_it(
    tier: str, plan: Plan, network: Network, requirement: Requirement
) -> None:
    target = group(network, requirement.expected["target_group"])
    where = plan.at(target.id).where
    source = group(network, requirement.expected["source_group"])
    port = requirement.expected["port"]
    wanted = Rule(requirement.expected["protocol"], Ports(port, port), GroupReference(source.id))
    sources = [str(rule.peer) for rule in found(where, "ingress rule", target.ingress)]
    expect_members(where, "source", sources, [str(wanted.peer)])
    expect_members(where, "ingress", map(str, target.ingress), [str(wanted)])


@pytest.mark.requirement("NET-17")
def test_load_balancer_sends_to_the_application_only(
    plan: Plan, network: Network, requirement: Requirement
) -> None:
    expected = requirement.expected
    target = group(network, expected["target_group"])
    application = GroupReference(group(network, expected["destination_group"]).id)
    port = Ports(expected["port"], expected["port"])
    wanted = Rule(expected["protocol"], port, application)
    expect_members(plan.at(target.id).where, "egress", map(str, target.egress), [str(wanted)])


@pytest.mark.requirement("NET-07")
def test_internet_reaches_only_http_and_https(network: Network, requirement: Requirement) -> None:
    target = group(network, requirement.expected["target_group"])
    actual = [
        (rule.ports.first, rule.ports.last, str(rule.peer))
        for rule in target.ingress
        if isinstance(rule.ports, Ports)
    ]
    wanted = [(port, port, requirement.expected["cidr"]) for port in requirement.expected["ports"]]
    expect_members(target.id, "ports open to the internet", actual, wanted)
    expect_equal(target.id, "rules with known ports", len(actual), len(target.ingress))


@pytest.mark.requirement("NET-12")
@pytest.mark.parametrize("key", ["dns_support", "dns_hostnames"])
def test_names_resolve_inside_the_vpc(key: str, plan: Plan, requirement: Requirement) -> None:
    vpc = only("plan", "VPC", plan.all("aws_vpc"))
    expect_equal(vpc.where, key, vpc.value(f"enable_{key}"), requirement.expected[key])


@pytest.mark.parametrize(
    "what",
    [
        pytest.param("join with another network", marks=pytest.mark.requirement("NET-13")),
        pytest.param("network ACL of the stack's own", marks=pytest.mark.requirement("NET-14")),
    ],
)
def test_network_has_none_of_it(what: str, plan: Plan, requirement: Requirement) -> None:
    rejected = found(requirement.id, "rejected type", requirement.expected["rejected_types"])
    found("plan", "VPC", plan.all("aws_vpc"))
    expect_none("plan", what, [one.where for kind in rejected for one in plan.all(kind)])
