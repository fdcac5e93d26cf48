"""The network of a plan, for the questions of engine.py.

Ids and labels are addresses. What the plan leaves open stays Unknown; see docs/adr/0004 for how a
plan can say to what an id belongs that AWS has not given yet.
"""

from __future__ import annotations

from tests.support.expectations import only
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.reachability.addresses import Range
from tests.support.reachability.model import Network, Subnet, Unknown
from tests.support.reachability.plan_acls import acl_of, network_acls
from tests.support.reachability.plan_gateways import gateways
from tests.support.reachability.plan_groups import security_groups
from tests.support.reachability.plan_nodes import endpoints, nodes, prefix_lists
from tests.support.reachability.plan_routes import route_tables, table_of
from tests.support.reachability.plan_values import ranges
from tests.support.reachability.plan_vpc import Vpc


def network(plan: Plan) -> Network:
    """The network of the plan's only VPC. Violation when there is none, or several."""
    vpc = Vpc.of(plan, only("plan", "VPC", plan.all("aws_vpc")))
    tables, acls = table_of(plan, vpc), acl_of(plan, vpc)
    more = [one for one in plan.all("aws_vpc_ipv4_cidr_block_association") if vpc.owns(one)]
    return Network(
        ranges=tuple(
            found
            for one in (vpc.resource, *more)
            for path in ("cidr_block", "ipv6_cidr_block")
            for found in ranges(one, path)
            if isinstance(found, Range)
        ),
        subnets=tuple(
            Subnet(
                one.address,
                _range(one, "cidr_block"),
                tables[one.address],
                acls[one.address],
                _range(one, "ipv6_cidr_block"),
            )
            for one in plan.all("aws_subnet")
            if vpc.owns(one)
        ),
        tables=route_tables(plan, vpc),
        acls=network_acls(plan, vpc),
        groups=security_groups(plan, vpc.owns, vpc.default_group, vpc.group),
        gateways=tuple(gateways(plan, vpc)),
        prefix_lists=tuple(prefix_lists(plan, vpc)),
        endpoints=tuple(endpoints(plan, vpc)),
        nodes=tuple(nodes(plan, vpc)),
    )


def _range(one: Resource, path: str) -> Range | Unknown | None:
    return next(iter(ranges(one, path)), None)
