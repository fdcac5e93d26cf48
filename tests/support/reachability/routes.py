"""Where route tables send what leaves a subnet.

Amazon VPC user guide, "Route priority": the most specific route that matches decides; the local
route to the VPC's range comes before propagated ones, however specific, and a static route before a
propagated one to the same destination.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.reachability.addresses import BITS, Range
from tests.support.reachability.model import (
    Gateway,
    GatewayKind,
    PrefixListReference,
    Route,
    RouteTable,
    Subnet,
    Unknown,
)
from tests.support.reachability.steps import Answer, Place, Tables, Where, in_prefix_list, lies_in

LOCAL = Gateway("local", "local", GatewayKind.other)
NOWHERE = Gateway("blackhole", "black hole", GatewayKind.other)
# A VPC's own range is no larger than these (Amazon VPC user guide, "VPC CIDR blocks").
_LARGEST_VPC = {4: 16, 6: 44}
# How specific a route is: length of its prefix, then static before propagated.
Rank = tuple[int, bool]


def leads(subnet: Subnet, there: Place, tables: Tables) -> Gateway | Unknown | None:
    """The gateway to which the subnet's routes send what is for `there`.

    LOCAL for the VPC itself, NOWHERE for a black hole, None without a route.
    """
    if isinstance(subnet.table, Unknown):
        return Unknown(f"the route table of {subnet.label}: {subnet.table.reason}")
    table = tables.tables.get(subnet.table)
    if table is None:
        return Unknown(f"route table {subnet.table} is not described")
    found: list[tuple[Rank, Gateway | Unknown]] = []
    if there.where is Where.inside:
        found.append(((_local_prefix(there, tables), True), LOCAL))
    for route in table.routes:
        if not (route.propagated and there.where is Where.inside):
            found += _candidates(route, there, table, tables)
    # Of two equally specific ones, that about which something is unknown: nothing is guessed.
    best = max(found, key=lambda one: (one[0], isinstance(one[1], Unknown)), default=None)
    return best[1] if best else None


def _local_prefix(there: Place, tables: Tables) -> int:
    own = [one.prefix for one in tables.local if lies_in(there, one)]
    return max(own, default=_LARGEST_VPC[there.family])


def _candidates(
    route: Route, there: Place, table: RouteTable, tables: Tables
) -> Iterator[tuple[Rank, Gateway | Unknown]]:
    """The route as often as it matches; as Unknown where it may."""
    gateway = _gateway(route, table, tables)
    longest = BITS[there.family]
    match route.destination:
        case Range() as addresses:
            matches = [(lies_in(there, addresses), addresses.prefix)]
        case PrefixListReference(identifier):
            matches = _in_list(identifier, there, tables)
        case Unknown(reason):
            gateway = Unknown(f"{table.label} has a route to somewhere: {reason}")
            matches = [(None, longest)]
    for matching, length in matches:
        if matching:
            yield (length, not route.propagated), gateway
        elif matching is None:
            doubt = Unknown(f"{table.label} may send {there.label} to {_label(gateway)}")
            yield (length, not route.propagated), gateway if isinstance(gateway, Unknown) else doubt


def _in_list(identifier: str, there: Place, tables: Tables) -> list[tuple[Answer, int]]:
    """Whether `there` is in a prefix list that a route names, and how specific that is."""
    longest = BITS[there.family]
    listed = tables.prefix_lists.get(identifier)
    if identifier in tables.services or listed is None or isinstance(listed.ranges, Unknown):
        return [(in_prefix_list(there, identifier, tables), longest)]
    return [(lies_in(there, one), one.prefix) for one in listed.ranges]


def _gateway(route: Route, table: RouteTable, tables: Tables) -> Gateway | Unknown:
    if route.gateway is None:
        return NOWHERE
    if isinstance(route.gateway, Unknown):
        return Unknown(f"{table.label}: {route.gateway.reason}")
    found = tables.gateways.get(route.gateway)
    return found or Unknown(f"{table.label} leads to {route.gateway}, which is not described")


def _label(gateway: Gateway | Unknown) -> str:
    return "somewhere" if isinstance(gateway, Unknown) else gateway.label
