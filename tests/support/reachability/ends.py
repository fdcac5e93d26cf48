"""The ends of paths by the names that the catalogue gives them.

`internet`, `joined-networks`, `aws:<service>`, a node such as `app`, and `<kind>-subnets`: any host
in the subnets of a kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support import catalogue
from tests.support.expectations import found
from tests.support.outcomes import Invalid, SuiteError
from tests.support.reachability.addresses import Range, cidr
from tests.support.reachability.engine import Reachability
from tests.support.reachability.model import (
    ELSEWHERE,
    INTERNET,
    Hosts,
    Internet,
    Node,
    Service,
    Source,
    Target,
    Unknown,
)

ELSEWHERE_NAME = "joined-networks"
_SERVICE = "aws:"
_SUBNETS = "-subnets"


@dataclass(frozen=True)
class Edge:
    """A path that is asked for: the names of its ends and a TCP port."""

    source: str
    target: str
    port: int

    def __str__(self) -> str:
        return f"{self.source}->{self.target}:{self.port}"


def edges(paths: Iterable[Mapping[str, Any]]) -> list[Edge]:
    """The edges of catalogue entries `{from: name, to: name, ports: [port]}`."""
    return [Edge(one["from"], one["to"], port) for one in paths for port in one["ports"]]


def expected(identifier: str, name: str) -> list[Any]:
    """A list that a requirement expects, for what is needed while tests are collected.

    Nothing where the catalogue cannot be read: such a run is refused after the collection.
    """
    try:
        listed: list[Any] = catalogue.load().requirement(identifier).expected[name]
    except (SuiteError, KeyError):
        return []
    return listed


@dataclass(frozen=True)
class Ends:
    """What the names stand for in one network: `nodes` by name, and subnets' ranges by kind."""

    reachability: Reachability
    nodes: Mapping[str, Node]
    kinds: Mapping[str, Iterable[str]]

    def source(self, name: str) -> Source:
        """What a name stands for where a path begins. SuiteError for a name of nothing."""
        if name == ELSEWHERE_NAME:
            return ELSEWHERE
        kind = name.removesuffix(_SUBNETS)
        known = name.endswith(_SUBNETS) and kind in self.kinds
        return self._hosts(kind) if known else self._internet_or_node(name)

    def target(self, name: str) -> Target:
        """What a name stands for where a path ends. SuiteError for a name of nothing."""
        if name.startswith(_SERVICE):
            return Service(name.removeprefix(_SERVICE))
        return self._internet_or_node(name)

    def _internet_or_node(self, name: str) -> Internet | Node:
        return INTERNET if name == INTERNET.label else self.node(name)

    def node(self, name: str) -> Node:
        """The node of that name. SuiteError if there is none."""
        if name not in self.nodes:
            raise SuiteError(f"tests/catalogue.yaml: {name} is no end of a path")
        return self.nodes[name]

    def ranges(self, name: str) -> list[str]:
        """The ranges of the subnets that a node is in; what is no known subnet has its id."""
        subnets = self.node(name).subnets
        if isinstance(subnets, Unknown):
            raise Invalid(f"the subnets of {name}: {subnets.reason}")
        known = {one.id: str(one.range) for one in self.reachability.network.subnets}
        return [known.get(one, one) for one in subnets]

    def where(self, edge: Edge) -> str:
        """Where to look for the edge: its target, or its source if that lies outside."""
        ends = (self.target(edge.target), self.source(edge.source))
        return next((end.where for end in ends if isinstance(end, Node)), str(edge))

    def _hosts(self, kind: str) -> Hosts:
        """Violation if there is no such subnet: of nobody, everything could be said."""
        ranges = tuple(map(cidr, self.kinds[kind]))
        own = [one.range for one in self.reachability.network.subnets]
        subnets = [one for one in own if isinstance(one, Range) and any(map(one.meets, ranges))]
        found("VPC", f"{kind} subnet", subnets)
        return Hosts(f"a host in the {kind} subnets", ranges)
