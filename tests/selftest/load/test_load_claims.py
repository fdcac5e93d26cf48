"""Every claim passes on a service that is as it must be, and fails on one that is not.

The service is the modelled one, led through the scenarios that are really sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.load.observation.observed import SCHEDULE, Activity, Change, Minute, Observed
from tests.load.scenarios.shapes import Scenario
from tests.load.service.region import Region, Watched
from tests.load.service.workload import CPU, PUBLISHED_AS, REQUESTS
from tests.load.verdict import claims
from tests.load.verdict.evidence import Run
from tests.selftest.load import observations, regions
from tests.selftest.load.observations import BREACH, FIND, SCALE, SOAK, SPIKE, STEADY, run
from tests.support.alarms import State
from tests.support.scaling import Scaling
from tests.support.scaling_policy import Capacity, Policy

pytestmark = pytest.mark.selftest

SCENARIOS = (STEADY, SCALE, BREACH, SPIKE, SOAK)
Spoil = Callable[[Run], Run]


def found(judged: Run) -> dict[str, tuple[str, str]]:
    """Outcome and what was seen, by requirement."""
    return {
        one.requirement: (one.judgement.outcome.value, one.judgement.actual)
        for one in claims.judge(judged, FIND)
    }


def watching(**changed: object) -> Region:
    """The region with another response-time alarm."""
    asked = replace(observations.ALARM, **changed)  # type: ignore[arg-type]
    name = PUBLISHED_AS[REQUESTS][0]
    return regions.region(watched=(Watched(regions.RESPONSE, name, "TargetResponseTime", asked),))


def tracking(times: float = 1.0, **changed: bool) -> Region:
    """The region with other policies: so many times the target, or with scale-in disabled."""
    policies = (
        Policy.tracking(metric, times * target, 60, 300, **changed)
        for metric, target in regions.TARGETS.items()
    )
    return regions.region(scaling=Scaling(tuple(policies)))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_every_claim_passes_on_what_is_deployed_as_it_must_be(scenario: Scenario) -> None:
    judged = found(run(scenario))
    assert set(judged) == set(claims.OF_SCENARIO[scenario.name])
    assert {outcome for outcome, _ in judged.values()} == {"pass"}


@pytest.mark.parametrize(
    ("scenario", "service", "requirement", "outcome", "reason"),
    [
        (BREACH, watching(threshold=5.0), "LOAD-07", "fail", "and the alarm stayed OK"),
        (BREACH, watching(threshold=5.0), "LOAD-08", "invalid", "there was no message"),
        (BREACH, watching(threshold=5.0), "LOAD-09", "invalid", "nothing to recover from"),
        (BREACH, watching(evaluation_periods=1, datapoints_to_alarm=1), "LOAD-07", "fail",
         "ALARM at 00:05:05 already; minute 5: 0.700 s, minute 6: 0.700 s"),
        (BREACH, watching(evaluation_periods=9, datapoints_to_alarm=6), "LOAD-07", "fail",
         "ALARM only 4.1 min later"),
        (SCALE, tracking(2), "LOAD-03", "fail",
         "ALBRequestCountPerTarget was over its target from minute 4 on (at most 1300.0 of 1000)"
         " and no task was added"),
        (SCALE, tracking(2), "LOAD-04", "fail", "no task more; 9 are allowed"),
        (SCALE, tracking(2), "LOAD-05", "fail",
         "ALBRequestCountPerTarget: 2 tasks, forecast 3"),
        (SCALE, tracking(disable_scale_in=True), "LOAD-06", "fail",
         "5 tasks and every metric low from minute 29, 5 still 22 min later, not 2"),
        (SCALE, regions.region(capacity=Capacity(4, 6)), "LOAD-05", "fail",
         "ALBRequestCountPerTarget: 4 tasks, forecast 3"),
        (SCALE, regions.region(capacity=Capacity(1, 6)), "LOAD-06", "fail",
         "1 tasks were asked for, the minimum is 2"),
        (SCALE, regions.region(capacity=Capacity(2, 4)), "LOAD-03", "fail",
         "ECSServiceAverageMemoryUtilization was over its target from minute 24 on"),
    ],
    ids=[
        "threshold-x-10", "threshold-x-10-tells-nobody", "threshold-x-10-needs-no-recovery",
        "one-period", "six-of-nine-periods", "targets-x-2-add-nothing", "targets-x-2-come-late",
        "targets-x-2-settle-elsewhere", "scale-in-disabled", "minimum-above-forecast",
        "minimum-too-low", "maximum-too-low",
    ],
)  # fmt: skip
def test_a_service_that_is_not_as_it_must_be_is_noticed(
    scenario: Scenario, service: Region, requirement: str, outcome: str, reason: str
) -> None:
    seen = found(run(scenario, service))[requirement]
    assert seen[0] == outcome
    assert reason in seen[1]


def spoilt(**changed: object) -> Spoil:
    """The run with its every minute changed so, as the client saw it."""

    def spoil(judged: Run) -> Run:
        periods = tuple(
            replace(one, **changed)  # type: ignore[arg-type]
            for one in judged.measured.periods
        )
        return replace(judged, measured=replace(judged.measured, periods=periods))

    return spoil


def seen(**changed: object) -> Spoil:
    """The run with what the environment told changed so."""

    def spoil(judged: Run) -> Run:
        assert judged.observed is not None
        told = replace(judged.observed, **changed)  # type: ignore[arg-type]
        return replace(judged, observed=told)

    return spoil


def told(change: Callable[[Observed], dict[str, object]]) -> Spoil:
    """The run with a change of what the environment told that depends on it."""
    return lambda judged: seen(**change(judged.observed))(judged)  # type: ignore[arg-type]


def each(change: Callable[[Minute], dict[str, object]]) -> Spoil:
    """The run with each of the environment's minutes changed."""

    def changed(observed: Observed) -> dict[str, object]:
        return {
            "minutes": tuple(
                replace(one, **change(one))  # type: ignore[arg-type]
                for one in observed.minutes
            )
        }

    return told(changed)


def of_each(name: str, **changed: object) -> Spoil:
    """The run with each activity, action or change of the environment's so."""
    return told(lambda one: {name: tuple(replace(each, **changed) for each in getattr(one, name))})


def refused(judged: Run) -> Run:
    """The run in which the load balancer refuses every connection, and so counts nothing."""
    client = spoilt(response_times=(), waits=(), errors={"connection refused": 90})(judged)
    return each(lambda _: {"requests": None, "response_seconds": None})(client)


SPOILS: dict[str, Spoil] = {
    "nothing": lambda judged: judged,
    "fast errors": spoilt(errors={"status 500": 90}, response_times=(0.001,) * 90),
    "refused": refused,
    "a few errors": spoilt(errors={"status 500": 2}),
    "waiting": spoilt(response_times=(), waits=()),
    "closed loop": spoilt(sent=80, response_times=(0.1,) * 80),
    "closed loop of slow answers": spoilt(sent=4, response_times=(0.6,) * 4),
    "errors of this machine": spoilt(local_errors={"EMFILE in the generator": 1}),
    "no sample of the CPU": spoilt(cpu_percent=None),
    "no data": each(lambda _: {"requests": None, "response_seconds": None, "values": {}}),
    "half counted": each(lambda one: {"requests": (one.requests or 0) / 2}),
    "without a task": lambda judged: SPOILS["half counted"](
        spoilt(errors={"status 503": 45})(judged)
    ),
    "shortened": lambda judged: replace(
        judged, measured=replace(judged.measured, periods=judged.measured.periods[:5])
    ),
    "interrupted": lambda judged: replace(judged, measured=replace(judged.measured, partial=True)),
    "lost worker": lambda judged: replace(judged, fault="a worker was lost"),
    "unread": lambda judged: replace(judged, observed=None),
    "deployment": seen(deployments=("ecs-svc/2",)),
    "scheduled": seen(activities=(Activity(300.0, 2, 3, SCHEDULE),)),
    "scheduled before": told(
        lambda one: {"activities": (Activity(30.0, 1, 2, SCHEDULE), *one.activities)}
    ),
    "alarmed": seen(changes=(Change(245.0, State.OK, State.ALARM),)),
    "alarmed before": seen(state=State.ALARM),
    "alarmed before and slow": lambda judged: SPOILS["slow inside"](
        SPOILS["alarmed before"](judged)
    ),
    "never judged": seen(state=State.INSUFFICIENT_DATA),
    "a minute lost": told(
        lambda one: {
            "minutes": (*one.minutes[:-1], replace(one.minutes[-1], response_seconds=None))
        }
    ),
    "slow inside": each(lambda _: {"response_seconds": 0.7}),
    "never slow": each(lambda _: {"response_seconds": 0.1}),
    "by CPU": of_each("activities", cause=CPU),
    "refused tasks": of_each("activities", succeeded=False),
    "untold": seen(actions=()),
    "untaken": of_each("actions", succeeded=False),
    "unheard": seen(subscribers=()),
    "unreceived": seen(messages=(State.OK,)),
    "stuck": told(lambda one: {"changes": one.changes[:1]}),
    "insufficient": seen(changes=(Change(425.0, State.OK, State.INSUFFICIENT_DATA),)),
    "unchanged": seen(changes=()),
    "again": told(lambda one: {"changes": (*one.changes, Change(800.0, State.OK, State.ALARM))}),
    "never more": each(lambda _: {"desired": 2, "running": 2.0}),
    "overshot": each(lambda one: {"desired": one.desired + 1}),
    "late": told(
        lambda one: {"changes": tuple(replace(each, at=each.at + 420) for each in one.changes)}
    ),
}
SHORT_SPIKE = replace(SPIKE, stages=(*SPIKE.stages[:-2], *SPIKE.stages[-1:]))


@pytest.mark.parametrize(
    ("scenario", "spoil", "requirement", "outcome", "reason"),
    [
        (STEADY, "fast errors", "LOAD-02", "fail", "450 of 450 requests failed"),
        (SCALE, "fast errors", "LOAD-10", "fail", "× status 500"),
        (STEADY, "refused", "LOAD-02", "fail", "450 × connection refused"),
        (SCALE, "refused", "LOAD-10", "fail", "× connection refused"),
        (SCALE, "refused", "LOAD-03", "invalid", "no data"),
        (STEADY, "alarmed", "LOAD-02", "fail", "the deployed alarm went to ALARM at 00:04:05"),
        (STEADY, "alarmed before", "LOAD-02", "invalid", "in ALARM before the judged minutes"),
        (STEADY, "slow inside", "LOAD-02", "fail", "which did not go off"),
        (STEADY, "no data", "LOAD-02", "invalid", "CloudWatch has no request of this run"),
        (STEADY, "closed loop", "LOAD-02", "invalid", "rate was missed: 10 of 90 requests"),
        (STEADY, "closed loop of slow answers", "LOAD-02", "fail", "→ ALARM at"),
        (SPIKE, "closed loop", "LOAD-10", "invalid", "the offered rate was missed"),
        (SCALE, "closed loop of slow answers", "LOAD-05", "invalid", "the offered rate was missed"),
        (STEADY, "errors of this machine", "LOAD-02", "invalid", "never reached the service"),
        (BREACH, "no sample of the CPU", "LOAD-07", "invalid", "CPU use was not sampled"),
        (STEADY, "half counted", "LOAD-02", "invalid",
         "the client counted 12600 requests, the load balancer 6300: more than 5 % apart"),
        (STEADY, "shortened", "LOAD-02", "invalid", "the run ended after 5 of 7 minutes"),
        (SCALE, "shortened", "LOAD-06", "invalid", "the run ended after 5 of"),
        (BREACH, "interrupted", "LOAD-09", "invalid", "interrupted after 15 complete minutes"),
        (BREACH, "lost worker", "LOAD-07", "invalid", "a worker was lost"),
        (STEADY, "unread", "LOAD-02", "invalid", "what the service showed was not read"),
        (SCALE, "unread", "LOAD-04", "invalid", "what the service showed was not read"),
        (SCALE, "deployment", "LOAD-03", "invalid", "a deployment was under way: ecs-svc/2"),
        (SCALE, "no data", "LOAD-03", "invalid", "no data"),
        (SCALE, "scheduled", "LOAD-05", "invalid", "a scheduled action set the count in minute 6"),
        (SCALE, "scheduled before", "LOAD-05", "pass", "3 tasks, forecast 3"),
        (SCALE, "by CPU", "LOAD-03", "fail",
         "2 → 3 tasks after minute 6 by ECSServiceAverageCPUUtilization, in the stage that exceeds"
         " ALBRequestCountPerTarget"),
        (SCALE, "refused tasks", "LOAD-03", "fail",
         "2 → 3 tasks after minute 6 by ALBRequestCountPerTarget, which failed"),
        (BREACH, "untold", "LOAD-08", "fail", "ALARM at 00:06:05, and nothing was told"),
        (BREACH, "untaken", "LOAD-08", "fail", "did not take the message"),
        (BREACH, "unheard", "LOAD-08", "fail", "nobody is subscribed"),
        (BREACH, "unreceived", "LOAD-08", "fail", "the subscriber got nothing"),
        (BREACH, "stuck", "LOAD-09", "fail", "still ALARM 5 min later"),
        (BREACH, "late", "LOAD-07", "fail", "ALARM only 7.1 min later"),
        (BREACH, "late", "LOAD-09", "fail", "8.1 min after the load was as before"),
        (BREACH, "alarmed before", "LOAD-07", "invalid", "in ALARM before the run"),
        (BREACH, "never slow", "LOAD-07", "fail", "though none was over"),
        (SHORT_SPIKE, "alarmed", "LOAD-11", "invalid", "too soon to tell"),
        (SPIKE, "alarmed", "LOAD-11", "fail", "still ALARM"),
        (SPIKE, "alarmed before", "LOAD-11", "invalid", "in ALARM before the run"),
        (SPIKE, "alarmed before and slow", "LOAD-11", "invalid", "in ALARM before the run"),
        (SPIKE, "slow inside", "LOAD-11", "fail",
         "minute 1: 0.700 s, minute 2: 0.700 s → ALARM, which did not go off"),
        (SPIKE, "never judged", "LOAD-11", "invalid", "ended in INSUFFICIENT_DATA"),
        (SPIKE, "a minute lost", "LOAD-11", "invalid", "no data in minute"),
    ],
)  # fmt: skip
def test_what_spoils_a_run_is_told_from_what_fails_in_it(
    scenario: Scenario, spoil: str, requirement: str, outcome: str, reason: str
) -> None:
    got = found(SPOILS[spoil](run(scenario)))[requirement]
    assert got[0] == outcome, got
    assert reason in got[1]


def test_a_rate_that_was_missed_may_be_why_another_count_was_settled_on() -> None:
    missed = SPOILS["closed loop"](run(SCALE, tracking(2)))
    assert found(missed)["LOAD-05"][0] == "invalid"
