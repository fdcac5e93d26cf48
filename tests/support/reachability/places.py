"""The places that a source or a target may be in: every subnet, and every region of addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from tests.support.reachability.addresses import PRIVATE, Range, public, regions, without
from tests.support.reachability.model import (
    Elsewhere,
    Endpoint,
    Gateway,
    GatewayKind,
    Hosts,
    Internet,
    Network,
    Node,
    Rule,
    Subnet,
    Unknown,
)
from tests.support.reachability.routes import leads
from tests.support.reachability.steps import (
    Place,
    Step,
    Tables,
    Where,
    doubts,
    stops,
)


class Places:
    """Finds the places in one network; a Step says that there is none, or that it is unknown."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._subnets = {subnet.id: subnet for subnet in network.subnets}
        self.tables = Tables(
            groups={one.id: one for one in network.groups},
            acls={one.id: one for one in network.acls},
            tables={one.id: one for one in network.tables},
            gateways={one.id: one for one in network.gateways},
            prefix_lists={one.id: one for one in network.prefix_lists},
            services=frozenset(
                one.prefix_list for one in network.endpoints if isinstance(one.prefix_list, str)
            ),
            local=network.ranges,
        )
        self._nodes = {node.id: node for node in network.nodes}
        self._cuts = {family: _cuts(network, family) for family in (4, 6)}
        self.internet = cache(self._internet)
        self.elsewhere = cache(self._elsewhere)
        self.hosts = cache(self._hosts)
        self.node = cache(self._node)
        self.kind = cache(self._kind)

    def of(self, end: Internet | Elsewhere | Hosts | Node, family: int) -> tuple[Place | Step, ...]:
        """The places of an end; never none at all."""
        match end:
            case Internet():
                return self.internet(family)
            case Elsewhere():
                return self.elsewhere(family)
            case Hosts():
                return self.hosts(end, family)
        return self.node(end, family)

    def service(self, name: str, source: Place) -> tuple[Place | Step, ...]:
        """Where an AWS service is met: at an interface endpoint, a gateway endpoint, or outside.

        An interface endpoint with private DNS takes the service's name (AWS PrivateLink guide,
        "Private DNS"); a gateway endpoint takes what the source's route table sends to it.
        """
        for endpoint in self._network.endpoints:
            if isinstance(endpoint.service, Unknown):
                return (doubts(f"whose endpoint {endpoint.id} is: {endpoint.service.reason}"),)
            if endpoint.service == name:
                met = self._endpoint(endpoint, source)
                if met:
                    return met
        return (Place(f"{name} on the internet", source.family, Where.internet),)

    def subnet(self, name: str | Unknown) -> Subnet | Unknown:
        """The subnet with this id."""
        if isinstance(name, Unknown):
            return name
        return self._subnets.get(name, Unknown(f"{name} is not described"))

    def _endpoint(self, endpoint: Endpoint, source: Place) -> tuple[Place | Step, ...]:
        if endpoint.prefix_list is None:
            if isinstance(endpoint.private_dns, Unknown):
                return (doubts(f"private DNS of {endpoint.id}: {endpoint.private_dns.reason}"),)
            node = self._nodes[endpoint.id]
            return self.node(node, source.family) if endpoint.private_dns else ()
        if isinstance(endpoint.prefix_list, Unknown):
            return (doubts(f"the addresses of {endpoint.id}: {endpoint.prefix_list.reason}"),)
        place = Place(
            str(endpoint.service), source.family, Where.service, prefix_list=endpoint.prefix_list
        )
        gateway = leads(source.subnet, place, self.tables) if source.subnet else None
        if isinstance(gateway, Unknown):
            return (doubts(gateway.reason),)
        return (place,) if gateway and gateway.id == endpoint.id else ()

    def _internet(self, family: int) -> tuple[Place, ...]:
        domain = public(family, _known(self._network.ranges, family))
        return self._outside("internet", Where.internet, domain, family)

    def _elsewhere(self, family: int) -> tuple[Place, ...]:
        own = _known(self._network.ranges, family)
        domain = [part for one in PRIVATE[family] for part in without(one, own)]
        return self._outside("joined networks", Where.elsewhere, domain, family)

    def _outside(
        self, label: str, where: Where, domain: Iterable[Range], family: int
    ) -> tuple[Place, ...]:
        label += "" if family == 4 else " over IPv6"
        return tuple(
            Place(
                label if region.within is None or region.within.prefix == 0
                else f"{label} ({region.within})",
                family, where, region.address,
            )
            for region in regions(domain, self._cuts[family])
        )  # fmt: skip

    def _hosts(self, hosts: Hosts, family: int) -> tuple[Place | Step, ...]:
        found: list[Place | Step] = []
        for subnet in self._network.subnets:
            has = subnet.range if family == 4 else subnet.range6
            if isinstance(has, Unknown):
                found.append(doubts(f"the addresses of {subnet.id}: {has.reason}"))
            elif has is not None:
                shared = [part for one in hosts.addresses for part in _shared(one, has)]
                found += self._inside(hosts.label, subnet, shared, family, hosts)
        if not found:
            family_name = "IPv4" if family == 4 else "IPv6"
            return (stops(f"no subnet has {family_name} addresses for {hosts.label}"),)
        return tuple(found)

    def _node(self, node: Node, family: int) -> tuple[Place | Step, ...]:
        if family == 6 and node.ipv6 is False:
            return (stops(f"{node.label} has no IPv6 address{self._useless(node)}"),)
        if isinstance(node.subnets, Unknown):
            return (doubts(f"the subnets of {node.label}: {node.subnets.reason}"),)
        if not node.subnets:
            return (stops(f"{node.label} is in no subnet"),)
        return tuple(
            place for name in node.subnets for place in self._in_subnet(node, name, family)
        )

    def _in_subnet(self, node: Node, name: str, family: int) -> Iterator[Place | Step]:
        subnet = self._subnets.get(name)
        if subnet is None:
            yield doubts(f"{node.label} is in {name}, which is not described")
            return
        has = subnet.range if family == 4 else subnet.range6
        if has is None:
            missing = f"{subnet.label} has no IPv{family} range"
            yield stops(missing + (self._useless(node) if family == 6 else ""))
        elif isinstance(has, Unknown):
            yield doubts(f"the IPv{family} range of {subnet.label}: {has.reason}")
        elif family == 6 and isinstance(node.ipv6, Unknown):
            yield doubts(f"whether {node.label} has an IPv6 address: {node.ipv6.reason}")
        else:
            yield from self._inside(node.label, subnet, [has], family, node)

    def _inside(
        self, label: str, subnet: Subnet, domain: list[Range], family: int, end: Node | Hosts
    ) -> Iterator[Place]:
        node = end if isinstance(end, Node) else None
        for region in regions(domain, self._cuts[family]):
            yield Place(
                label, family, Where.inside, region.address, subnet, node, end.groups,
                node.public if node else True, within=region.within,
            )  # fmt: skip

    def _useless(self, node: Node) -> str:
        """The rules for IPv6 that change nothing, so that nobody thinks they were overlooked."""
        groups = () if isinstance(node.groups, Unknown) else node.groups
        held = [self.tables.groups[one] for one in groups if one in self.tables.groups]
        told = [
            f"sg {group.label} allows {rule.peer}"
            for group in held
            for rule in group.ingress
            if isinstance(rule.peer, Range) and rule.peer.family == 6
        ]
        return f", so it changes nothing that {', '.join(told)}" if told else ""

    def _kind(self, subnet: Subnet) -> str:
        """`public`, `private` or `isolated`, by where the subnet's routes to the internet lead."""
        outside = Place("internet", 4 if subnet.range else 6, Where.internet)
        match leads(subnet, outside, self.tables):
            case Gateway(kind=GatewayKind.internet):
                return "public "
            case Gateway(kind=GatewayKind.nat | GatewayKind.egress_only):
                return "private "
            case None:
                return "isolated "
        return ""


def _shared(one: Range, other: Range) -> list[Range]:
    if not one.meets(other):
        return []
    return [Range(one.family, max(one.first, other.first), min(one.last, other.last))]


def _known(ranges: Iterable[Range] | Unknown, family: int) -> list[Range]:
    """The ranges of a family, none where they are unknown."""
    listed = () if isinstance(ranges, Unknown) else ranges
    return [one for one in listed if one.family == family]


def _cuts(network: Network, family: int) -> tuple[Range, ...]:
    """Every range that any rule of the network names."""
    rules: list[Rule] = [
        rule for group in network.groups for rule in (*group.ingress, *group.egress)
    ]
    named: list[object] = [
        *(rule.peer for rule in rules),
        *(entry.range for acl in network.acls for entry in acl.entries),
        *(route.destination for table in network.tables for route in table.routes),
        *(one for listed in network.prefix_lists for one in _known(listed.ranges, family)),
    ]
    found = {one for one in named if isinstance(one, Range) and one.family == family}
    return tuple(sorted(found))
