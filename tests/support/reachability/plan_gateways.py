"""The gateways of a plan that a VPC's routes can lead to."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.reachability.model import Gateway, GatewayKind, Unknown
from tests.support.reachability.plan_values import identifier, value
from tests.support.reachability.plan_vpc import ROUTE_TARGETS, Vpc, route_blocks, tables

_DESCRIBED = ("gateway_id", "nat_gateway_id", "egress_only_gateway_id", "vpc_endpoint_id")


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
    inline = [block for table in tables(plan) for block in route_blocks(table)]
    seen = set()
    for route in (*plan.all("aws_route"), *inline):
        for path in ROUTE_TARGETS:
            found = identifier(route, path) if isinstance(route, Resource) else None
            vpn = isinstance(found, str) and "aws_vpn_gateway." in found
            if isinstance(found, str) and found not in seen and (vpn or path not in _DESCRIBED):
                seen.add(found)
                yield Gateway(found, found, GatewayKind.other)
