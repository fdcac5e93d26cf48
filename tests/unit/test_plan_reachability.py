"""Who can reach whom, as planned: the paths that must be there, and those that must not."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import expect_members, only
from tests.support.plan import Plan
from tests.support.reachability import from_plan
from tests.support.reachability.ends import Edge, Ends, edges, expected
from tests.support.reachability.engine import IPV4, Reachability
from tests.support.reachability.expectations import (
    expect_only,
    expect_openings,
    expect_path,
    expect_path_through,
)
from tests.support.reachability.model import INTERNET

pytestmark = pytest.mark.plan

ROLES = {
    "alb": "aws_lb",
    "app": "aws_ecs_service",
    "database": "aws_rds_cluster",
    "redis": "aws_elasticache_replication_group",
}
KINDS = ("public", "private", "database")
PATHS = edges(expected("NET-08", "paths"))
SOURCES, STORES = expected("NET-09", "sources"), expected("NET-09", "targets")


@pytest.fixture(scope="session")
def networks(plans: dict[str, Plan]) -> dict[str, Reachability]:
    """The network of each environment's plan."""
    return {name: Reachability(from_plan.network(plan)) for name, plan in plans.items()}


@pytest.fixture
def reachability(planned_environment: str, networks: dict[str, Reachability]) -> Reachability:
    """The network of each environment in turn."""
    return networks[planned_environment]


@pytest.fixture
def ends(reachability: Reachability, plan: Plan, catalogue: Catalogue) -> Ends:
    """What the names of ends in the catalogue stand for."""
    addresses = {only("plan", kind, plan.all(kind)).address: role for role, kind in ROLES.items()}
    nodes = {addresses[n.id]: n for n in reachability.network.nodes if n.id in addresses}
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
