"""Whether A reaches B on a port of a VPC, by which way, and what is in the way.

A question about many addresses (a subnet's, the internet's) is answered for each region of them
that no rule tells apart, and for each subnet that either end may be in. `everywhere` judges what
must work: it does so only if every one of these ways is open. `anywhere` judges what must not:
one open way is enough. What is unknown is neither open nor blocked.

Sources, all in the Amazon VPC user guide: "Internet gateways" (a public address at both ends of
what passes one), "NAT gateway basics" (outward only; in a subnet with a way to the internet
gateway), "Egress-only internet gateways", "Gateway endpoints" (a route by prefix list); and those
that steps.py names. Not looked at: what the other end of a peering or VPN lets through (unknown),
endpoint policies, and anything above TCP and UDP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from tests.support.reachability.addresses import Range
from tests.support.reachability.answers import EPHEMERAL, Opening, Reach, Way, joined, way_of
from tests.support.reachability.model import (
    ELSEWHERE,
    INTERNET,
    LAST_PORT,
    Gateway,
    GatewayKind,
    Hosts,
    Network,
    Node,
    Ports,
    Service,
    Source,
    Subnet,
    Target,
    Unknown,
)
from tests.support.reachability.places import Places
from tests.support.reachability.steps import (
    LOCAL,
    NOWHERE,
    Flow,
    Place,
    Step,
    Verdict,
    Where,
    acl,
    doubts,
    leads,
    passes,
    security_groups,
    stops,
)

IPV4, BOTH = (4,), (4, 6)


class Reachability:
    """Answers questions about one network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._places = Places(network)
        self._tables = self._places.tables

    def reach(
        self,
        source: Source,
        target: Target,
        port: int,
        protocol: str = "tcp",
        families: Iterable[int] = BOTH,
    ) -> Reach:
        """Every way from source to target, over IPv4 (4) and IPv6 (6) or one of them."""
        flow = Flow(protocol, port)
        ways = self._ways(source, target, flow, families, listening=True)
        return Reach(source, target, flow, tuple(ways))

    def openings(self, source: Source, target: Target) -> list[Opening]:
        """The TCP and UDP ports on which the source reaches, or may reach, the target somewhere.

        Whether anything listens there is not looked at: that changes without anyone noticing.
        """
        return joined(
            Opening(source, protocol, ports, reach.way(reach.anywhere))
            for protocol in ("tcp", "udp")
            for ports, reach in self._by_port(source, target, protocol)
            if reach.anywhere is not Verdict.blocked
        )

    def _by_port(
        self, source: Source, target: Target, protocol: str
    ) -> Iterator[tuple[Ports, Reach]]:
        """The answers for all ports, in parts that no rule tells apart."""
        for part in _parts(self._ports_between(source, target, protocol)):
            flow = Flow(protocol, part.first)
            ways = self._ways(source, target, flow, BOTH, listening=False)
            yield part, Reach(source, target, flow, tuple(ways))

    def openings_to_everybody(self, target: Node) -> list[Opening]:
        """The openings for everybody else.

        Everybody is the internet, joined networks, every node, a host without a group in each
        subnet, and a host anywhere with one of the security groups.
        """
        sources = (one for one in self.everybody if one != target)
        return [opening for source in sources for opening in self.openings(source, target)]

    def holders(self, prefix: str) -> list[Source]:
        """Those of everybody who hold a security group whose name begins so."""
        named = {one.id for one in self.network.groups if one.name.startswith(prefix)}
        return [one for one in self.everybody if isinstance(one, Hosts) and named & {*one.groups}]

    @cached_property
    def everybody(self) -> list[Source]:
        """As in `openings_to_everybody`."""
        own = {one: _ranges(one) for one in self.network.subnets}
        anywhere = tuple(part for parts in own.values() for part in parts)
        return [
            INTERNET,
            ELSEWHERE,
            *self.network.nodes,
            *(Hosts(f"a host in {subnet.label}", parts) for subnet, parts in own.items()),
            *(
                Hosts(f"a host with sg {group.label}", anywhere, (group.id,))
                for group in self.network.groups
            ),
        ]

    # --- Ways -------------------------------------------------------------------------------

    def _ways(
        self,
        source: Source,
        target: Target,
        flow: Flow,
        families: Iterable[int],
        listening: bool,
    ) -> Iterator[Way]:
        clients = self._clients(source)
        for family in families:
            for start in self._places.of(source, family):
                for end in self._ends(target, start, family):
                    for client in clients:
                        steps = self._steps(start, end, flow, client, listening)
                        label = start.label if isinstance(start, Place) else source.label
                        yield way_of(label, steps, client)

    def _ends(self, target: Target, start: Place | Step, family: int) -> tuple[Place | Step, ...]:
        if not isinstance(target, Service):
            return self._places.of(target, family)
        return (start,) if isinstance(start, Step) else self._places.service(target.label, start)

    def _clients(self, source: Source) -> list[Ports]:
        """The ports from which the source asks, in parts that no ACL tells apart.

        A node uses the usual ones; whoever else may take any.
        """
        parts = _parts(self._acl_ports)
        if len(parts) == 1:
            return parts
        lowest = EPHEMERAL.first if isinstance(source, Node) else 0
        return [part for part in _parts(self._acl_ports | {EPHEMERAL.first})
                if part.first >= lowest]  # fmt: skip

    @cached_property
    def _acl_ports(self) -> frozenset[int]:
        """Where the ports that ACLs name begin, and where the ports after them do."""
        entries = [entry for acl in self.network.acls for entry in acl.entries]
        return _edges(entry.ports for entry in entries)

    def _ports_between(self, source: Source, target: Target, protocol: str) -> frozenset[int]:
        """The same for ACLs and for the rules of both ends' security groups."""
        groups = self._tables.groups
        held: set[str] = set()
        for end in (source, target):
            if isinstance(end, Node):
                held.update(groups if isinstance(end.groups, Unknown) else end.groups)
        named = (
            rule.ports
            for name in held & groups.keys()
            for rule in (*groups[name].ingress, *groups[name].egress)
            if rule.protocol == protocol
        )
        return self._acl_ports | _edges(named)

    def _steps(
        self, start: Place | Step, end: Place | Step, flow: Flow, client: Ports, listening: bool
    ) -> Iterator[Step]:
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
    label = gateway.label if gateway else "nowhere"
    return doubts(f"{subnet.label} sends {there.label} to {label}, past the local route")


def _listens(node: Node, flow: Flow) -> Step:
    if node.listens is None or flow.protocol != "tcp":
        return passes()
    if isinstance(node.listens, Unknown):
        return doubts(f"the ports of {node.label}: {node.listens.reason}")
    if flow.port in node.listens:
        return passes()
    others = ", ".join(map(str, sorted(node.listens))) or "no port"
    return stops(f"{node.label} listens on {others}, not on {flow.port}")


def _edges(named: Iterable[Ports | Unknown]) -> frozenset[int]:
    known = [ports for ports in named if isinstance(ports, Ports)]
    edges = {one.first for one in known} | {one.last + 1 for one in known}
    return frozenset(edges - {0, LAST_PORT + 1})


def _parts(edges: Iterable[int]) -> list[Ports]:
    starts = sorted({0, *edges})
    ends = [*(start - 1 for start in starts[1:]), LAST_PORT]
    return [Ports(first, last) for first, last in zip(starts, ends, strict=True)]


def _ranges(subnet: Subnet) -> tuple[Range, ...]:
    return tuple(one for one in (subnet.range, subnet.range6) if isinstance(one, Range))
