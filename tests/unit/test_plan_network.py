"""The network, as planned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_members, expect_none, found, only
from tests.support.plan import Plan, Resource

pytestmark = pytest.mark.plan

INGRESS_RULE = "aws_vpc_security_group_ingress_rule"


def group(plan: Plan, prefix: str) -> Resource:
    return plan.one("aws_security_group", name_prefix=prefix)


def ingress(plan: Plan, target: Resource) -> list[Resource]:
    rules = [
        r for r in plan.all(INGRESS_RULE) if target.address in r.references("security_group_id")
    ]
    return found(target.address, "ingress rule", rules)


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
def test_only_public_and_private_route_tables_lead_out(
    plan: Plan, requirement: Requirement
) -> None:
    routes = [
        route
        for route in found("plan", "route", plan.all("aws_route"))
        if route.value("destination_cidr_block") == requirement.expected["default_route"]
    ]
    leading = {table for r in routes for table in r.references("route_table_id")}
    # Which of two tables a condition chooses is not in the plan, but which of them it makes is.
    database = [
        association.where
        for association in plan.all("aws_route_table_association")
        if any("database" in subnet for subnet in association.references("subnet_id"))
        and set(filter(plan.has, association.references("route_table_id"))) <= leading
    ]
    expect_none("plan", "database subnet with a default route", database)


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
    tier: str, plan: Plan, requirement: Requirement
) -> None:
    target = group(plan, requirement.expected["target_group"])
    source = group(plan, requirement.expected["source_group"])
    rule = only(target.address, "ingress rule", ingress(plan, target))
    port = requirement.expected["port"]
    sources = rule.references("referenced_security_group_id")
    expect_equal(rule.where, "source", sources, {source.address})
    expect_equal(rule.where, "from port", rule.value("from_port"), port)
    expect_equal(rule.where, "to port", rule.value("to_port"), port)
    expect_equal(
        rule.where, "protocol", rule.value("ip_protocol"), requirement.expected["protocol"]
    )


@pytest.mark.parametrize("tier", EDGES)
def test_tier_has_no_rules_written_inline(tier: str, plan: Plan, requirement: Requirement) -> None:
    target = group(plan, requirement.expected["target_group"])
    inline: list[Any] = target.value("ingress") if target.knows("ingress") else []
    expect_none(target.where, "inline ingress rule", inline or [])


@pytest.mark.requirement("NET-07")
def test_internet_reaches_only_http_and_https(plan: Plan, requirement: Requirement) -> None:
    target = group(plan, requirement.expected["target_group"])
    actual = [
        (rule.value("from_port"), rule.value("to_port"), rule.value("cidr_ipv4"))
        for rule in ingress(plan, target)
    ]
    wanted = [(port, port, requirement.expected["cidr"]) for port in requirement.expected["ports"]]
    expect_members(target.where, "ports open to the internet", actual, wanted)
