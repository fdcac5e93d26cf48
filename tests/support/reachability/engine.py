"""Whether A reaches B on a port of a VPC, by which way, and what is in the way.

A question about many addresses (a subnet's, the internet's) is answered for each region of them
that no rule tells apart, and for each subnet that either end may be in. `everywhere` judges what
must work: it does so only if every one of these ways is open. `anywhere` judges what must not:
one open way is enough. What is unknown is neither open nor blocked.
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
    Flow,
    Place,
    Step,
    Verdict,
)
from tests.support.reachability.walk import Walk

IPV4, BOTH = (4,), (4, 6)


class Reachability:
    """Answers questions about one network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._places = Places(network)
        self._walk = Walk(self._places)

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
                        steps = self._walk.steps(start, end, flow, client, listening)
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
        groups = self._places.tables.groups
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
