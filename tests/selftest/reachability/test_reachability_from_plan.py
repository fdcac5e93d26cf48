"""A network is the same whichever of Terraform's ways it is written in."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.support import planning
from tests.support.reachability.addresses import cidr
from tests.support.reachability.engine import IPV4, Reachability
from tests.support.reachability.from_plan import network
from tests.support.reachability.model import INTERNET, Hosts, Service, Source, Target
from tests.support.reachability.steps import Verdict

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

STACKS = Path(__file__).with_name("stacks")
OPENED, BLOCKED, UNKNOWN = Verdict.open, Verdict.blocked, Verdict.unknown
LB, VENDOR, METERED, APP = "aws_lb.main", "aws_lb.vendor", "aws_lb.metered", "aws_ecs_service.app"
DATABASE, CACHE = "aws_rds_cluster.main", "aws_elasticache_replication_group.main"
OTHERS: dict[str, Source | Target] = {
    "internet": INTERNET,
    "s3": Service("s3"),
    "logs": Service("logs"),
    "private-a": Hosts("a host", (cidr("10.0.11.0/24"),)),
    "holder-of-default": Hosts("a host", (cidr("10.0.11.0/24"),), ("aws_vpc.main",)),
    "holder-of-app": Hosts("a host", (cidr("10.0.11.0/24"),), ("aws_security_group.app",)),
}


@cache
def planned(stack: str) -> Reachability:
    """The network of a stack's plan."""
    return Reachability(network(planning.plan_all(STACKS / stack, ["staging"])["staging"]))


@pytest.fixture(params=["inline", "separate"])
def reachability(request: pytest.FixtureRequest) -> Reachability:
    """The network written in each way."""
    return planned(request.param)


def end(reachability: Reachability, name: str) -> Source | Target:
    """What is called so."""
    nodes = {node.id: node for node in reachability.network.nodes}
    return nodes[name] if name in nodes else OTHERS[name]


@pytest.mark.parametrize(
    ("source", "target", "port", "everywhere", "anywhere"),
    [
        ("internet", LB, 80, OPENED, OPENED),
        ("internet", LB, 443, BLOCKED, BLOCKED),
        ("internet", VENDOR, 80, UNKNOWN, UNKNOWN),
        ("internet", VENDOR, 443, BLOCKED, BLOCKED),
        ("internet", METERED, 80, BLOCKED, BLOCKED),
        ("private-a", METERED, 80, UNKNOWN, UNKNOWN),
        ("internet", APP, 3000, BLOCKED, BLOCKED),
        ("internet", DATABASE, 5432, BLOCKED, BLOCKED),
        (LB, APP, 3000, OPENED, OPENED),
        (LB, APP, 4000, BLOCKED, BLOCKED),
        (LB, DATABASE, 5432, BLOCKED, BLOCKED),
        (APP, DATABASE, 5432, BLOCKED, OPENED),  # the ACL denies one of the two private subnets
        (APP, CACHE, 6379, BLOCKED, BLOCKED),
        ("holder-of-default", CACHE, 6379, OPENED, OPENED),  # the default group admits itself
        (APP, "s3", 443, OPENED, OPENED),
        (APP, "s3", 80, BLOCKED, BLOCKED),
        (APP, "logs", 443, OPENED, OPENED),
        (APP, "internet", 443, BLOCKED, BLOCKED),
        (LB, "internet", 443, OPENED, OPENED),
        (LB, "logs", 443, BLOCKED, BLOCKED),  # the prefix list has the private subnets only
        ("private-a", "internet", 443, OPENED, OPENED),
        ("private-a", DATABASE, 5432, BLOCKED, BLOCKED),
        ("holder-of-app", DATABASE, 5432, OPENED, OPENED),
    ],
)
def test_every_way_of_writing_gives_the_same_answer(
    source: str, target: str, port: int, everywhere: Verdict, anywhere: Verdict,
    reachability: Reachability,
) -> None:  # fmt: skip
    ends = end(reachability, source), end(reachability, target)
    reach = reachability.reach(*ends, port, families=IPV4)  # type: ignore[arg-type]
    assert (reach.everywhere, reach.anywhere) == (everywhere, anywhere)


def test_group_admits_itself(reachability: Reachability) -> None:
    source, app = end(reachability, "holder-of-app"), end(reachability, APP)
    openings = reachability.openings(source, app)  # type: ignore[arg-type]
    assert [str(opening) for opening in openings] == ["4000/tcp"]


def test_doubt_names_the_argument(reachability: Reachability) -> None:
    source, vendor = end(reachability, "internet"), end(reachability, VENDOR)
    reach = reachability.reach(source, vendor, 80, families=IPV4)  # type: ignore[arg-type]
    doubt = r"network\.tf:\d+ \S+vendor: (ingress\[0\]\.)?cidr\w* is known only after apply"
    assert re.search(doubt, str(reach.way(UNKNOWN)))
