"""A run ends early only where its verdict is certain; what only AWS knows is not claimed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.load.generator.measure import Measured
from tests.load.observation.observed import Change
from tests.load.scenarios.shapes import Scenario, Stage, Unprovable
from tests.load.service.region import Region
from tests.load.service.workload import MEMORY
from tests.load.verdict import claims
from tests.load.verdict.evidence import Run, disagreement
from tests.selftest.load import regions
from tests.selftest.load.observations import BREACH, FIND, SCALE, SOAK, STEADY, run
from tests.selftest.load.test_load_claims import SPOILS, found
from tests.support.alarms import State
from tests.support.scaling import Scaling

pytestmark = pytest.mark.selftest


def begun(judged: Run, minutes: int) -> Run:
    """The run after its first minutes."""
    periods = judged.measured.periods[:minutes]
    return replace(judged, measured=replace(judged.measured, periods=periods), observed=None)


@pytest.mark.parametrize("minutes", [0, 1, 7])
def test_a_sound_run_goes_on(minutes: int) -> None:
    assert claims.settled(begun(run(STEADY), minutes), FIND) is None


def test_a_run_goes_on_while_nothing_was_answered_yet() -> None:
    waiting = begun(SPOILS["waiting"](run(STEADY)), 1)
    assert claims.settled(waiting, FIND) is None


@pytest.mark.parametrize(
    ("spoil", "minutes", "reason"),
    [
        ("errors of this machine", 1, "never reached the service"),
        ("no sample of the CPU", 1, "CPU use was not sampled"),
        ("fast errors", 1, "90 of 630 requests failed"),
        ("refused", 1, "90 of 630 requests failed"),
        ("closed loop of slow answers", 4, "→ ALARM at 00:04:00"),
    ],
)
def test_a_run_whose_verdict_is_certain_ends(spoil: str, minutes: int, reason: str) -> None:
    assert reason in str(claims.settled(begun(SPOILS[spoil](run(STEADY)), minutes), FIND))


@pytest.mark.parametrize("spoil", ["fast errors", "refused"])
def test_a_run_that_ended_for_its_errors_fails_though_nothing_judged_was_sent(spoil: str) -> None:
    judged = run(STEADY)
    settle = Stage("settle", STEADY.minutes, 10, 10)
    later = replace(STEADY, stages=(settle, *STEADY.stages))
    ended = begun(SPOILS[spoil](replace(judged, scenario=later)), 5)
    assert claims.settled(ended, FIND) is not None
    ended = replace(ended, region=None)
    assert found(ended)["LOAD-02"][0] == "fail"


def test_a_few_errors_may_still_be_within_the_budget_of_the_whole() -> None:
    few = begun(SPOILS["a few errors"](run(SOAK)), 1)
    assert claims.settled(few, FIND) is None
    assert "requests failed" in str(claims.settled(SPOILS["a few errors"](run(SOAK)), FIND))


def test_a_breach_that_is_slow_goes_on() -> None:
    assert claims.settled(begun(run(BREACH), 8), FIND) is None


def test_a_run_that_has_not_begun_is_not_settled() -> None:
    empty = replace(run(STEADY), measured=Measured(3.0, ()))
    assert claims.settled(empty, FIND) is None


def test_what_only_the_evaluation_range_decides_is_not_claimed() -> None:
    # A breach and then nothing: as long as a range reaches the minutes before, they count.
    breach = run(BREACH)
    assert breach.observed is not None
    minutes = list(breach.observed.minutes)
    for_one = [replace(minutes[5], response_seconds=None)]
    gapped = replace(
        breach.observed,
        minutes=(*minutes[:5], *for_one * 5, *minutes[10:]),
        changes=(Change(425.0, State.OK, State.ALARM),),
    )
    outcome, seen = found(replace(breach, observed=gapped))["LOAD-07"]
    assert (outcome, "only AWS's evaluation range" in seen) == ("invalid", True)


def test_a_policy_that_cannot_be_made_to_bind_is_not_provable_here() -> None:
    stages = tuple(one for one in SCALE.stages if one.binds != MEMORY)
    reason = "what a request takes cannot be set there"
    lesser = replace(SCALE, stages=stages, unprovable=(Unprovable(f"{MEMORY} binds", reason),))
    outcome, seen = found(run(lesser))["LOAD-03"]
    assert (outcome, seen.endswith(reason)) == ("not_provable", True)


def test_a_policy_that_no_stage_exceeds_is_no_pass() -> None:
    stages = tuple(one for one in SCALE.stages if one.binds != MEMORY)
    outcome, seen = found(run(replace(SCALE, stages=stages)))["LOAD-03"]
    assert (outcome, f"no stage exceeds the target of {MEMORY}" in seen) == ("invalid", True)


def drifting(
    seconds: float, memory: float, first: float = 0.1, soaked: int = 60, filled: float = 25
) -> Run:
    """Minutes, an hour if not told, each so much slower and fuller than the one before."""
    stages = (*SOAK.stages[:-1], replace(SOAK.stages[-1], minutes=soaked))
    soak = run(replace(SOAK, stages=stages))
    assert soak.observed is not None
    minutes = tuple(
        replace(
            one,
            response_seconds=first + n * seconds,
            values={**one.values, MEMORY: filled + n * memory},
        )
        for n, one in enumerate(soak.observed.minutes)
    )
    return replace(soak, observed=replace(soak.observed, minutes=minutes))


@pytest.mark.parametrize(
    ("seconds", "memory", "requirement", "outcome", "reason"),
    [
        (0.0, 0.0, "LOAD-12", "pass", "last third"),
        (0.002, 0.0, "LOAD-12", "fail", "first third 0.123 s, last third 0.203 s"),
        (0.0002, 0.0, "LOAD-12", "pass", "last third"),
        (0.0, 0.2, "LOAD-13", "fail", "target 80 %: reached 3.6 h later"),
        (0.0, 0.01, "LOAD-13", "pass", "target 80 %"),
        (0.0, -0.2, "LOAD-13", "pass", "target 80 %"),
    ],
    ids=["even", "drift", "noise", "leak", "noise-of-memory", "falling-memory"],
)
def test_what_creeps_in_is_noticed(
    seconds: float, memory: float, requirement: str, outcome: str, reason: str
) -> None:
    seen = found(drifting(seconds, memory))[requirement]
    assert seen[0] == outcome
    assert reason in seen[1]


def test_a_drift_of_milliseconds_is_none_however_many_percent_it_is() -> None:
    outcome, seen = found(drifting(0.0002, 0.0, first=0.01))["LOAD-12"]
    assert (outcome, seen) == ("pass", "first third 0.012 s, last third 0.020 s")


def test_a_drift_of_a_few_percent_is_none_however_long_it_is() -> None:
    outcome, _ = found(drifting(0.002, 0.0, first=1.0))["LOAD-12"]
    assert outcome == "pass"


def test_a_leak_that_takes_longer_than_tasks_live_is_none() -> None:
    outcome, seen = found(drifting(0.0, 0.004, soaked=600))["LOAD-13"]
    assert (outcome, seen) == ("pass", "25.0 % to 27.4 %, target 80 %")


@pytest.mark.parametrize(
    ("filled", "memory", "outcome"),
    [(97, 0.0, "fail"), (80, 0.0, "fail"), (97, -0.5, "fail"), (79, 0.0, "pass")],
    ids=["over-it", "at-it", "over-it-at-first", "below-it"],
)
def test_memory_at_its_target_need_not_grow_to_fail(
    filled: float, memory: float, outcome: str
) -> None:
    assert found(drifting(0.0, memory, filled=filled))["LOAD-13"][0] == outcome


def test_a_few_minutes_show_no_trend() -> None:
    seen = found(drifting(0.1, 5.0, soaked=8))
    few = ("invalid", "8 judged minutes: too few to see a trend in")
    assert (seen["LOAD-12"], seen["LOAD-13"]) == (few, few)


def test_what_the_load_balancer_answers_for_want_of_a_task_it_does_not_count() -> None:
    without = SPOILS["without a task"](run(STEADY))
    assert disagreement(without, 5) is None
    assert disagreement(SPOILS["half counted"](run(STEADY)), 5) is not None


def test_a_soak_without_data_shows_no_drift_and_passes_nothing() -> None:
    silent = SPOILS["no data"](run(SOAK))
    assert {found(silent)[name][0] for name in ("LOAD-12", "LOAD-13")} == {"invalid"}


def test_headroom_is_told_with_the_verdict() -> None:
    _, seen = found(run(STEADY))["LOAD-02"]
    # 0.010 of 0.5 s; 30/s of 6 tasks' 16.7/s each.
    assert seen.endswith("left: 98 % of the threshold, 70 % of the capacity")


def test_an_alarm_that_ends_without_data_was_not_seen_to_be_quiet() -> None:
    unsure = SPOILS["insufficient"](run(STEADY))
    assert found(unsure)["LOAD-02"][1].endswith("the deployed alarm ended in INSUFFICIENT_DATA")


def test_an_alarm_that_goes_off_again_has_not_recovered() -> None:
    outcome, seen = found(SPOILS["again"](run(BREACH)))["LOAD-09"]
    assert (outcome, "and ALARM again at 00:13:20" in seen) == ("fail", True)


def test_tasks_that_take_too_long_to_start_come_late_and_are_not_settled() -> None:
    seen = found(run(SCALE, start_up_minutes=9))
    assert "one more only after 12 min; 9 are allowed" in seen["LOAD-04"][1]
    assert "ALBRequestCountPerTarget: 3 tasks, forecast 3, of which 2 run" in seen["LOAD-05"][1]
    assert (seen["LOAD-04"][0], seen["LOAD-05"][0]) == ("fail", "invalid")


def test_a_scenario_that_ends_before_a_task_must_have_come_cannot_tell() -> None:
    stages = (SCALE.stages[0], replace(SCALE.stages[1], minutes=6))
    outcome, seen = found(run(replace(SCALE, stages=stages), start_up_minutes=9))["LOAD-04"]
    assert (outcome, seen.endswith("before 9 min had passed")) == ("invalid", True)


def test_a_scenario_that_ends_before_the_alarm_must_have_gone_off_cannot_tell() -> None:
    stages = (BREACH.stages[0], replace(BREACH.stages[1], minutes=3))
    silent = run(replace(BREACH, stages=stages))
    outcome, seen = found(SPOILS["unchanged"](silent))["LOAD-07"]
    assert (outcome, seen.endswith("the run ended too soon after")) == ("invalid", True)


def test_more_tasks_than_forecast_may_still_go_where_there_is_time() -> None:
    outcome, seen = found(SPOILS["overshot"](run(SCALE)))["LOAD-05"]
    assert outcome == "invalid"
    assert "ALBRequestCountPerTarget: 4 tasks, forecast 3, and it may still scale in" in seen


def longer(minutes: int) -> Scenario:
    """The scale scenario with so long a rest after the load."""
    return replace(SCALE, stages=(*SCALE.stages[:-1], replace(SCALE.stages[-1], minutes=minutes)))


def slow_to_scale_in(periods: int) -> Region:
    """The region whose policies scale in after so many minutes."""
    policies = regions.region().scaling.policies
    low = (
        replace(one.low, evaluation_periods=periods, datapoints_to_alarm=periods)
        for one in policies
    )
    slow = (replace(one, low=alarm) for one, alarm in zip(policies, low, strict=True))
    return regions.region(scaling=Scaling(tuple(slow)))


def one_at_a_time() -> Region:
    """The region that takes one task at a time, as AWS may."""
    return regions.region(scaling=replace(regions.region().scaling, most_removed=1))


@pytest.mark.parametrize(
    ("scenario", "service", "outcome", "reason"),
    [
        (longer(40), one_at_a_time(), "pass", "2 after 25 min"),
        (longer(60), slow_to_scale_in(35), "fail", "2 only after 35 min, not 29"),
        (longer(8), regions.region(), "invalid", "and the run ended 13 min later"),
        (longer(17), one_at_a_time(), "invalid", "and the run ended 22 min later"),
    ],
    ids=["one-by-one", "late", "too-short", "too-short-for-one-by-one"],
)
def test_a_scale_in_has_the_time_that_alarms_and_cooldowns_take(
    scenario: Scenario, service: Region, outcome: str, reason: str
) -> None:
    seen = found(run(scenario, service))["LOAD-06"]
    assert (seen[0], reason in seen[1]) == (outcome, True), seen


def test_a_service_that_had_nothing_to_take_away_has_not_scaled_in() -> None:
    idle = SPOILS["never more"](run(SCALE))
    assert found(idle)["LOAD-06"] == ("invalid", "no more than 2 tasks ran when the load ended")


def test_an_overshoot_that_is_taken_back_is_told_and_allowed() -> None:
    scale = run(SCALE)
    assert scale.observed is not None
    minutes = list(scale.observed.minutes)
    minutes[6] = replace(minutes[6], desired=6)
    overshot = replace(scale, observed=replace(scale.observed, minutes=tuple(minutes)))
    outcome, seen = found(overshot)["LOAD-05"]
    assert outcome == "pass"
    assert "ALBRequestCountPerTarget: 3 tasks, forecast 3 (after 6);" in seen
