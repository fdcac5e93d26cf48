"""The route tables of a plan, and which subnet uses which.

A subnet without an association uses the VPC's main route table (Amazon VPC user guide, "Subnet
route tables").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.reachability.addresses import Range
from tests.support.reachability.model import PrefixListReference, Route, RouteTable, Unknown
from tests.support.reachability.plan_values import identifier, identifiers, ranges
from tests.support.reachability.plan_vpc import (
    ROUTE_ENDS,
    ROUTE_TARGETS,
    Vpc,
    chosen,
    route_blocks,
    tables,
)


def route_tables(plan: Plan, vpc: Vpc) -> tuple[RouteTable, ...]:
    """The VPC's route tables with all of their routes."""
    routes: dict[str, list[Route]] = {vpc.default_table: []}
    for table in tables(plan):
        if vpc.owns(table) or table.address == vpc.default_table:
            inline = (_inline(block) for block in route_blocks(table))
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


def _separate(plan: Plan, vpc: Vpc) -> Iterator[tuple[str | Unknown | None, list[Route]]]:
    """Routes that are resources of their own, with the table that each belongs to."""
    for route in plan.all("aws_route"):
        yield _table(route, vpc), [_route(route, [f"destination_{end}" for end in ROUTE_ENDS[:2]])]
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
    return Route(block, block) if isinstance(block, Unknown) else _route(block, ROUTE_ENDS[:2])


def _route(written: Resource, destinations: Iterable[str]) -> Route:
    ends: list[Range | PrefixListReference | Unknown] = [
        one for path in destinations for one in ranges(written, path)
    ]
    listed = identifier(written, "destination_prefix_list_id")
    if listed is not None:
        ends.append(listed if isinstance(listed, Unknown) else PrefixListReference(listed))
    targets = (identifier(written, path) for path in ROUTE_TARGETS)
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
    return chosen(
        main,
        (
            (identifier(one, "subnet_id"), _table(one, vpc))
            for one in plan.all("aws_route_table_association")
            if identifier(one, "gateway_id") is None
        ),
    )
