"""The steps of a way, and what decides them: places, what is sent, and logic that knows unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.support.reachability.addresses import EVERYWHERE, Range, public
from tests.support.reachability.model import (
    ALL,
    Acl,
    Gateway,
    GatewayKind,
    Node,
    Ports,
    PrefixList,
    RouteTable,
    SecurityGroup,
    Subnet,
    Unknown,
)

# True, False, or None for unknown.
Answer = bool | None


class Verdict(StrEnum):
    """Whether something arrives."""

    open = "open"
    blocked = "blocked"
    unknown = "unknown"


@dataclass(frozen=True)
class Step:
    """One step of a way, not worth telling if `text` is empty; `gateway` is the kind it crosses."""

    verdict: Verdict
    text: str = ""
    gateway: GatewayKind | None = None


def passes(text: str = "", gateway: GatewayKind | None = None) -> Step:
    """The packet goes on."""
    return Step(Verdict.open, text, gateway)


def stops(text: str) -> Step:
    """The packet goes no further."""
    return Step(Verdict.blocked, text)


def doubts(text: str) -> Step:
    """Whether the packet goes on is unknown."""
    return Step(Verdict.unknown, text)


class Where(StrEnum):
    """On which side of the VPC's edge a place is."""

    inside = "inside"
    internet = "internet"
    elsewhere = "elsewhere"
    service = "service"


@dataclass(frozen=True)
class Place:
    """One end of a way: an address, and what of it matters to rules.

    `address` is None for an AWS service of which only the `prefix_list` is known. Inside the VPC
    there is a `subnet`, and the `node` with its groups, or a host that holds `groups`; `within` is
    the narrowest range that a rule names and the address is in.
    """

    label: str
    family: int
    where: Where
    address: int | None = None
    subnet: Subnet | None = None
    node: Node | None = None
    groups: tuple[str, ...] | Unknown = ()
    public: bool | Unknown = True
    prefix_list: str | None = None
    within: Range | None = None


@dataclass(frozen=True)
class Flow:
    """What is sent: the protocol and the port it is sent to; or the answer to that."""

    protocol: str
    port: int
    answer: bool = False

    def __str__(self) -> str:
        text = f"{self.port}" if self.protocol == "tcp" else f"{self.port}/{self.protocol}"
        return f"{text} (the answer)" if self.answer else text


@dataclass(frozen=True)
class Tables:
    """The parts of a network by id.

    `services` are the prefix lists of gateway endpoints: what they list counts as an AWS service,
    and neither as the VPC nor as the internet.
    """

    groups: Mapping[str, SecurityGroup] = field(default_factory=dict)
    acls: Mapping[str, Acl] = field(default_factory=dict)
    tables: Mapping[str, RouteTable] = field(default_factory=dict)
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    prefix_lists: Mapping[str, PrefixList] = field(default_factory=dict)
    services: frozenset[str] = frozenset()
    local: tuple[Range, ...] = ()


def all_of(answers: Iterable[Answer]) -> Answer:
    """False if any is, else None if any is, else True."""
    found = set(answers)
    return False if False in found else None if None in found else True


def any_of(answers: Iterable[Answer]) -> Answer:
    """True if any is, else None if any is, else False."""
    found = set(answers)
    return True if True in found else None if None in found else False


def carries(protocol: str | Unknown, ports: Ports | Unknown, flow: Flow) -> Answer:
    """Whether a rule is about the flow's protocol and port."""
    if isinstance(protocol, Unknown):
        return None
    if protocol == ALL:
        return True
    if protocol != flow.protocol:
        return False
    return None if isinstance(ports, Unknown) else flow.port in ports


def lies_in(place: Place, addresses: Range) -> Answer:
    """Whether the place's address is one of these."""
    if addresses.family != place.family:
        return False
    if place.address is not None:
        return addresses.holds(place.address)
    if addresses == EVERYWHERE[place.family]:
        return True
    return None if any(addresses.meets(part) for part in public(place.family, ())) else False


def in_prefix_list(place: Place, identifier: str, tables: Tables) -> Answer:
    """Whether the place's address is in the prefix list."""
    if place.prefix_list == identifier:
        return True
    if identifier in tables.services:
        return False
    listed = tables.prefix_lists.get(identifier)
    if listed is None or isinstance(listed.ranges, Unknown):
        return None
    return any_of(lies_in(place, addresses) for addresses in listed.ranges)
