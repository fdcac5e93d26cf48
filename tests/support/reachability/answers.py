"""Answers: the ways from a source to a target, and what they come to together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.support.reachability.model import LAST_PORT, GatewayKind, Ports, Source, Target
from tests.support.reachability.steps import Flow, Step, Verdict

# The ports from which a client may be answered to: NAT gateways, load balancers and Lambda use all
# of these, others less (Amazon VPC user guide, "Network ACLs", "Ephemeral ports").
EPHEMERAL = Ports(1024, LAST_PORT)


@dataclass(frozen=True)
class Way:
    """One way and how far it leads. `gateways` are the kinds of gateway on it.

    `client` are the ports from which it is asked, all of which get the same answer.
    """

    verdict: Verdict
    hops: tuple[str, ...]
    gateways: tuple[GatewayKind, ...]
    client: Ports

    def __str__(self) -> str:
        return " → ".join(self.hops)


@dataclass(frozen=True)
class Reach:
    """Every way from a source to a target on a port."""

    source: Source
    target: Target
    flow: Flow
    ways: tuple[Way, ...]

    @property
    def everywhere(self) -> Verdict:
        """Open if every way is, from every port that clients use; blocked if one is blocked."""
        verdicts = {way.verdict for way in self.ways if way.client.last >= EPHEMERAL.first}
        return _first(verdicts, Verdict.blocked, Verdict.unknown, Verdict.open)

    @property
    def anywhere(self) -> Verdict:
        """Open if one way is; blocked if every way is."""
        verdicts = {way.verdict for way in self.ways}
        return _first(verdicts, Verdict.open, Verdict.unknown, Verdict.blocked)

    def way(self, verdict: Verdict) -> Way:
        """The first way with that verdict."""
        return next(way for way in self.ways if way.verdict is verdict)


def _first(found: set[Verdict], *order: Verdict) -> Verdict:
    return next((verdict for verdict in order if verdict in found), Verdict.unknown)


@dataclass(frozen=True)
class Opening:
    """Ports on which the source reaches something somewhere, or may, and one way there."""

    source: Source
    protocol: str
    ports: Ports
    way: Way

    def __str__(self) -> str:
        return f"{self.ports}/{self.protocol}"


def way_of(source: str, steps: Iterable[Step], client: Ports) -> Way:
    """The steps up to the first that stops; a doubt does not: what comes after it may settle it."""
    hops, gateways, verdict = [source], [], Verdict.open
    for step in steps:
        if step.text:
            mark = "" if step.verdict is Verdict.open else f"{step.verdict}: "
            hops.append(mark + step.text)
        if step.gateway:
            gateways.append(step.gateway)
        if step.verdict is Verdict.blocked:
            return Way(step.verdict, tuple(hops), tuple(gateways), client)
        if step.verdict is Verdict.unknown:
            verdict = step.verdict
    return Way(verdict, tuple(hops), tuple(gateways), client)


def joined(openings: Iterable[Opening]) -> list[Opening]:
    """The openings of one source, with neighbouring ports of the same verdict made one."""
    found: list[Opening] = []
    for one in openings:
        last = found[-1] if found else None
        if (
            last
            and (last.protocol, last.way.verdict) == (one.protocol, one.way.verdict)
            and last.ports.last + 1 == one.ports.first
        ):
            found[-1] = replace(last, ports=Ports(last.ports.first, one.ports.last))
        else:
            found.append(one)
    return found
