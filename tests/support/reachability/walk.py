"""The steps of one way through a network, in the order in which a packet meets them.

Sources, all in the Amazon VPC user guide: "Internet gateways" (a public address at both ends of
what passes one), "NAT gateway basics" (outward only; in a subnet with a way to the internet
gateway), "Egress-only internet gateways", "Gateway endpoints" (a route by prefix list); and those
that security_groups.py, network_acls.py and routes.py name. Not looked at: what the other end of a
peering or VPN lets through (unknown), endpoint policies, and anything above TCP and UDP.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.reachability.addresses import Range
from tests.support.reachability.model import Gateway, GatewayKind, Node, Ports, Subnet, Unknown
from tests.support.reachability.network_acls import acl
from tests.support.reachability.places import Places
from tests.support.reachability.routes import LOCAL, NOWHERE, leads
from tests.support.reachability.security_groups import security_groups
from tests.support.reachability.steps import Flow, Place, Step, Where, doubts, passes, stops


class Walk:
    """Walks from place to place in one network."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._tables = places.tables

    def steps(
        self, start: Place | Step, end: Place | Step, flow: Flow, client: Ports, listening: bool
    ) -> Iterator[Step]:
        """What is sent from any of the `client` ports meets, up to whom it is for.

        Whether the target listens is looked at only when `listening`.
        """
        if isinstance(start, Step) or isinstance(end, Step):
            yield from (one for one in (start, end) if isinstance(one, Step))
            return
        answer = Flow(flow.protocol, client.first, answer=True)
        if start.subnet and end.subnet:
            yield from self._within(start, start.subnet, end, end.subnet, flow, answer)
        elif start.subnet:
            yield from self._outward(start, start.subnet, end, flow, answer)
            return
        elif end.subnet:
            yield from self._inward(start, end, end.subnet, flow, answer)
        else:
            yield stops("neither end is in the VPC")
            return
        yield passes(self._told(end, end.subnet))
        yield security_groups(end, start, flow, False, self._tables)
        if listening and end.node:
            yield _listens(end.node, flow)

    def _told(self, place: Place, subnet: Subnet) -> str:
        """The subnet, and the part of it that a rule tells from the rest."""
        own = subnet.range if place.family == 4 else subnet.range6
        part = place.within
        narrower = part and isinstance(own, Range) and part.prefix > own.prefix
        return self._places.kind(subnet) + subnet.label + (f" ({part})" if narrower else "")

    def _within(
        self, start: Place, near: Subnet, end: Place, far: Subnet, flow: Flow, answer: Flow
    ) -> Iterator[Step]:
        """From one place in the VPC to another."""
        tables = self._tables
        yield passes(self._told(start, near))
        if start.node:
            yield security_groups(start, end, flow, True, tables)
        if near.id == far.id:
            return
        yield acl(near, end, flow, True, tables)
        yield _local(near, end, leads(near, end, tables))
        yield acl(far, start, flow, False, tables)
        yield acl(far, start, answer, True, tables)
        yield _local(far, start, leads(far, start, tables))
        yield acl(near, end, answer, False, tables)

    def _inward(
        self, start: Place, end: Place, subnet: Subnet, flow: Flow, answer: Flow
    ) -> Iterator[Step]:
        """From outside the VPC; the answers take the way that the subnet's routes name."""
        gateway = leads(subnet, start, self._tables)
        told = self._told(end, subnet)
        match gateway:
            case Unknown(reason):
                yield doubts(reason)
            case Gateway(kind=GatewayKind.internet) if start.where is Where.internet:
                yield from _crosses(gateway)
                if start.family == 4:
                    yield _public(end)
            case Gateway(kind=GatewayKind.other | GatewayKind.endpoint) if gateway is not NOWHERE:
                yield doubts(f"{gateway.label} joins {told} to {start.label}; what it lets "
                             "through is not described")  # fmt: skip
            case Gateway():
                yield stops(f"{told} leads to {start.label} only by {gateway.label}, "
                            "which lets nothing in")  # fmt: skip
            case None:
                yield stops(f"{told} has no route to {start.label}")
        yield acl(subnet, start, flow, False, self._tables)
        yield acl(subnet, start, answer, True, self._tables)

    def _outward(
        self, start: Place, subnet: Subnet, end: Place, flow: Flow, answer: Flow
    ) -> Iterator[Step]:
        """To the internet or an AWS service."""
        tables, told = self._tables, self._told(start, subnet)
        yield passes(told)
        if start.node:
            yield security_groups(start, end, flow, True, tables)
        yield acl(subnet, end, flow, True, tables)
        yield acl(subnet, end, answer, False, tables)
        gateway = leads(subnet, end, tables)
        match gateway:
            case Unknown(reason):
                yield doubts(reason)
            case Gateway(kind=GatewayKind.internet):
                yield from _crosses(gateway)
                if start.family == 4:
                    yield _public(start)
            case Gateway(kind=GatewayKind.egress_only | GatewayKind.endpoint):
                yield from _crosses(gateway)
            case Gateway(kind=GatewayKind.nat):
                yield from self._translated(start, subnet, gateway, end, flow, answer)
            case None:
                yield stops(f"{told} has no route to {end.label}")
            case _ if gateway is NOWHERE:
                yield stops(f"{told} leads {end.label} into a black hole")
            case _:
                yield doubts(f"{gateway.label} may lead to {end.label}; it is not described")
        yield passes(end.label)

    def _translated(
        self, start: Place, near: Subnet, gateway: Gateway, end: Place, flow: Flow, answer: Flow
    ) -> Iterator[Step]:
        """Through a NAT gateway and its own subnet."""
        tables = self._tables
        yield from _crosses(gateway)
        if start.family == 6:
            yield stops(f"{gateway.label} carries no IPv6")
        if gateway.public is False:
            yield stops(f"{gateway.label} has no public address")
        subnet = self._places.subnet(gateway.subnet)
        if isinstance(subnet, Unknown):
            yield doubts(f"the subnet of {gateway.label}: {subnet.reason}")
            return
        if subnet.id != near.id:
            yield acl(subnet, start, flow, False, tables)
            yield acl(subnet, start, answer, True, tables)
        yield acl(subnet, end, flow, True, tables)
        yield acl(subnet, end, answer, False, tables)
        onward = leads(subnet, end, tables)
        match onward:
            case Gateway(kind=GatewayKind.internet):
                yield from _crosses(onward)
            case Unknown(reason):
                yield doubts(reason)
            case _:
                yield stops(f"{gateway.label} is in {self._told(start, subnet)}, which has no "
                            "route to an internet gateway")  # fmt: skip


def _crosses(gateway: Gateway) -> Iterator[Step]:
    yield passes(gateway.label, gateway.kind)
    if isinstance(gateway.public, Unknown):
        yield doubts(f"{gateway.label}: {gateway.public.reason}")


def _public(place: Place) -> Step:
    if isinstance(place.public, Unknown):
        return doubts(f"the public address of {place.label}: {place.public.reason}")
    return passes() if place.public else stops(f"{place.label} has no public address")


def _local(subnet: Subnet, there: Place, gateway: Gateway | Unknown | None) -> Step:
    if gateway is LOCAL:
        return passes()
    if isinstance(gateway, Unknown):
        return doubts(gateway.reason)
    if gateway is None or gateway is NOWHERE:
        return stops(f"{subnet.label} leads {there.label} into a black hole")
    return doubts(f"{subnet.label} sends {there.label} to {gateway.label}, past the local route")


def _listens(node: Node, flow: Flow) -> Step:
    if node.listens is None or flow.protocol != "tcp":
        return passes()
    if isinstance(node.listens, Unknown):
        return doubts(f"the ports of {node.label}: {node.listens.reason}")
    if flow.port in node.listens:
        return passes()
    others = ", ".join(map(str, sorted(node.listens))) or "no port"
    return stops(f"{node.label} listens on {others}, not on {flow.port}")
