"""What tests ask of the engine's answers: a Violation tells the way, or what is in the way.

An unknown answer raises Invalid with its way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tests.support.expectations import found
from tests.support.outcomes import Invalid, Violation
from tests.support.reachability.answers import Opening, Reach
from tests.support.reachability.model import Source
from tests.support.reachability.steps import Verdict

# A range opened to a whole VPC is open to everybody in it.
_SHOWN = 3


def expect_path(where: str, reach: Reach) -> None:
    """Fail unless every way is open."""
    _judge(where, reach, reach.everywhere, Verdict.open, f"a path from {_asked(reach)}")


def expect_no_path(where: str, reach: Reach) -> None:
    """Fail if one way is open."""
    _judge(where, reach, reach.anywhere, Verdict.blocked, f"no path from {_asked(reach)}")


def expect_path_through(where: str, reach: Reach, gateway: str) -> None:
    """Fail unless every way is open and leads through a gateway of that kind."""
    expect_path(where, reach)
    for way in reach.ways:
        if gateway not in way.gateways:
            expected = f"a path from {_asked(reach)} through a {gateway}"
            raise Violation(where, expected, str(way))


def expect_openings(where: str, openings: Iterable[Opening], ports: Iterable[int]) -> None:
    """Fail unless those TCP ports are open and no others; none may be given."""
    openings, ports = list(openings), sorted(ports)
    wanted = [f"{port}/tcp" for port in ports]
    shut = [port for port in ports if not any(_about(one, port) for one in openings)]
    wrong = [opening for opening in openings if str(opening) not in wanted]
    if told := [*_told(wrong), *(f"{port}/tcp is closed" for port in shut)]:
        raise Violation(where, f"ports open: {', '.join(wanted) or 'none'}", "; ".join(told))
    _refuse_doubt(where, openings)


def expect_only(
    where: str, openings: Iterable[Opening], meant: Collection[Source], port: int
) -> None:
    """Fail unless that TCP port alone is open, to those `meant` alone, and to one of them at least.

    `openings` are those of everybody.
    """
    openings = found(where, "path from those who are meant to reach it", openings)
    own = [opening for opening in openings if opening.source in meant]
    wrong = [one for one in openings if one not in own or str(one) != f"{port}/tcp"]
    if told := _told(wrong):
        names = ", ".join(source.label for source in meant)
        raise Violation(where, f"{port}/tcp open to {names} and nobody else", "; ".join(told))
    _refuse_doubt(where, openings)
    found(where, "path from those who are meant to reach it", own)


def _about(opening: Opening, port: int) -> bool:
    return opening.protocol == "tcp" and port in opening.ports


def _told(openings: Iterable[Opening]) -> list[str]:
    """Those that are open for sure, the first of them with the way."""
    told = [f"{one}: {one.way}" for one in openings if one.way.verdict is Verdict.open]
    more = len(told) - _SHOWN
    return [*told[:_SHOWN], f"and {more} more"] if more > 0 else told


def _refuse_doubt(where: str, openings: Iterable[Opening]) -> None:
    for one in openings:
        if one.way.verdict is Verdict.unknown:
            raise Invalid(f"{where}: {one}: {one.way}")


def _judge(where: str, reach: Reach, verdict: Verdict, wanted: Verdict, expected: str) -> None:
    if verdict is Verdict.unknown:
        raise Invalid(f"{where}: {_asked(reach)}: {reach.way(verdict)}")
    if verdict is not wanted:
        raise Violation(where, expected, str(reach.way(verdict)))


def _asked(reach: Reach) -> str:
    return f"{reach.source.label} to {reach.target.label} on port {reach.flow}"
