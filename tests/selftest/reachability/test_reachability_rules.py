"""The rules of a VPC by hand-written cases: what is open, what is blocked, and by what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.selftest.reachability.small import (
    APP,
    DATABASE,
    EVERYWHERE,
    EVERYWHERE_6,
    LB,
    NETWORK,
    OPEN,
    TO_IGW,
    TO_NAT,
    TO_S3,
    admitting,
    anywhere,
    changed,
    entry,
    everywhere,
    node,
    rule,
)
from tests.support.reachability.addresses import cidr
from tests.support.reachability.engine import IPV4, Reachability
from tests.support.reachability.model import (
    ELSEWHERE,
    INTERNET,
    Acl,
    Endpoint,
    Gateway,
    GatewayKind,
    Hosts,
    Network,
    Node,
    Ports,
    PrefixList,
    PrefixListReference,
    Route,
    RouteTable,
    Rule,
    Service,
    Unknown,
)
from tests.support.reachability.steps import Verdict

pytestmark = pytest.mark.selftest

OPENED, BLOCKED, UNKNOWN = Verdict.open, Verdict.blocked, Verdict.unknown
ANYBODY = Hosts("anybody", (cidr("10.0.2.0/24"),))
WHY = Unknown("known only after apply")


def told(network: Network, source: object, target: object, port: int, verdict: Verdict) -> str:
    """The first way with that verdict, in words."""
    reach = Reachability(network).reach(source, target, port)  # type: ignore[arg-type]
    return str(reach.way(verdict))


def with_acl(subnet: str, *entries: object) -> Network:
    """The network with another ACL at a subnet."""
    return changed(NETWORK, "acls", subnet, entries=entries)


def with_routes(table: str, *routes: Route) -> Network:
    """The network with another route table."""
    return changed(NETWORK, "tables", table, routes=routes)


# --- The paths of the small network ---------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "port", "way"),
    [
        (INTERNET, LB, 443,
         "internet → igw → public subnet 10.0.1.0/24 → sg lb allows 0.0.0.0/0:443"),
        (LB, APP, 3000,
         "lb → public subnet 10.0.1.0/24 → sg lb lets out to sg app:3000 → private subnet "
         "10.0.2.0/24 → sg app allows sg lb:3000"),
        (APP, DATABASE, 5432,
         "app → private subnet 10.0.2.0/24 → sg app lets out to 0.0.0.0/0:all → isolated subnet "
         "10.0.3.0/24 → sg database allows sg app:5432"),
        (APP, INTERNET, 443,
         "app → private subnet 10.0.2.0/24 → sg app lets out to 0.0.0.0/0:all → nat → igw → "
         "internet"),
        (APP, Service("s3"), 443,
         "app → private subnet 10.0.2.0/24 → sg app lets out to 0.0.0.0/0:all → s3 → s3"),
        (APP, Service("logs"), 443,
         "app → private subnet 10.0.2.0/24 → sg app lets out to 0.0.0.0/0:all → nat → igw → "
         "logs on the internet"),
    ],
    ids=["internet->lb", "lb->app", "app->database", "app->internet", "app->s3", "app->logs"],
)  # fmt: skip
def test_open_path_is_told_hop_by_hop(source: Node, target: Node, port: int, way: str) -> None:
    assert everywhere(NETWORK, source, target, port, families=IPV4) is OPENED
    assert told(NETWORK, source, target, port, OPENED) == way


@pytest.mark.parametrize(
    ("source", "target", "port", "reason"),
    [
        (INTERNET, LB, 22, "sg lb does not allow internet:22"),
        (INTERNET, APP, 3000, "only by nat, which lets nothing in"),
        (INTERNET, DATABASE, 5432, "isolated subnet 10.0.3.0/24 has no route to internet"),
        (ELSEWHERE, DATABASE, 5432, "has no route to joined networks"),
        (LB, DATABASE, 5432, "sg lb does not let out to database:5432"),
        (ANYBODY, DATABASE, 5432, "sg database does not allow anybody:5432, only sg app"),
        (ANYBODY, APP, 3000, "sg app does not allow anybody:3000, only sg lb"),
        (DATABASE, APP, 3000, "sg database does not let out to app:3000"),
        (DATABASE, INTERNET, 443, "sg database does not let out to internet:443"),
        (APP, LB, 80, "sg lb does not allow app:80"),
    ],
    ids=lambda value: getattr(value, "label", value) if not isinstance(value, str) else "",
)  # fmt: skip
def test_blocked_path_ends_at_what_blocks_it(
    source: Node, target: Node, port: int, reason: str
) -> None:
    assert anywhere(NETWORK, source, target, port) is BLOCKED
    assert reason in told(NETWORK, source, target, port, BLOCKED)


# --- Security groups ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("added", "port", "protocol", "verdict"),
    [
        (rule(5432, "10.0.2.0/24"), 5432, "tcp", OPENED),
        (rule(5432, "10.0.2.0/24"), 5433, "tcp", BLOCKED),
        (rule(5432, "10.0.2.0/24"), 5432, "udp", BLOCKED),
        (rule(5432, "10.0.2.0/24", "udp"), 5432, "udp", OPENED),
        (rule(None, "10.0.2.0/24", "-1"), 1, "udp", OPENED),
        (rule(None, "10.0.2.0/24", "icmp"), 5432, "tcp", BLOCKED),
        (rule(5432, "10.0.1.0/24"), 5432, "tcp", BLOCKED),
        (rule(5432, "database"), 5432, "tcp", BLOCKED),
        (rule(5432, "::/0"), 5432, "tcp", BLOCKED),
        (Rule("tcp", Ports(5000, 6000), EVERYWHERE), 5432, "tcp", OPENED),
        (Rule("tcp", Ports(5000, 6000), WHY), 5432, "tcp", UNKNOWN),
        (Rule("tcp", WHY, EVERYWHERE), 5432, "tcp", UNKNOWN),
        (Rule(WHY, Ports(0, 1), EVERYWHERE), 5432, "tcp", UNKNOWN),
        (Rule("tcp", Ports(5000, 5001), WHY), 5432, "tcp", BLOCKED),
        (rule(5432, "pl-nowhere"), 5432, "tcp", UNKNOWN),
        (rule(5432, "pl-s3"), 5432, "tcp", BLOCKED),
    ],
)
def test_rule_admits_whom_it_names(added: Rule, port: int, protocol: str, verdict: Verdict) -> None:
    network = admitting(NETWORK, "database", added)
    assert (
        anywhere(network, ANYBODY, replace(DATABASE, listens=None), port, protocol=protocol)
        is verdict
    )


def test_rule_for_half_a_subnet_is_open_somewhere_and_not_everywhere() -> None:
    network = admitting(NETWORK, "database", rule(5432, "10.0.2.0/25"))
    assert anywhere(network, ANYBODY, DATABASE, 5432) is OPENED
    assert everywhere(network, ANYBODY, DATABASE, 5432) is BLOCKED
    assert "subnet 10.0.2.0/24 (10.0.2.0/25)" in told(network, ANYBODY, DATABASE, 5432, OPENED)


def test_rule_for_one_address_of_the_internet_is_open_somewhere() -> None:
    network = admitting(NETWORK, "lb", rule(22, "203.0.113.7/32"))
    assert anywhere(network, INTERNET, replace(LB, listens=None), 22) is OPENED
    assert "internet (203.0.113.7/32) → igw" in told(
        network, INTERNET, replace(LB, listens=None), 22, OPENED
    )


def test_rule_that_names_a_group_admits_its_holders_only() -> None:
    holder = replace(ANYBODY, groups=("app",))
    assert anywhere(NETWORK, holder, DATABASE, 5432) is OPENED
    assert anywhere(NETWORK, ANYBODY, DATABASE, 5432) is BLOCKED


def test_answers_need_no_rule_of_a_group() -> None:
    network = changed(NETWORK, "groups", "app", egress=(rule(5432, "database"),))
    assert everywhere(network, APP, DATABASE, 5432, families=IPV4) is OPENED
    assert everywhere(network, LB, APP, 3000, families=IPV4) is OPENED


def test_one_of_several_groups_is_enough() -> None:
    both = replace(LB, groups=("lb", "app"))
    assert anywhere(NETWORK, both, DATABASE, 5432) is OPENED


@pytest.mark.parametrize(
    ("groups", "verdict"), [(WHY, UNKNOWN), (("sg-elsewhere",), UNKNOWN), ((), OPENED)]
)
def test_groups_that_are_not_described_leave_it_open(
    groups: tuple[str, ...] | Unknown, verdict: Verdict
) -> None:
    assert anywhere(NETWORK, APP, replace(DATABASE, groups=groups), 5432) is verdict


# --- Listeners ------------------------------------------------------------------------------


def test_nothing_is_reached_where_nothing_listens() -> None:
    network = admitting(NETWORK, "lb", rule(8443, "0.0.0.0/0"))
    assert "lb listens on 443, not on 8443" in told(network, INTERNET, LB, 8443, BLOCKED)
    assert [str(one) for one in Reachability(network).openings(INTERNET, LB)] == [
        "443/tcp",
        "8443/tcp",
    ]


def test_unknown_listeners_are_unknown() -> None:
    assert anywhere(NETWORK, INTERNET, replace(LB, listens=WHY), 443) is UNKNOWN


# --- Network ACLs ---------------------------------------------------------------------------

IN_5432, OUT_5432 = (entry(100, way, "allow", (5432, 5432)) for way in ("in", "out"))
IN_HIGH, OUT_HIGH = (entry(100, way, "allow", (1024, 65535)) for way in ("in", "out"))


@pytest.mark.parametrize(
    ("entries", "somewhere", "throughout"),
    [
        (OPEN, OPENED, OPENED),
        ((), BLOCKED, BLOCKED),
        ((entry(90, "in", "deny", (5432, 5432)), *OPEN), BLOCKED, BLOCKED),
        ((*OPEN, entry(110, "in", "deny", (5432, 5432))), OPENED, OPENED),
        ((IN_5432,), BLOCKED, BLOCKED),
        ((IN_5432, OUT_HIGH), OPENED, OPENED),
        ((IN_5432, entry(100, "out", "allow", (32768, 65535))), OPENED, BLOCKED),
        ((IN_5432, OUT_5432), OPENED, BLOCKED),
        ((IN_5432, entry(100, "out", "allow", (443, 443))), BLOCKED, BLOCKED),
        ((entry(90, "in", "deny", addresses="10.0.2.0/25"), *OPEN), OPENED, BLOCKED),
        ((entry(90, "in", "deny", protocol="udp"), *OPEN), OPENED, OPENED),
        ((entry(90, "in", "deny", protocol="-1"), *OPEN), BLOCKED, BLOCKED),
        ((replace(entry(90, "in", "deny"), ports=WHY), *OPEN), UNKNOWN, UNKNOWN),
        ((replace(entry(90, "in", "allow"), ports=WHY), *OPEN), OPENED, OPENED),
        ((replace(entry(90, "in", "deny"), allow=WHY), *OPEN), UNKNOWN, UNKNOWN),
        ((replace(entry(90, "in", "deny"), number=WHY), *OPEN), UNKNOWN, UNKNOWN),
        ((replace(entry(90, "in", "deny", (22, 22)), number=WHY), *OPEN), OPENED, OPENED),
        ((replace(entry(110, "in", "deny"), range=WHY), *OPEN), OPENED, OPENED),
        ((replace(IN_5432, ports=WHY), OUT_HIGH), UNKNOWN, UNKNOWN),
    ],
    ids=[
        "default", "empty", "deny-first", "deny-too-late", "no-way-back", "ephemeral-ports",
        "not-all-ephemeral-ports", "one-ephemeral-port", "no-ephemeral-port", "half-the-subnet",
        "other-protocol", "every-protocol", "unknown-ports", "unknown-ports-same-end",
        "unknown-action", "unknown-number", "unknown-number-of-another-port", "unknown-after-all",
        "unknown-alone",
    ],
)  # fmt: skip
def test_acl_of_the_target_decides_by_number(
    entries: tuple[object, ...], somewhere: Verdict, throughout: Verdict
) -> None:
    network = with_acl("isolated", *entries)
    assert anywhere(network, APP, DATABASE, 5432) is somewhere
    assert everywhere(network, APP, DATABASE, 5432, families=IPV4) is throughout


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ((OUT_5432, IN_HIGH), OPENED),
        ((OUT_5432,), BLOCKED),
        ((IN_HIGH,), BLOCKED),
    ],
    ids=["both-ways", "no-answer", "no-question"],
)  # fmt: skip
def test_acl_of_the_source_must_pass_question_and_answer(
    entries: tuple[object, ...], verdict: Verdict
) -> None:
    assert everywhere(with_acl("private", *entries), APP, DATABASE, 5432, families=IPV4) is verdict


def test_acl_says_which_entry_denies() -> None:
    network = with_acl("isolated", entry(90, "in", "deny", (5432, 5432)), *OPEN)
    assert "acl isolated: entry 90 denies in from app:5432" in told(
        network, APP, DATABASE, 5432, BLOCKED
    )


def test_acl_says_that_the_answer_is_denied() -> None:
    denied = "acl isolated: its last entry denies out to app:1024 (the answer)"
    assert denied in told(with_acl("isolated", IN_5432), APP, DATABASE, 5432, BLOCKED)


def test_acl_does_not_stand_between_hosts_of_one_subnet() -> None:
    network = replace(with_acl("isolated"), nodes=())
    neighbour = Hosts("a neighbour", (cidr("10.0.3.0/24"),), ("app",))
    assert anywhere(network, neighbour, DATABASE, 5432) is OPENED


def test_client_from_outside_may_ask_from_any_port() -> None:
    entries = (entry(100, "in", "allow", (443, 443)), entry(100, "out", "allow", (1, 1023)))
    assert anywhere(with_acl("public", *entries), INTERNET, LB, 443) is OPENED
    assert everywhere(with_acl("public", *entries), INTERNET, LB, 443, families=IPV4) is BLOCKED


def test_clients_use_no_ports_below_the_ephemeral_ones() -> None:
    entries = (entry(100, "in", "allow", (443, 443)), OUT_HIGH)
    assert everywhere(with_acl("public", *entries), INTERNET, LB, 443, families=IPV4) is OPENED


@pytest.mark.parametrize(
    "entries",
    [
        (entry(90, "out", "deny", (443, 443)), *OPEN),
        (entry(90, "in", "deny", (1024, 65535), "128.0.0.0/1"), *OPEN),
        (entry(90, "in", "deny", (2000, 2000)), *OPEN),
    ],
    ids=["question", "answer", "one-answer"],
)
def test_acl_of_the_source_stands_in_the_way_out(entries: tuple[object, ...]) -> None:
    network = with_acl("private", *entries)
    assert everywhere(network, APP, INTERNET, 443, families=IPV4) is BLOCKED
    assert everywhere(network, LB, APP, 3000, families=IPV4) is OPENED


def test_one_unknown_way_leaves_the_whole_unknown() -> None:
    network = changed(NETWORK, "subnets", "isolated", acl=WHY)
    both = replace(DATABASE, subnets=("private", "isolated"))
    assert anywhere(network, APP, both, 5432) is OPENED
    assert everywhere(network, APP, both, 5432, families=IPV4) is UNKNOWN


def test_subnet_without_a_described_acl_is_unknown() -> None:
    network = changed(NETWORK, "subnets", "isolated", acl=WHY)
    assert anywhere(network, APP, DATABASE, 5432) is UNKNOWN
    assert anywhere(network, LB, DATABASE, 5432) is BLOCKED


# --- Routes and gateways --------------------------------------------------------------------

TGW = Gateway("tgw", "tgw", GatewayKind.other)


def outward(*routes: Route) -> Network:
    """The network with other routes of the private subnet, and a transit gateway."""
    network = with_routes("private", *routes)
    return replace(network, gateways=(*network.gateways, TGW))


@pytest.mark.parametrize(
    ("routes", "somewhere", "throughout"),
    [
        ((TO_NAT,), OPENED, OPENED),
        ((), BLOCKED, BLOCKED),
        ((TO_IGW,), BLOCKED, BLOCKED),
        ((Route(EVERYWHERE, None),), BLOCKED, BLOCKED),
        ((TO_NAT, Route(cidr("8.8.8.0/24"), None)), OPENED, BLOCKED),
        ((Route(cidr("8.8.8.0/24"), "nat"),), OPENED, BLOCKED),
        ((TO_NAT, Route(cidr("10.0.0.0/8"), None)), OPENED, OPENED),
        ((Route(EVERYWHERE, "tgw"),), UNKNOWN, UNKNOWN),
        ((Route(EVERYWHERE, WHY),), UNKNOWN, UNKNOWN),
        ((Route(EVERYWHERE, "nat-gone"),), UNKNOWN, UNKNOWN),
        ((TO_NAT, Route(WHY, "tgw")), UNKNOWN, UNKNOWN),
        ((TO_NAT, Route(EVERYWHERE, "tgw", propagated=True)), OPENED, OPENED),
        ((Route(EVERYWHERE, "tgw", propagated=True), TO_NAT), OPENED, OPENED),
        ((Route(cidr("8.8.8.8/32"), "nat"), Route(WHY, "tgw")), UNKNOWN, UNKNOWN),
        ((TO_NAT, Route(PrefixListReference("pl-s3"), None)), OPENED, OPENED),
        ((TO_NAT, Route(PrefixListReference("pl-not-described"), "tgw")), UNKNOWN, UNKNOWN),
    ],
    ids=[
        "nat", "none", "igw-without-address", "black-hole", "more-specific-black-hole",
        "part-of-the-internet", "other-black-hole", "transit", "unknown-gateway", "gateway-gone",
        "unknown-destination", "static-before-propagated", "in-any-order", "unknown-as-exact",
        "prefix-list-of-an-endpoint", "prefix-list-not-described",
    ],
)  # fmt: skip
def test_most_specific_route_decides(
    routes: tuple[Route, ...], somewhere: Verdict, throughout: Verdict
) -> None:
    assert anywhere(outward(*routes), APP, INTERNET, 443) is somewhere
    assert everywhere(outward(*routes), APP, INTERNET, 443, families=IPV4) is throughout


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        ((), OPENED),
        ((Route(EVERYWHERE, None),), OPENED),
        ((Route(WHY, "tgw", propagated=True),), OPENED),
        ((Route(cidr("10.0.0.0/8"), None),), OPENED),
        ((Route(cidr("10.0.3.0/24"), "tgw"),), UNKNOWN),
        ((Route(cidr("10.0.3.0/24"), None),), BLOCKED),
        ((Route(WHY, "tgw"),), UNKNOWN),
    ],
    ids=["none", "default", "propagated", "wider", "more-specific", "black-hole", "unknown"],
)
def test_local_route_is_there_without_being_written(
    routes: tuple[Route, ...], verdict: Verdict
) -> None:
    assert anywhere(outward(*routes), APP, DATABASE, 5432) is verdict


def test_way_back_is_routed_as_well() -> None:
    network = with_routes("isolated", Route(cidr("10.0.2.0/24"), "tgw"))
    network = replace(network, gateways=(*network.gateways, TGW))
    assert anywhere(network, APP, DATABASE, 5432) is UNKNOWN


def test_public_address_opens_the_way_out_by_the_internet_gateway() -> None:
    network = outward(TO_IGW)
    assert anywhere(network, replace(APP, public=True), INTERNET, 443) is OPENED
    assert anywhere(network, replace(APP, public=WHY), INTERNET, 443) is UNKNOWN
    assert "app has no public address" in told(network, APP, INTERNET, 443, BLOCKED)


@pytest.mark.parametrize(("public", "verdict"), [(True, OPENED), (False, BLOCKED), (WHY, UNKNOWN)])
def test_internet_reaches_only_what_has_a_public_address(
    public: bool | Unknown, verdict: Verdict
) -> None:
    assert anywhere(NETWORK, INTERNET, replace(LB, public=public), 443) is verdict


@pytest.mark.parametrize(
    ("values", "verdict", "told_"),
    [
        ({"subnet": "private"}, BLOCKED, "has no route to an internet gateway"),
        ({"subnet": "isolated"}, BLOCKED, "has no route to an internet gateway"),
        ({"public": False}, BLOCKED, "nat has no public address"),
        ({"public": WHY}, UNKNOWN, "nat: known only after apply"),
        ({"subnet": WHY}, UNKNOWN, "the subnet of nat"),
        ({"subnet": "subnet-elsewhere"}, UNKNOWN, "subnet-elsewhere is not described"),
    ],
    ids=[
        "in-its-own-subnet", "in-an-isolated-subnet", "private", "unknown", "unknown-subnet",
        "other-subnet",
    ],
)  # fmt: skip
def test_nat_gateway_needs_a_way_out_itself(
    values: dict[str, object], verdict: Verdict, told_: str
) -> None:
    network = changed(NETWORK, "gateways", "nat", **values)
    assert anywhere(network, APP, INTERNET, 443) is verdict
    assert told_ in told(network, APP, INTERNET, 443, verdict)


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ((entry(90, "in", "deny", addresses="10.0.2.0/24"), *OPEN), BLOCKED),
        ((entry(90, "out", "deny", (443, 443)), *OPEN), BLOCKED),
        ((entry(90, "in", "deny", (1024, 65535), "0.0.0.0/1"), *OPEN), BLOCKED),
        ((entry(90, "out", "deny", (1024, 65535), "10.0.2.0/24"), *OPEN), BLOCKED),
        ((entry(90, "in", "deny", (22, 22)), *OPEN), OPENED),
    ],
    ids=[
        "from-the-source", "to-the-internet", "answers-from-the-internet", "answers-to-the-source",
        "other",
    ],
)  # fmt: skip
def test_acl_of_the_nat_gateways_subnet_stands_in_the_way(
    entries: tuple[object, ...], verdict: Verdict
) -> None:
    assert everywhere(with_acl("public", *entries), APP, INTERNET, 443, families=IPV4) is verdict


def test_gateway_with_a_table_of_its_own_is_unknown() -> None:
    network = changed(NETWORK, "gateways", "igw", public=WHY)
    assert anywhere(network, INTERNET, LB, 443) is UNKNOWN


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        ((TO_NAT, Route(cidr("192.168.0.0/16"), "tgw")), UNKNOWN),
        ((TO_NAT,), BLOCKED),
        ((), BLOCKED),
    ],
    ids=["transit", "nat", "none"],
)
def test_what_a_joined_network_lets_through_is_unknown(
    routes: tuple[Route, ...], verdict: Verdict
) -> None:
    network = admitting(outward(*routes), "app", rule(3000, "192.168.0.0/16"))
    assert anywhere(network, ELSEWHERE, APP, 3000) is verdict


def test_joined_network_that_no_group_admits_is_blocked() -> None:
    network = outward(TO_NAT, Route(cidr("192.168.0.0/16"), "tgw"))
    assert anywhere(network, ELSEWHERE, APP, 3000) is BLOCKED


# --- AWS services ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("egress", "verdict"),
    [
        (rule(443, "pl-s3"), OPENED),
        (rule(443, "0.0.0.0/0"), OPENED),
        (rule(443, "10.0.0.0/16"), BLOCKED),
        (rule(443, "52.216.0.0/16"), UNKNOWN),
        (rule(80, "pl-s3"), BLOCKED),
    ],
    ids=["list", "everywhere", "vpc", "part", "other-port"],
)
def test_gateway_endpoint_needs_a_rule_for_its_list(egress: Rule, verdict: Verdict) -> None:
    network = changed(with_routes("private", TO_S3), "groups", "app", egress=(egress,))
    assert everywhere(network, APP, Service("s3"), 443, families=IPV4) is verdict


def test_endpoint_takes_nothing_from_the_internet() -> None:
    network = with_routes("public", TO_IGW, TO_S3)
    assert everywhere(network, INTERNET, LB, 443, families=IPV4) is OPENED


def test_service_without_an_endpoint_in_the_table_is_on_the_internet() -> None:
    assert "nat → igw → s3 on the internet" in told(
        with_routes("private", TO_NAT), APP, Service("s3"), 443, OPENED
    )
    assert anywhere(with_routes("private"), APP, Service("s3"), 443) is BLOCKED


@pytest.mark.parametrize(
    ("private_dns", "verdict"), [(True, OPENED), (False, BLOCKED), (WHY, UNKNOWN)]
)
def test_interface_endpoint_takes_the_name_of_its_service(
    private_dns: bool | Unknown, verdict: Verdict
) -> None:
    interface = Node("vpce", "vpce", ("isolated",), ("lb",), listens=(443,))
    network = replace(
        with_routes("private"),
        nodes=(*NETWORK.nodes, interface),
        endpoints=(Endpoint("vpce", "logs", None, private_dns),),
    )
    assert anywhere(network, APP, Service("logs"), 443) is verdict


def test_endpoint_of_an_unknown_service_may_be_any() -> None:
    network = replace(NETWORK, endpoints=(Endpoint("s3", WHY, "pl-s3"),))
    assert anywhere(network, APP, Service("s3"), 443) is UNKNOWN


# --- IPv6 -----------------------------------------------------------------------------------

SIX = cidr("2600:1f18::/64")
SIX_LB = replace(LB, ipv6=True)
SIX_NETWORK = replace(
    changed(changed(NETWORK, "subnets", "public", range6=SIX), "tables", "public",
            routes=(TO_IGW, Route(EVERYWHERE_6, "igw"))),
    ranges=(*NETWORK.ranges, cidr("2600:1f18::/56")),
)  # fmt: skip


def test_ipv6_rule_is_told_to_be_useless_where_there_is_no_ipv6() -> None:
    network = admitting(NETWORK, "database", rule(5432, "::/0"))
    assert anywhere(network, INTERNET, DATABASE, 5432, families=(6,)) is BLOCKED
    assert (
        "database has no IPv6 address, so it changes nothing that sg database allows ::/0"
        in str(Reachability(network).reach(INTERNET, DATABASE, 5432, families=(6,)).ways[0])
    )


@pytest.mark.parametrize(
    ("added", "values", "verdict"),
    [
        (rule(443, "::/0"), {}, OPENED),
        (rule(443, "0.0.0.0/0"), {}, BLOCKED),
        (rule(443, "::/0"), {"range6": None}, BLOCKED),
        (rule(443, "::/0"), {"range6": WHY}, UNKNOWN),
    ],
    ids=["open", "no-rule", "no-range", "unknown-range"],
)
def test_ipv6_is_a_way_of_its_own(added: Rule, values: dict[str, object], verdict: Verdict) -> None:
    network = changed(admitting(SIX_NETWORK, "lb", added), "subnets", "public", **values)
    assert anywhere(network, INTERNET, SIX_LB, 443, families=(6,)) is verdict


@pytest.mark.parametrize(("ipv6", "verdict"), [(True, OPENED), (False, BLOCKED), (WHY, UNKNOWN)])
def test_ipv6_needs_an_address_of_the_node(ipv6: bool | Unknown, verdict: Verdict) -> None:
    network = admitting(SIX_NETWORK, "lb", rule(443, "::/0"))
    assert anywhere(network, INTERNET, replace(LB, ipv6=ipv6), 443, families=(6,)) is verdict


def test_ipv6_needs_no_public_address() -> None:
    network = admitting(SIX_NETWORK, "lb", rule(443, "::/0"))
    internal = replace(SIX_LB, public=False)
    assert anywhere(network, INTERNET, internal, 443, families=(6,)) is OPENED
    assert anywhere(network, INTERNET, internal, 443, families=IPV4) is BLOCKED


def test_egress_only_gateway_lets_nothing_in() -> None:
    routes = (TO_IGW, Route(EVERYWHERE_6, "eigw"))
    gateways = (*NETWORK.gateways, Gateway("eigw", "eigw", GatewayKind.egress_only))
    network = changed(replace(SIX_NETWORK, gateways=gateways), "tables", "public", routes=routes)
    network = changed(
        network, "groups", "lb", ingress=(rule(443, "::/0"),), egress=(rule(443, "::/0"),)
    )
    assert anywhere(network, INTERNET, SIX_LB, 443, families=(6,)) is BLOCKED
    assert anywhere(network, SIX_LB, INTERNET, 443, families=(6,)) is OPENED


def test_nat_gateway_carries_no_ipv6() -> None:
    network = changed(SIX_NETWORK, "tables", "private", routes=(Route(EVERYWHERE_6, "nat"),))
    network = changed(network, "subnets", "private", range6=cidr("2600:1f18:0:1::/64"))
    network = changed(network, "groups", "app", egress=(rule(443, "::/0"),))
    assert anywhere(network, replace(APP, ipv6=True), INTERNET, 443, families=(6,)) is BLOCKED


# --- Sources, openings, and what is not there -----------------------------------------------


def test_node_in_no_described_subnet_is_unknown() -> None:
    assert anywhere(NETWORK, replace(APP, subnets=("subnet-else",)), DATABASE, 5432) is UNKNOWN
    assert anywhere(NETWORK, replace(APP, subnets=WHY), DATABASE, 5432) is UNKNOWN


def test_node_in_no_subnet_reaches_nothing() -> None:
    assert "app is in no subnet" in told(NETWORK, replace(APP, subnets=()), DATABASE, 5432, BLOCKED)


def test_hosts_without_a_subnet_reach_nothing() -> None:
    nowhere = Hosts("a host", (cidr("10.0.9.0/24"),))
    assert "no subnet has IPv4 addresses for a host" in told(NETWORK, nowhere, APP, 3000, BLOCKED)


def test_every_subnet_of_a_node_must_be_open_everywhere() -> None:
    network = changed(NETWORK, "nodes", "app", subnets=("private", "isolated"))
    app = node(network, "app")
    assert anywhere(network, app, INTERNET, 443) is OPENED
    assert everywhere(network, app, INTERNET, 443, families=IPV4) is BLOCKED


@pytest.mark.parametrize(
    ("added", "openings"),
    [
        ((), ["443/tcp"]),
        ((rule(444, "0.0.0.0/0"),), ["443-444/tcp"]),
        ((rule(53, "0.0.0.0/0", "udp"),), ["443/tcp", "53/udp"]),
        ((rule(None, "203.0.113.0/24", "-1"),), ["0-65535/tcp", "0-65535/udp"]),
        ((rule(22, "10.0.0.0/8"),), ["443/tcp"]),
        ((Rule("tcp", Ports(22, 23), WHY),), ["22-23/tcp", "443/tcp"]),
    ],
    ids=["one", "neighbours", "udp", "all", "not-the-internet", "unknown"],
)
def test_openings_are_all_ports_that_are_not_blocked(
    added: tuple[Rule, ...], openings: list[str]
) -> None:
    reachability = Reachability(admitting(NETWORK, "lb", *added))
    assert [str(one) for one in reachability.openings(INTERNET, LB)] == openings


def test_openings_heed_the_ports_of_an_acl() -> None:
    network = admitting(NETWORK, "lb", rule(None, "0.0.0.0/0", "-1"))
    network = changed(
        network, "acls", "public", entries=(entry(90, "in", "deny", (100, 200)), *OPEN)
    )
    openings = [str(one) for one in Reachability(network).openings(INTERNET, LB)]
    assert openings == ["0-99/tcp", "201-65535/tcp", "0-65535/udp"]


def test_everybody_is_asked() -> None:
    openings = Reachability(NETWORK).openings_to_everybody(DATABASE)
    assert [one.source.label for one in openings] == ["app", "a host with sg app"]


def test_holders_are_found_by_the_name_of_their_group() -> None:
    assert [one.label for one in Reachability(NETWORK).holders("app-")] == ["a host with sg app"]
    assert Reachability(NETWORK).holders("db-x") == []


def test_one_who_holds_another_tiers_group_is_found() -> None:
    network = changed(NETWORK, "nodes", "lb", groups=("lb", "app"))
    openings = Reachability(network).openings_to_everybody(DATABASE)
    assert [one.source.label for one in openings] == ["lb", "app", "a host with sg app"]


def test_prefix_list_of_known_ranges_admits_them() -> None:
    office = PrefixList("pl-office", "office", (cidr("203.0.113.0/24"),))
    network = replace(
        admitting(NETWORK, "lb", rule(22, "pl-office")),
        prefix_lists=(*NETWORK.prefix_lists, office),
    )
    lb = replace(LB, listens=None)
    assert anywhere(network, INTERNET, lb, 22) is OPENED
    assert everywhere(network, INTERNET, lb, 22, families=IPV4) is BLOCKED
    assert "internet (203.0.113.0/24)" in told(network, INTERNET, lb, 22, OPENED)


def test_route_table_that_is_not_described_is_unknown() -> None:
    network = changed(NETWORK, "subnets", "private", table="rtb-elsewhere")
    assert anywhere(network, APP, INTERNET, 443) is UNKNOWN


def test_acl_and_table_in_use_need_not_be_the_first() -> None:
    network = replace(
        NETWORK,
        acls=(Acl("other", "other", ()), *NETWORK.acls),
        tables=(RouteTable("other", "other"), *NETWORK.tables),
    )
    assert everywhere(network, APP, DATABASE, 5432, families=IPV4) is OPENED
