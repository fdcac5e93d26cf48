"""What holds of every network: more rules reach further, names do not matter, unknown is honest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.selftest.reachability.small import APP, DATABASE, LB, NETWORK, OPEN, changed
from tests.support.reachability.addresses import Range, cidr, regions
from tests.support.reachability.engine import IPV4, Reachability
from tests.support.reachability.model import (
    ELSEWHERE,
    INTERNET,
    AclEntry,
    GroupReference,
    Hosts,
    Network,
    Node,
    Ports,
    PrefixListReference,
    Route,
    Rule,
    Service,
    Source,
    Target,
    Unknown,
)
from tests.support.reachability.steps import Verdict

pytestmark = pytest.mark.selftest

# A busy machine is no reason to fail.
unhurried = settings(deadline=None, max_examples=60)
RANK = {Verdict.blocked: 0, Verdict.unknown: 1, Verdict.open: 2}
WHY = Unknown("not known")
GROUPS, SUBNETS = ("lb", "app", "database"), ("public", "private", "isolated")
ANYBODY = Hosts("anybody", (cidr("10.0.0.0/16"),))
SOURCES: list[Source] = [INTERNET, ELSEWHERE, LB, APP, DATABASE, ANYBODY]
TARGETS: list[Target] = [
    replace(LB, listens=None), replace(APP, listens=None), replace(DATABASE, listens=None),
    INTERNET, Service("s3"),
]  # fmt: skip
PAIRS = [
    (source, target)
    for source in SOURCES
    for target in TARGETS
    if isinstance(target, Node) or isinstance(source, Node | Hosts)
]

# Nodes in subnets of their own: between them ACLs stand.
CROSSING = [(LB, APP), (APP, DATABASE), (DATABASE, LB), (APP, LB)]

ranges = st.sampled_from(
    ["0.0.0.0/0", "0.0.0.0/1", "10.0.0.0/16", "10.0.2.0/24", "10.0.2.0/25", "10.0.3.0/24",
     "192.168.0.0/16", "203.0.113.0/24", "52.216.0.0/16", "::/0"]
).map(cidr)  # fmt: skip
ports = st.sampled_from([(0, 65535), (22, 22), (80, 443), (443, 443), (3000, 5432), (1024, 65535)])
port_ranges = ports.map(lambda pair: Ports(*pair))
protocols = st.sampled_from(["tcp", "udp", "-1"])
peers = st.one_of(
    ranges, st.sampled_from(GROUPS).map(GroupReference), st.just(PrefixListReference("pl-s3"))
)
rules = st.builds(Rule, protocols, port_ranges, peers)
entries = st.builds(
    AclEntry, st.integers(1, 200), st.booleans(), st.booleans(), protocols, port_ranges, ranges
)
acls = st.just(OPEN) | st.lists(entries, max_size=6, unique_by=lambda e: e.number).map(tuple)
routes = st.builds(
    Route, ranges | st.just(PrefixListReference("pl-s3")),
    st.sampled_from(["igw", "nat", "s3", None]),
)  # fmt: skip
tables = st.lists(routes, max_size=3, unique_by=lambda route: route.destination).map(tuple)
asked = st.tuples(st.sampled_from(PAIRS), st.sampled_from([22, 80, 443, 3000, 5432]))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """The small network with other rules, entries and routes."""
    network = NETWORK
    for name in GROUPS:
        ingress, egress = (draw(st.lists(rules, max_size=3).map(tuple)) for _ in range(2))
        network = changed(network, "groups", name, ingress=ingress, egress=egress)
    for name in SUBNETS:
        network = changed(network, "acls", name, entries=draw(acls))
        network = changed(network, "tables", name, routes=draw(tables))
    return network


Question = tuple[tuple[Source, Target], int]


def answers(network: Network, question: Question) -> tuple[int, int]:
    """How open it is everywhere and anywhere, as numbers."""
    (source, target), port = question
    reach = Reachability(network).reach(source, target, port)
    return RANK[reach.everywhere], RANK[reach.anywhere]


def no_less(more: tuple[int, int], less: tuple[int, int]) -> bool:
    """Whether both answers are at least as open."""
    return more[0] >= less[0] and more[1] >= less[1]


def find(things: Iterable[Any], identifier: str) -> Any:
    """The thing of that id."""
    return next(one for one in things if one.id == identifier)


@unhurried
@given(networks(), asked, st.sampled_from(GROUPS), st.booleans(), rules)
def test_a_rule_more_never_reaches_less(
    network: Network, question: Question, group: str, egress: bool, added: Rule
) -> None:
    way = "egress" if egress else "ingress"
    more = (*getattr(find(network.groups, group), way), added)
    wider = changed(network, "groups", group, **{way: more})
    assert no_less(answers(wider, question), answers(network, question))


@unhurried
@given(networks(), asked, st.sampled_from(GROUPS), st.data())
def test_a_rule_less_never_reaches_more(
    network: Network, question: Question, group: str, data: st.DataObject
) -> None:
    held = find(network.groups, group).ingress
    kept = data.draw(st.lists(st.sampled_from(held), max_size=2) if held else st.just([]))
    narrower = changed(network, "groups", group, ingress=tuple(kept))
    assert no_less(answers(network, question), answers(narrower, question))


@unhurried
@given(networks(), asked, st.sampled_from(SUBNETS), entries)
def test_an_entry_more_reaches_further_only_if_it_allows(
    network: Network, question: Question, subnet: str, added: AclEntry
) -> None:
    held = find(network.acls, subnet).entries
    numbered = replace(added, number=max((e.number for e in held), default=0) + 1)
    first = replace(added, number=0)
    for entry in (numbered, first):
        other = changed(network, "acls", subnet, entries=(*held, entry))
        pair = (answers(other, question), answers(network, question))
        assert no_less(*pair) if added.allow else no_less(*reversed(pair))


@unhurried
@given(networks(), st.sampled_from(CROSSING), st.integers(0, 1), st.booleans())
def test_a_denying_acl_beats_every_rule(
    network: Network, ends: tuple[Node, Node], denying: int, egress: bool
) -> None:
    subnet = str(ends[denying].subnets[0])  # type: ignore[index]
    kept = tuple(entry for entry in OPEN if entry.egress is egress)
    denied = changed(network, "acls", subnet, entries=kept)
    assert answers(denied, (ends, 443)) == (RANK[Verdict.blocked], RANK[Verdict.blocked])


@unhurried
@given(networks(), asked)
def test_what_is_open_everywhere_is_open_somewhere(network: Network, question: Question) -> None:
    (source, target), port = question
    reach = Reachability(network).reach(source, target, port, families=IPV4)
    assert RANK[reach.everywhere] <= RANK[reach.anywhere]


@unhurried
@given(networks(), asked)
def test_names_do_not_matter(network: Network, question: Question) -> None:
    (source, target), port = question
    renamed = (renamed_ids(source), renamed_ids(target)), port
    assert answers(renamed_ids(network), renamed) == answers(network, question)


NAMES = {*GROUPS, *SUBNETS, "igw", "nat", "s3", "pl-s3"}


def renamed_ids(thing: Any) -> Any:
    """The same with every id reversed; what a service is called is no id."""
    if isinstance(thing, tuple):
        return tuple(map(renamed_ids, thing))
    if isinstance(thing, str):
        return thing[::-1] if thing in NAMES else thing
    if is_dataclass(thing) and not isinstance(thing, Service | type):
        kept = {"label", "name", "protocol", "kind", "service"}
        own = [f.name for f in fields(thing) if f.name not in kept]
        return replace(thing, **{name: renamed_ids(getattr(thing, name)) for name in own})
    return thing


@unhurried
@given(networks(), asked, st.randoms(use_true_random=False))
def test_order_does_not_matter(network: Network, question: Question, random: Any) -> None:
    def shuffled(things: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(things, len(things)))

    other = replace(
        network,
        groups=shuffled(tuple(replace(g, ingress=shuffled(g.ingress)) for g in network.groups)),
        acls=shuffled(tuple(replace(a, entries=shuffled(a.entries)) for a in network.acls)),
        tables=shuffled(tuple(replace(t, routes=shuffled(t.routes)) for t in network.tables)),
        subnets=shuffled(network.subnets),
    )
    assert answers(other, question) == answers(network, question)


# --- Unknown --------------------------------------------------------------------------------


def forgotten(network: Network, kind: str, held: str, part: str) -> Network:
    """Nobody knows a part of the first that each thing of a kind holds, or of the thing itself."""

    def forget(one: Any) -> Any:
        return replace(one, **{part: WHY})

    def first(one: Any) -> Any:
        all_ = getattr(one, held)
        return replace(one, **{held: (*map(forget, all_[:1]), *all_[1:])})

    return replace(network, **{kind: tuple(map(first if held else forget, getattr(network, kind)))})


@pytest.mark.parametrize(
    ("kind", "held", "part"),
    [
        *(("groups", "ingress", part) for part in ("protocol", "ports", "peer")),
        *(("groups", "egress", part) for part in ("protocol", "ports", "peer")),
        *(("acls", "entries", part) for part in ("number", "allow", "protocol", "ports", "range")),
        *(("tables", "routes", part) for part in ("destination", "gateway")),
        *(("subnets", "", part) for part in ("table", "acl", "range", "range6")),
        *(("prefix_lists", "", part) for part in ("ranges",)),
        *(("gateways", "", part) for part in ("subnet", "public")),
        *(("endpoints", "", part) for part in ("service",)),
    ],
)
@unhurried
@given(network=networks(), question=asked)
def test_what_is_sure_without_knowing_all_is_true(
    kind: str, held: str, part: str, network: Network, question: Question
) -> None:
    known = answers(network, question)
    unsure = answers(forgotten(network, kind, held, part), question)
    pairs = zip(unsure, known, strict=True)
    assert all(one in (RANK[Verdict.unknown], other) for one, other in pairs)


# --- Addresses and ports --------------------------------------------------------------------

small = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda p: Range(4, min(p), max(p)))


@unhurried
@given(st.lists(small, min_size=1, max_size=4), st.lists(small, max_size=5))
def test_regions_hold_every_address_once(domain: list[Range], cuts: list[Range]) -> None:
    def around(address: int) -> frozenset[Range]:
        return frozenset(cut for cut in cuts if cut.holds(address))

    own = {address for part in domain for address in range(part.first, part.last + 1)}
    found = [region.address for region in regions(domain, cuts)]
    assert set(found) <= own
    assert sorted(map(sorted, map(around, found))) == sorted(map(sorted, {around(a) for a in own}))


@unhurried
@given(
    networks(), st.sampled_from(["lb", "app", "database"]), st.integers(0, 255), st.integers(1, 3)
)
def test_every_address_is_answered_for(network: Network, name: str, last: int, subnet: int) -> None:
    target = replace(find(NETWORK.nodes, name), listens=None)
    whole = Hosts("a host", (cidr(f"10.0.{subnet}.0/24"),))
    one = Hosts("a host", (cidr(f"10.0.{subnet}.{last}/32"),))
    all_, single = (answers(network, ((source, target), 443)) for source in (whole, one))
    assert all_[0] <= single[0]
    assert all_[1] >= single[1]


@unhurried
@given(networks(), st.sampled_from(PAIRS), st.integers(0, 65535), st.sampled_from(["tcp", "udp"]))
def test_openings_are_the_ports_that_are_not_blocked(
    network: Network, pair: tuple[Source, Target], port: int, protocol: str
) -> None:
    reachability = Reachability(network)
    openings = [o for o in reachability.openings(*pair) if o.protocol == protocol]
    reach = reachability.reach(*pair, port, protocol)
    opened = any(port in opening.ports for opening in openings)
    assert opened is (reach.anywhere is not Verdict.blocked)
