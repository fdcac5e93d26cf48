"""What a packet meets on its way: security groups, network ACLs, route tables.

Each function answers with a Step: it passes, it is stopped, or that is unknown. Rules of EC2 that
they implement, from the Amazon VPC user guide:

- "Security group rules": rules only allow; all rules of all groups of an interface count. A rule
  that names a group matches the private addresses of the interfaces that hold it. Protocol -1 is
  every protocol on every port. Groups are stateful: answers to what was allowed need no rule.
- "Network ACL rules": entries are tried by ascending number, the first that matches decides, and
  what matches none is denied. ACLs are stateless and stand at the subnet's edge: traffic within a
  subnet never meets one.
- "Route priority": the most specific route that matches decides; the local route to the VPC's
  range comes before propagated ones, however specific, and a static route before a propagated one
  to the same destination.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.support.reachability.addresses import BITS, EVERYWHERE, Range, public
from tests.support.reachability.model import (
    ALL,
    Acl,
    AclEntry,
    Gateway,
    GatewayKind,
    GroupReference,
    Node,
    Ports,
    PrefixList,
    PrefixListReference,
    Route,
    RouteTable,
    Rule,
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


# --- Security groups ------------------------------------------------------------------------


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


def is_peer(rule: Rule, place: Place, tables: Tables) -> Answer:
    """Whether a security group's rule is about the place."""
    match rule.peer:
        case Range() as addresses:
            return lies_in(place, addresses)
        case GroupReference(group):
            return None if isinstance(place.groups, Unknown) else group in place.groups
        case PrefixListReference(identifier):
            return in_prefix_list(place, identifier, tables)
    return None


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


def security_groups(here: Place, there: Place, flow: Flow, egress: bool, tables: Tables) -> Step:
    """Whether the groups `here` let the flow out to (egress) or in from `there`."""
    verb = "lets out to" if egress else "allows"
    if isinstance(here.groups, Unknown):
        return doubts(f"the security groups of {here.label}: {here.groups.reason}")
    if here.node and not here.groups:
        return passes()
    doubt, others = "", set()
    for group, rule in _rules(here.groups, egress, tables):
        if rule is None:
            doubt = doubt or f"security group {group} is not described"
            continue
        matches = all_of((carries(rule.protocol, rule.ports, flow), is_peer(rule, there, tables)))
        said = f"sg {group} {verb} {_peer(rule, tables)}:{_ports(rule)}"
        if matches:
            return passes(said)
        if matches is None:
            doubt = doubt or f"{said}, if at all: {_why(rule, tables)}"
        elif carries(rule.protocol, rule.ports, flow):
            others.add(_peer(rule, tables))
    if doubt:
        return doubts(doubt)
    labels = ", ".join(_group(group, tables) for group in here.groups)
    denied = f"does not {'let out to' if egress else 'allow'} {there.label}:{flow}"
    instead = f", only {', '.join(sorted(others))}" if others else ""
    return stops(f"sg {labels} {denied}{instead}")


def _rules(held: Iterable[str], egress: bool, tables: Tables) -> Iterator[tuple[str, Rule | None]]:
    """Each rule with its group's label; None for a group that is not described."""
    for identifier in held:
        group = tables.groups.get(identifier)
        if group is None:
            yield identifier, None
        else:
            for rule in group.egress if egress else group.ingress:
                yield group.label, rule


def _group(identifier: str, tables: Tables) -> str:
    return tables.groups[identifier].label if identifier in tables.groups else identifier


def _peer(rule: Rule, tables: Tables) -> str:
    match rule.peer:
        case GroupReference(group):
            return f"sg {_group(group, tables)}"
        case PrefixListReference(identifier):
            listed = tables.prefix_lists.get(identifier)
            return listed.label if listed else identifier
        case Unknown():
            return "somebody"
    return str(rule.peer)


def _ports(rule: Rule) -> str:
    if isinstance(rule.protocol, Unknown) or isinstance(rule.ports, Unknown):
        return "unknown"
    if rule.protocol == ALL:
        return "all"
    return str(rule.ports) if rule.protocol == "tcp" else f"{rule.ports}/{rule.protocol}"


def _why(rule: Rule, tables: Tables) -> str:
    """Why nobody can say whether the rule matches."""
    parts = (rule.protocol, rule.ports, rule.peer)
    reasons = [part.reason for part in parts if isinstance(part, Unknown)]
    if isinstance(rule.peer, PrefixListReference):
        listed = tables.prefix_lists.get(rule.peer.prefix_list)
        known = listed and not isinstance(listed.ranges, Unknown)
        if not known:
            reasons.append(f"what {_peer(rule, tables)} lists is not described")
    return "; ".join(reasons) or "the address or the groups of the other side are unknown"


# --- Network ACLs ---------------------------------------------------------------------------


def acl(subnet: Subnet, there: Place, flow: Flow, egress: bool, tables: Tables) -> Step:
    """Whether the subnet's ACL lets the flow out to (egress) or in from `there`."""
    if isinstance(subnet.acl, Unknown):
        return doubts(f"the network ACL of {subnet.label}: {subnet.acl.reason}")
    found = tables.acls.get(subnet.acl)
    if found is None:
        return doubts(f"network ACL {subnet.acl} is not described")
    way = f"{'out to' if egress else 'in from'} {there.label}:{flow}"
    entries = [entry for entry in found.entries if entry.egress is egress]
    possible, decided = _outcomes(entries, there, flow)
    if len(possible) > 1:
        return doubts(f"acl {found.label} {way}: {_doubt(entries)}")
    if possible == {True}:
        return passes()
    by = f"entry {decided.number}" if decided else "its last entry"
    return stops(f"acl {found.label}: {by} denies {way}")


def _outcomes(
    entries: list[AclEntry], there: Place, flow: Flow
) -> tuple[set[bool], AclEntry | None]:
    """What the ACL may do with the flow, and the entry that is sure to decide."""
    ordered = all(isinstance(entry.number, int) for entry in entries)
    possible: set[bool] = set()
    decided = None
    for entry in sorted(entries, key=_number):
        there_ = None if isinstance(entry.range, Unknown) else lies_in(there, entry.range)
        matches = all_of((carries(entry.protocol, entry.ports, flow), there_))
        if matches is not False:
            possible |= {True, False} if isinstance(entry.allow, Unknown) else {entry.allow}
        if matches:
            decided = entry
            if ordered:
                return possible, decided
    return possible if decided else possible | {False}, decided


def _number(entry: AclEntry) -> int:
    return 0 if isinstance(entry.number, Unknown) else entry.number


def _doubt(entries: Iterable[AclEntry]) -> str:
    """The first reason why the entries leave it open."""
    parts = (part for e in entries for part in (e.number, e.allow, e.protocol, e.ports, e.range))
    unknown = (part.reason for part in parts if isinstance(part, Unknown))
    return next(unknown, "an entry names some of these addresses only")


# --- Route tables ---------------------------------------------------------------------------

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
