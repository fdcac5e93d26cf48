"""A VPC as plain data: what decides whether a packet arrives.

Everything refers to everything else by `id`; an id that names nothing in the network is something
that is not described, and so unknown. `label` is what a person reads. A value that cannot be known
is an Unknown with its reason. Ports are numbers from 0 to 65535, protocols `tcp`, `udp`, another
name or number, or ALL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.support.reachability.addresses import Range

ALL = "-1"
LAST_PORT = 65535


@dataclass(frozen=True)
class Unknown:
    """In place of a value that cannot be known, and why."""

    reason: str


class GatewayKind(StrEnum):
    """What a route can lead to."""

    internet = "internet gateway"
    nat = "NAT gateway"
    egress_only = "egress-only internet gateway"
    endpoint = "VPC endpoint"
    other = "way to another network"


@dataclass(frozen=True)
class GroupReference:
    """Whoever holds the security group."""

    group: str

    def __str__(self) -> str:
        return self.group


@dataclass(frozen=True)
class PrefixListReference:
    """The ranges of the prefix list."""

    prefix_list: str

    def __str__(self) -> str:
        return self.prefix_list


@dataclass(frozen=True)
class Ports:
    """The ports from `first` to `last`, both included."""

    first: int
    last: int

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


EVERY_PORT = Ports(0, LAST_PORT)
_PROTOCOLS = {"6": "tcp", "17": "udp", "all": ALL}


def protocol_of(value: object) -> str:
    """A protocol by the name it has here, from any of the spellings that EC2 takes."""
    text = str(value).lower()
    return _PROTOCOLS.get(text, text)


def ports_of(protocol: str | Unknown, first: object, last: object) -> Ports | Unknown:
    """The ports of a rule, from what stands in it; only TCP and UDP have any to tell apart."""
    if isinstance(protocol, str) and protocol not in ("tcp", "udp"):
        return EVERY_PORT
    for bound in (first, last):
        if isinstance(bound, Unknown):
            return bound
    if first is None or last is None:
        return EVERY_PORT
    return Ports(int(str(first)), int(str(last)))


Peer = Range | GroupReference | PrefixListReference


@dataclass(frozen=True)
class Rule:
    """One permission of a security group: `peer` is who may send, or who may be sent to."""

    protocol: str | Unknown
    ports: Ports | Unknown
    peer: Peer | Unknown

    def __str__(self) -> str:
        return f"{self.protocol} {self.ports} {self.peer}"


@dataclass(frozen=True)
class SecurityGroup:
    """A security group. `name` is the name, or the prefix of it, that the group has in EC2."""

    id: str
    label: str
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class AclEntry:
    """One entry of a network ACL. `range` are the addresses of the other side."""

    number: int | Unknown
    egress: bool
    allow: bool | Unknown
    protocol: str | Unknown
    ports: Ports | Unknown
    range: Range | Unknown


@dataclass(frozen=True)
class Acl:
    """A network ACL; what no entry matches is denied."""

    id: str
    label: str
    entries: tuple[AclEntry, ...]


@dataclass(frozen=True)
class Route:
    """A route to a gateway's id. Without one the route is a black hole."""

    destination: Range | PrefixListReference | Unknown
    gateway: str | Unknown | None
    propagated: bool = False


@dataclass(frozen=True)
class RouteTable:
    """A route table; the local routes to the VPC's own ranges are not written down."""

    id: str
    label: str
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True)
class Gateway:
    """A gateway. A NAT gateway has a subnet, and an address on the internet if it is `public`."""

    id: str
    label: str
    kind: GatewayKind
    subnet: str | Unknown = ""
    public: bool | Unknown = True


@dataclass(frozen=True)
class Subnet:
    """A subnet: its IPv4 and its IPv6 range, if it has one; its route table and its ACL."""

    id: str
    range: Range | Unknown | None
    table: str | Unknown
    acl: str | Unknown
    range6: Range | Unknown | None = None

    @property
    def label(self) -> str:
        """Its range, by which people know it."""
        known = (one for one in (self.range, self.range6) if isinstance(one, Range))
        return f"subnet {next(known, self.id)}"


@dataclass(frozen=True)
class PrefixList:
    """A prefix list."""

    id: str
    label: str
    ranges: tuple[Range, ...] | Unknown


@dataclass(frozen=True)
class Node:
    """Something with network interfaces in subnets, any of which may carry the traffic.

    `groups` are its security groups; none at all means that nothing filters its traffic, as with a
    network load balancer without groups. `public`: it has a public IPv4 address; `ipv6`: it has an
    IPv6 address wherever its subnet has a range for one. `listens` are the TCP ports with something
    behind them, None where that is not looked at. `where` is file, line and address, or an ARN.
    """

    id: str
    label: str
    subnets: tuple[str, ...] | Unknown
    groups: tuple[str, ...] | Unknown
    public: bool | Unknown = False
    ipv6: bool | Unknown = False
    listens: tuple[int, ...] | Unknown | None = None
    where: str = ""


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint for an AWS service such as `s3` or `ecr.api`.

    A gateway endpoint has a prefix list, and a Gateway of the same id. An interface endpoint has a
    Node of the same id, and is what the service's name leads to if it has `private_dns`.
    """

    id: str
    service: str | Unknown
    prefix_list: str | Unknown | None = None
    private_dns: bool | Unknown = False


@dataclass(frozen=True)
class Internet:
    """Every address of the internet, each by way of it and not of a VPC endpoint."""

    label: str = "internet"


@dataclass(frozen=True)
class Elsewhere:
    """Private addresses outside the VPC: networks joined to it by a peering, VPN or the like."""

    label: str = "joined networks"


@dataclass(frozen=True)
class Hosts:
    """A host with one of these addresses, which holds `groups` and no other group of the network.

    The network alone holds it back: a group of its own lets it send anything, and it has a public
    address if it can have one.
    """

    label: str
    addresses: tuple[Range, ...]
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """An AWS service, by the last part of its endpoint's name: `s3`, `ecr.api`, `logs`."""

    label: str


Source = Internet | Elsewhere | Hosts | Node
Target = Internet | Service | Node
INTERNET, ELSEWHERE = Internet(), Elsewhere()


@dataclass(frozen=True)
class Network:
    """One VPC: `ranges` are its own, of both families, as far as they are known."""

    ranges: tuple[Range, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    tables: tuple[RouteTable, ...] = ()
    acls: tuple[Acl, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    nodes: tuple[Node, ...] = ()
