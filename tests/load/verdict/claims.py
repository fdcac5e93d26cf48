"""Which claims a scenario makes, and the judgement on each: the verdict of the load tier.

Pure: a run as data in, judgements out. A claim is one requirement of the catalogue, whose expected
values it reads; what is deployed has been compared with the catalogue before (`settings`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from tests.load.verdict import alarm_claims, gate, lasting_claims, scaling_claims
from tests.load.verdict.evidence import Expected, Run, doubtful, spoilt
from tests.load.verdict.gate import Judgement
from tests.load.verdict.settings import settings
from tests.support.report import Verdict

__all__ = ["MEASURES", "OF_SCENARIO", "PROVEN", "Claim", "Run", "judge", "settings", "settled"]

MEASURES = "LOAD-01"
Where = Literal["alarm", "service", "host"]


@dataclass(frozen=True)
class Claim:
    """The judgement on a requirement, and what it is on."""

    requirement: str
    where: str
    judgement: Judgement


@dataclass(frozen=True)
class _Asked:
    """How a requirement is judged.

    `needs` is what `by` is given besides the run and the expected values. `first` says that a
    failure counts though the rate was missed or the counts differ: it may be why.
    """

    by: Callable[..., Judgement]
    where: Where
    needs: tuple[Literal["region", "observed"], ...] = ()
    first: bool = False


_OBSERVED: Any = ("observed",)
_BOTH: Any = ("region", "observed")
_JUDGED: Mapping[str, _Asked] = {
    "LOAD-02": _Asked(alarm_claims.quiet, "alarm", first=True),
    "LOAD-03": _Asked(scaling_claims.binds, "service", _BOTH),
    "LOAD-04": _Asked(scaling_claims.comes_in_time, "service", _BOTH),
    "LOAD-05": _Asked(scaling_claims.settles, "service", _BOTH),
    "LOAD-06": _Asked(scaling_claims.scales_in, "service", _BOTH),
    "LOAD-07": _Asked(alarm_claims.goes_off, "alarm", _OBSERVED),
    "LOAD-08": _Asked(alarm_claims.message_arrives, "alarm", _OBSERVED),
    "LOAD-09": _Asked(alarm_claims.recovers, "alarm", _OBSERVED),
    "LOAD-10": _Asked(lasting_claims.errors_within_budget, "host", first=True),
    "LOAD-11": _Asked(alarm_claims.recovers, "alarm", _OBSERVED),
    "LOAD-12": _Asked(lasting_claims.response_stays, "service", _OBSERVED),
    "LOAD-13": _Asked(lasting_claims.memory_stays, "service", _BOTH),
}
_UNREAD = {
    "observed": "what the service showed was not read",
    "region": "what is deployed was not read",
}
# A breach is meant to fail requests, so it claims nothing of errors.
OF_SCENARIO: Mapping[str, tuple[str, ...]] = {
    "steady": ("LOAD-02",),
    "scale": ("LOAD-03", "LOAD-04", "LOAD-05", "LOAD-06", "LOAD-10"),
    "breach": ("LOAD-07", "LOAD-08", "LOAD-09"),
    "spike": ("LOAD-10", "LOAD-11"),
    "soak": ("LOAD-02", "LOAD-10", "LOAD-12", "LOAD-13"),
}
# Every requirement that the tier proves.
PROVEN = frozenset({MEASURES, *_JUDGED})

Find = Callable[[str], Any]


def judge(run: Run, find: Find) -> list[Claim]:
    """Every claim of the run's scenario, in the catalogue's order.

    `find` returns the catalogue's requirement of an id.
    """
    return [
        Claim(name, _where(run, _JUDGED[name]), _judgement(run, name, find))
        for name in OF_SCENARIO[run.scenario.name]
    ]


def settled(run: Run, find: Find) -> str | None:
    """Why the verdict of a run that still goes on cannot change any more, None while it can.

    A minute that spoils the run spoils it for good; a claim that failed stays failed, and no
    verdict is worse. Of errors more may only be too many already if they are of all that the
    scenario sends.
    """
    if reason := spoilt(run, ended=False) if run.measured.periods else None:
        # While nothing was answered yet, it still may be.
        return reason if not gate.nothing_answered(run.measured.periods) else None
    names = OF_SCENARIO[run.scenario.name]
    if any(_JUDGED[name].first for name in names) and (excess := _excess(run)):
        return excess
    if "LOAD-02" in names:
        judgement = alarm_claims.quiet(run, find("LOAD-02").expected)
        if judgement.outcome is Verdict.failed:
            return judgement.actual
    return None


def _excess(run: Run) -> str | None:
    """How many requests failed, if that is too many of all that the scenario sends."""
    rates = ((one.minutes * (one.rate_from + one.rate_to) / 2) for one in run.scenario.stages)
    due = round(sum(rates) * run.measured.period_seconds)
    return gate.over_budget(run.measured.periods, run.plan.traffic.error_budget_percent, due)


def _judgement(run: Run, name: str, find: Find) -> Judgement:
    asked, expected = _JUDGED[name], find(name).expected
    if reason := spoilt(run):
        return Judgement(Verdict.invalid, "a run that can judge", reason)
    # What is deployed and was read before must be observable afterwards.
    needs = asked.needs if run.region is None else {*asked.needs, "observed"}
    if missing := sorted(need for need in needs if getattr(run, need) is None):
        reason = " and ".join(_UNREAD[need] for need in missing)
        return Judgement(Verdict.invalid, "a deployed service that can be read", reason)
    given: dict[str, Any] = {need: getattr(run, need) for need in asked.needs}
    judgement = asked.by(run, expected, **given)
    if asked.first and judgement.outcome is Verdict.invalid and (excess := _excess(run)):
        # For which the run was ended before the minutes that would have been judged.
        return replace(judgement, outcome=Verdict.failed, actual=excess)
    if asked.first and judgement.outcome is Verdict.failed:
        return judgement
    if doubt := doubtful(run, _tolerated(find)):
        return Judgement(
            Verdict.invalid, judgement.expected, doubt, judgement.points, judgement.states
        )
    return judgement


def _tolerated(find: Find) -> float:
    expected: Expected = find(MEASURES).expected
    return float(expected["requests_differ_percent"])


def _where(run: Run, asked: _Asked) -> str:
    return {"alarm": run.plan.where, "service": run.service, "host": run.plan.host}[asked.where]
