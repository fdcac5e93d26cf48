"""Who can reach whom, as deployed: the paths that must be there, and those that must not.

What the API says of subnets, routes, gateways, ACLs, groups and of what lies in them is evaluated;
no packet is sent.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import expect_members, found, named
from tests.support.reachability import aws_nodes, from_aws
from tests.support.reachability.ends import Edge, Ends, edges, expected
from tests.support.reachability.engine import IPV4, Reachability
from tests.support.reachability.expectations import (
    expect_only,
    expect_openings,
    expect_path,
    expect_path_through,
)
from tests.support.reachability.model import INTERNET, Node
from tests.support.target import Target

pytestmark = pytest.mark.deployed

KINDS = ("public", "private", "database")
PATHS = edges(expected("NET-08", "paths"))
SOURCES, STORES = expected("NET-09", "sources"), expected("NET-09", "targets")


@pytest.fixture(scope="session")
def database(
    target: Target, aurora: dict[str, Any], aurora_instances: list[dict[str, Any]]
) -> Node:
    """The Aurora cluster in the network."""
    name = aurora["DBSubnetGroup"]
    groups = target.pages("rds", "describe_db_subnet_groups", "DBSubnetGroups")
    group = named(name, "DB subnet group", groups, lambda g: g["DBSubnetGroupName"] == name)
    return aws_nodes.database(aurora, aurora_instances, group)


@pytest.fixture(scope="session")
def cache(target: Target, redis: dict[str, Any], redis_members: list[dict[str, Any]]) -> Node:
    """The Redis replication group in the network."""
    members = found(redis["ARN"], "member", redis_members)
    name = members[0]["CacheSubnetGroupName"]
    groups = target.pages("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups")
    group = named(name, "cache subnet group", groups, lambda g: g["CacheSubnetGroupName"] == name)
    return aws_nodes.cache(redis, members, group)


@pytest.fixture(scope="session")
def nodes(
    load_balancer: dict[str, Any],
    listeners: dict[int, dict[str, Any]],
    service: dict[str, Any],
    database: Node,
    cache: Node,
) -> dict[str, Node]:
    """What of the service has network interfaces."""
    return {
        "alb": aws_nodes.load_balancer(load_balancer, listeners.values()),
        "app": aws_nodes.service(service),
        "database": database,
        "redis": cache,
    }


@pytest.fixture(scope="session")
def reachability(target: Target, vpc: dict[str, Any], nodes: dict[str, Node]) -> Reachability:
    """The environment's network."""
    return Reachability(from_aws.network(target, vpc, nodes.values()))


@pytest.fixture(scope="session")
def ends(reachability: Reachability, nodes: dict[str, Node], catalogue: Catalogue) -> Ends:
    """What the names of ends in the catalogue stand for."""
    subnets = catalogue.requirement("NET-01").expected
    return Ends(reachability, nodes, {kind: subnets[kind] for kind in KINDS})


@pytest.mark.requirement("NET-02")
def test_private_subnets_leave_through_nat(
    reachability: Reachability, ends: Ends, requirement: Requirement
) -> None:
    out = requirement.expected["outward"]
    reach = reachability.reach(ends.source(out["from"]), INTERNET, out["port"], families=IPV4)
    expect_path_through(out["from"], reach, out["through"])


@pytest.mark.requirement("NET-02")
def test_database_subnets_do_not_reach_the_internet(
    reachability: Reachability, ends: Ends, requirement: Requirement
) -> None:
    source = requirement.expected["shut_in"]
    expect_openings(source, reachability.openings(ends.source(source), INTERNET), [])


@pytest.mark.parametrize(
    "tier",
    [
        pytest.param("app", marks=pytest.mark.requirement("NET-04")),
        pytest.param("database", marks=pytest.mark.requirement("NET-05")),
        pytest.param("redis", marks=pytest.mark.requirement("NET-06")),
    ],
)
def test_nobody_but_the_tier_before_it_reaches_a_tier(
    tier: str, reachability: Reachability, ends: Ends, requirement: Requirement
) -> None:
    told = requirement.expected
    target = ends.node(told["target"])
    meant = [ends.source(told["source"]), *reachability.holders(told["source_group"])]
    openings = reachability.openings_to_everybody(target)
    expect_only(target.where, openings, meant, told["port"])


@pytest.mark.requirement("NET-07")
def test_internet_reaches_no_other_port_of_the_load_balancer(
    reachability: Reachability, ends: Ends, requirement: Requirement
) -> None:
    target = ends.node(requirement.expected["target"])
    openings = reachability.openings(ends.source(requirement.expected["source"]), target)
    expect_openings(target.where, openings, requirement.expected["ports"])


@pytest.mark.requirement("NET-08")
@pytest.mark.parametrize("edge", PATHS, ids=str)
def test_path_is_open_from_end_to_end(edge: Edge, reachability: Reachability, ends: Ends) -> None:
    source, target = ends.source(edge.source), ends.target(edge.target)
    reach = reachability.reach(source, target, edge.port, families=IPV4)
    expect_path(ends.where(edge), reach)


@pytest.mark.requirement("NET-09")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("source", SOURCES)
def test_no_path_leads_to_a_data_store(
    source: str, store: str, reachability: Reachability, ends: Ends, requirement: Requirement
) -> None:
    target = ends.node(store)
    openings = reachability.openings(ends.source(source), target)
    expect_openings(target.where, openings, requirement.expected["ports"])


@pytest.mark.requirement("NET-11")
@pytest.mark.parametrize("store", ["database", "redis"])
def test_data_store_sits_in_its_own_subnets(
    store: str, ends: Ends, requirement: Requirement
) -> None:
    kind = requirement.expected[store]
    expect_members(ends.node(store).where, "subnets", ends.ranges(store), ends.kinds[kind])
