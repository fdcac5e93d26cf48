"""What tests ask of answers passes, fails or is unknown, and says the way."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest

from tests.selftest.reachability.small import (
    APP,
    DATABASE,
    LB,
    NETWORK,
    OPEN,
    admitting,
    changed,
    entry,
    rule,
)
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.reachability.ends import Edge, Ends, edges
from tests.support.reachability.engine import IPV4, Reachability
from tests.support.reachability.expectations import (
    expect_no_path,
    expect_only,
    expect_openings,
    expect_path,
    expect_path_through,
)
from tests.support.reachability.model import (
    ELSEWHERE,
    INTERNET,
    Network,
    Node,
    Ports,
    Rule,
    Service,
    Source,
    Target,
    Unknown,
)

pytestmark = pytest.mark.selftest

WHY = Unknown("known only after apply")
IN_DOUBT = admitting(NETWORK, "lb", Rule("tcp", Ports(22, 22), WHY))
ANSWERS_HALF_DENIED = changed(
    NETWORK, "acls", "public", entries=(entry(1, "out", "deny", (1024, 2048)), *OPEN)
)
PASSES = nullcontext()


def fails(text: str) -> AbstractContextManager[object]:
    """A Violation with that text."""
    return pytest.raises(Violation, match=text)


def in_doubt(text: str) -> AbstractContextManager[object]:
    """Invalid with that text."""
    return pytest.raises(Invalid, match=text)


@pytest.mark.parametrize(
    ("network", "source", "target", "port", "outcome"),
    [
        (NETWORK, INTERNET, LB, 443, PASSES),
        (
            NETWORK,
            INTERNET,
            LB,
            80,
            fails("path from internet to lb on port 80; actual internet →"),
        ),
        (ANSWERS_HALF_DENIED, INTERNET, LB, 443, fails("entry 1 denies out to internet:1024")),
        (IN_DOUBT, INTERNET, replace(LB, listens=None), 22, in_doubt("known only after apply")),
    ],
    ids=["open", "blocked", "blocked-somewhere", "unknown"],
)
def test_path_is_expected(
    network: Network, source: Source, target: Target, port: int,
    outcome: AbstractContextManager[object],
) -> None:  # fmt: skip
    reach = Reachability(network).reach(source, target, port, families=IPV4)
    with outcome:
        expect_path("where", reach)


@pytest.mark.parametrize(
    ("network", "source", "target", "port", "outcome"),
    [
        (NETWORK, INTERNET, LB, 80, PASSES),
        (NETWORK, INTERNET, LB, 443, fails("no path from internet to lb on port 443; actual int")),
        (ANSWERS_HALF_DENIED, INTERNET, LB, 443, fails("sg lb allows 0.0.0.0/0:443")),
        (IN_DOUBT, INTERNET, replace(LB, listens=None), 22, in_doubt("known only after apply")),
    ],
    ids=["blocked", "open", "open-somewhere", "unknown"],
)  # fmt: skip
def test_no_path_is_expected(
    network: Network, source: Source, target: Target, port: int,
    outcome: AbstractContextManager[object],
) -> None:  # fmt: skip
    with outcome:
        expect_no_path("where", Reachability(network).reach(source, target, port))


@pytest.mark.parametrize(
    ("target", "gateway", "outcome"),
    [
        (INTERNET, "NAT gateway", PASSES),
        (Service("s3"), "VPC endpoint", PASSES),
        (Service("s3"), "NAT gateway", fails("through a NAT gateway; actual app → .*s3 → s3")),
        (DATABASE, "NAT gateway", fails("not on 443|does not allow app:443")),
    ],
    ids=["nat", "endpoint", "another", "blocked"],
)
def test_path_through_a_gateway_is_expected(
    target: Target, gateway: str, outcome: AbstractContextManager[object]
) -> None:
    with outcome:
        expect_path_through(
            "where", Reachability(NETWORK).reach(APP, target, 443, families=IPV4), gateway
        )


@pytest.mark.parametrize(
    ("network", "ports", "outcome"),
    [
        (NETWORK, [443], PASSES),
        (NETWORK, [], fails("ports open: none; actual 443/tcp: internet → igw")),
        (NETWORK, [80, 443], fails("80/tcp, 443/tcp; actual 80/tcp is closed")),
        (admitting(NETWORK, "lb", rule(53, "0.0.0.0/0", "udp")), [443], fails("actual 53/udp: i")),
        (admitting(NETWORK, "lb", rule(444, "0.0.0.0/0")), [443], fails("actual 443-444/tcp: i")),
        (IN_DOUBT, [443], in_doubt("22/tcp.*known only after apply")),
        (IN_DOUBT, [], fails("443/tcp")),
    ],
    ids=["same", "more", "fewer", "udp", "wider", "unknown", "wrong-and-unknown"],
)  # fmt: skip
def test_open_ports_are_expected(
    network: Network, ports: list[int], outcome: AbstractContextManager[object]
) -> None:
    with outcome:
        expect_openings("where", Reachability(network).openings(INTERNET, LB), ports)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ((), PASSES),
        ((rule(5432, "lb"),), fails("open to app.* and nobody else; actual 5432/tcp: a host with")),
        ((rule(22, "app"),), fails("actual 22/tcp: app")),
        ((rule(5432, "10.0.0.0/16"),), fails("and . more")),
        ((Rule("tcp", Ports(22, 22), WHY),), in_doubt("known only after apply")),
    ],
    ids=["only-those", "somebody-else", "another-port", "everybody", "unknown"],
)  # fmt: skip
def test_nobody_else_is_expected(
    changes: tuple[Rule, ...], outcome: AbstractContextManager[object]
) -> None:
    reachability = Reachability(admitting(NETWORK, "database", *changes))
    meant = [APP, *reachability.holders("app-")]
    with outcome:
        expect_only("where", reachability.openings_to_everybody(DATABASE), meant, 5432)


@pytest.mark.parametrize("ingress", [(), (rule(5432, "lb"),)], ids=["nobody", "another"])
def test_those_who_are_meant_must_get_there(ingress: tuple[Rule, ...]) -> None:
    reachability = Reachability(changed(NETWORK, "groups", "database", ingress=ingress))
    with pytest.raises(Violation):
        expect_only("where", reachability.openings_to_everybody(DATABASE), [APP], 5432)


# --- Ends -----------------------------------------------------------------------------------


@pytest.fixture
def ends() -> Ends:
    """The ends of the small network, with a kind of subnets that it lacks."""
    kinds = {"private": ["10.0.2.0/24"], "public": ["10.9.0.0/24"]}
    return Ends(Reachability(NETWORK), {"lb": LB, "app": APP}, kinds)


def test_edges_are_one_for_each_port() -> None:
    paths = [{"from": "internet", "to": "lb", "ports": [80, 443]}]
    assert list(map(str, edges(paths))) == ["internet->lb:80", "internet->lb:443"]


def test_names_stand_for_ends(ends: Ends) -> None:
    assert ends.source("internet") is INTERNET
    assert ends.source("joined-networks") is ELSEWHERE
    assert ends.source("lb") is ends.node("lb")
    assert ends.target("aws:s3") == Service("s3")
    assert ends.source("private-subnets").label == "a host in the private subnets"


@pytest.mark.parametrize("name", ["databse", "aws:s3", "isolated-subnets", "private"])
def test_name_of_nothing_is_refused(name: str, ends: Ends) -> None:
    with pytest.raises(SuiteError, match=f"{name} is no end of a path"):
        ends.source(name)


def test_kind_of_subnets_that_is_not_there_fails(ends: Ends) -> None:
    with pytest.raises(Violation, match="at least one public subnet"):
        ends.source("public-subnets")


def test_edge_is_looked_for_where_its_node_is(ends: Ends) -> None:
    here = replace(ends, nodes={"app": replace(APP, where="ecs.tf:1 app")})
    assert here.where(Edge("internet", "app", 3000)) == "ecs.tf:1 app"
    assert here.where(Edge("app", "internet", 443)) == "ecs.tf:1 app"


@pytest.mark.parametrize(
    ("node", "ranges"),
    [(APP, ["10.0.2.0/24"]), (replace(APP, subnets=("subnet-else",)), ["subnet-else"])],
    ids=["known", "not-described"],
)
def test_node_has_the_ranges_of_its_subnets(node: Node, ranges: list[str], ends: Ends) -> None:
    assert replace(ends, nodes={"app": node}).ranges("app") == ranges


def test_node_in_unknown_subnets_is_in_doubt(ends: Ends) -> None:
    with pytest.raises(Invalid, match="known only after apply"):
        replace(ends, nodes={"app": replace(APP, subnets=WHY)}).ranges("app")
