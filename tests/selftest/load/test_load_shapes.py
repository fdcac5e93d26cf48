"""Every scenario of every environment, played through the modelled service before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.load.hosts import UsageError
from tests.load.scenarios import scenarios
from tests.load.scenarios.shapes import Scenario, Stage
from tests.load.scenarios.situation import Course, Situation
from tests.load.service.forecast import forecast
from tests.load.service.plant import Seen
from tests.load.service.workload import CPU, MEMORY, PUBLISHED_AS, REQUESTS
from tests.selftest.load import regions
from tests.selftest.load.regions import WORK
from tests.support import catalogue, traffic
from tests.support.alarms import State
from tests.support.outcomes import SuiteError
from tests.support.scaling import Direction, Scaling
from tests.support.scaling_policy import Capacity, Policy

pytestmark = pytest.mark.selftest

MIX = traffic.load()
BOUNDS = catalogue.load().requirement("SCALE-01").expected["capacity"]
ENVIRONMENTS = sorted(MIX.environments)
every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def situation(environment: str, **changed: Any) -> Situation:
    """A living region with the environment's bounds and peak, on a Monday at ten."""
    place, bounds = MIX.place(environment), BOUNDS[environment]
    capacity = Capacity(bounds["min"], bounds["max"])
    name = f"mantisnxt-{environment}-api-response-time"
    watched = tuple(
        replace(one, name=name) if one.name == regions.RESPONSE else one
        for one in regions.region().watched
    )
    region = regions.region(environment=environment, capacity=capacity, watched=watched)
    made: dict[str, Any] = {
        "region": region,
        "alarm": region.response_alarm,
        "scenarios": MIX.scenarios,
        "rate": place.peak_requests_per_second,
        "most": place.most_requests_per_second,
        "workload": WORK,
        "settable": True,
        "tasks": capacity.minimum,
        "minute": 10 * 60,
    }
    return Situation(**{**made, **changed})


@dataclass(frozen=True)
class Played:
    """A stage and what the modelled service showed in each of its minutes."""

    stage: Stage
    seen: list[Seen]

    @property
    def alarm(self) -> list[State]:
        """The response-time alarm's state, minute by minute."""
        return [
            state
            for one in self.seen
            for name, state in one.states.items()
            if name.endswith("response-time")
        ]

    @property
    def causes(self) -> list[str]:
        """What the count was raised by."""
        done = [activity for one in self.seen for activity in one.activities]
        return [one.cause for one in done if one.direction is Direction.OUT]


def play(where: Situation, scenario: Scenario) -> list[Played]:
    """The scenario on the modelled service, stage by stage."""
    course = Course(where, where.workload or WORK)
    return [_stage(course, stage) for stage in scenario.stages]


def _stage(course: Course, stage: Stage) -> Played:
    course.workload = stage.workload or course.workload
    return Played(stage, [course.minute(stage.rate(n + 0.5)) for n in range(stage.minutes)])


def played(environment: str, name: str, **changed: Any) -> list[Played]:
    """The scenario of that name in an environment."""
    where = situation(environment, **changed)
    return play(where, scenarios.make(name, where))


@every_environment
def test_in_each_stage_the_policy_that_is_meant_adds_the_one_task_that_is_forecast(
    environment: str,
) -> None:
    steps = [one for one in played(environment, "scale") if one.stage.binds]
    region = situation(environment).service
    assert [one.causes for one in steps] == [[one.stage.binds] for one in steps]
    first = region.capacity.minimum + 1
    assert [one.seen[-1].running for one in steps] == list(range(first, first + len(steps)))
    assert [one.stage.tasks for one in steps] == [one.seen[-1].running for one in steps]
    forecasts = [forecast(region, one.stage.workload or WORK, one.stage.rate_to) for one in steps]
    assert [one.tasks for one in forecasts] == [one.stage.tasks for one in steps]
    assert [one.binds for one in forecasts] == [one.stage.binds for one in steps]


@every_environment
def test_the_load_ends_and_every_task_above_the_minimum_goes(environment: str) -> None:
    last = played(environment, "scale")[-1]
    least = situation(environment).service.capacity.minimum
    assert (last.stage.name, last.stage.tasks, last.causes) == ("scale in", least, [])
    assert [one.running for one in last.seen[-2:]] == [least, least]


@every_environment
def test_no_task_is_given_more_than_it_has_while_its_policy_asks(environment: str) -> None:
    minutes = [seen for one in played(environment, "scale") for seen in one.seen]
    most = {
        metric: max(one.published[PUBLISHED_AS[metric]] for one in minutes)
        for metric in (CPU, MEMORY)
    }
    assert most[CPU] < 95
    assert most[MEMORY] < 90


def test_stages_wait_as_long_as_a_task_takes_to_start() -> None:
    quick, slow = (
        scenarios.make("scale", situation("staging", start_up_minutes=minutes)).stages
        for minutes in (2, 6)
    )
    longer = [after.minutes - before.minutes for before, after in zip(quick, slow, strict=True)]
    assert longer[1:4] == [4, 4, 4]


def test_where_there_is_room_each_policy_has_its_stage() -> None:
    scenario = scenarios.make("scale", situation("production"))
    assert [stage.binds for stage in scenario.stages if stage.binds] == [REQUESTS, CPU, MEMORY]
    assert scenario.unprovable == ()


def test_what_there_is_no_room_for_is_said_to_be_not_provable() -> None:
    (unprovable,) = scenarios.make("scale", situation("develop")).unprovable
    assert unprovable.what == f"{MEMORY} asks for a task more"
    assert unprovable.reason == "3 tasks are the most that may run"


def test_where_requests_take_what_they_take_only_their_number_can_show_a_policy() -> None:
    where = situation("staging", settable=False, workload=None, delay_minutes=3)
    scenario = scenarios.make("scale", where)
    assert [stage.binds for stage in scenario.stages if stage.binds] == [REQUESTS]
    assert {stage.workload for stage in scenario.stages} == {None}
    assert [one.what.split()[0] for one in scenario.unprovable] == [CPU, MEMORY]
    # AWS may take 15 minutes to see that the load has gone, and its tasks one by one.
    assert scenario.stages[-1].minutes > 15


def test_a_policy_that_needs_more_requests_than_may_be_sent_is_not_provable() -> None:
    scenario = scenarios.make("scale", situation("staging", most=40, settable=False))
    assert scenario.most <= 40
    assert scenario.unprovable[0].reason == "it takes 43.3 requests/s, above the cap"


def test_scale_in_is_waited_for_even_where_it_is_turned_off() -> None:
    where = situation("staging")
    kept = tuple(replace(one, disable_scale_in=True) for one in where.service.scaling.policies)
    off = replace(where, region=replace(where.service, scaling=Scaling(kept)))
    assert scenarios.make("scale", off) == scenarios.make("scale", where)


def test_more_tasks_than_the_fewest_are_let_go_before_the_first_stage() -> None:
    rest = played("staging", "scale", tasks=5)[0]
    assert rest.stage.name == "rest"
    assert (rest.seen[0].running, rest.seen[-1].running, rest.stage.tasks) == (5, 2, 2)


@pytest.mark.parametrize(("minute", "least"), [(19 * 60 + 30, 1), (5 * 60 + 30, 2)])
def test_a_schedule_that_would_move_the_bounds_amid_the_stages_is_waited_for(
    minute: int, least: int
) -> None:
    night = regions.region(actions=regions.night())
    where = situation("staging", region=night, minute=minute)
    scenario = scenarios.make("scale", where)
    assert scenario.stages[0].minutes > 30
    counts = [one.seen[-1].running for one in play(where, scenario)]
    assert counts == [least, least + 1, least + 2, least + 3, least]


@every_environment
@pytest.mark.parametrize("name", ["steady", "soak"])
def test_the_peak_is_reached_without_raising_the_alarm_and_then_judged(
    name: str, environment: str
) -> None:
    stages = played(environment, name)
    assert {state for one in stages for state in one.alarm} == {State.OK}
    peak = stages[-1]
    assert {one.stage.name for one in stages if one.stage.judged} == {"peak"}
    assert len({one.running for one in peak.seen}) == 1
    assert peak.stage.rate_from == peak.stage.rate_to == situation(environment).rate


def test_a_peak_at_once_would_have_raised_the_alarm() -> None:
    where = situation("staging", rate=53)
    peak = (Stage("peak", 10, 53, 53),)
    (at_once,) = play(where, Scenario("steady", peak, "poisson"))
    assert State.ALARM in at_once.alarm
    slowly = play(where, scenarios.make("steady", where))
    assert {state for one in slowly for state in one.alarm} == {State.OK}


@pytest.mark.parametrize(
    ("changed", "minutes"),
    [({}, 5), ({"judged_minutes": 9}, 9)],
    ids=["by-traffic-file", "asked-for"],
)
def test_the_peak_is_judged_as_long_as_is_asked(changed: dict[str, int], minutes: int) -> None:
    assert len(scenarios.make("steady", situation("staging", **changed)).judged) == minutes


@every_environment
def test_slowness_raises_the_alarm_in_its_minutes_moves_no_task_and_ends(environment: str) -> None:
    before, slow, after = played(environment, "breach")
    threshold = situation(environment).alarm.threshold
    assert set(before.alarm) == {State.OK}
    assert slow.alarm[:3] == [State.OK, State.ALARM, State.ALARM]
    assert min(one.response_seconds or 0 for one in slow.seen) >= 1.4 * threshold
    assert (after.alarm[0], after.alarm[-1]) == (State.OK, State.OK)
    assert before.causes + slow.causes + after.causes == []


def test_a_service_that_cannot_be_made_slow_is_overloaded_only_when_told_to() -> None:
    where = situation("staging", settable=False, workload=None)
    with pytest.raises(UsageError, match="--overload"):
        scenarios.make("breach", where)
    forced = scenarios.make("breach", replace(where, overload=True))
    assert forced.most == where.most
    assert {stage.workload for stage in forced.stages} == {None}


@every_environment
def test_a_spike_is_no_more_than_may_be_sent_and_is_over_when_judged(environment: str) -> None:
    where = situation(environment)
    stages = play(where, scenarios.make("spike", where))
    most = max(one.stage.rate_to for one in stages)
    assert most == min(3 * where.rate, where.most)
    assert [one.stage.name for one in stages if one.stage.judged] == ["peak"]
    assert set(stages[-1].alarm) == {State.OK}


def test_a_scenario_that_would_send_more_than_is_allowed_is_refused() -> None:
    with pytest.raises(UsageError, match=r"needs 50 requests/s, and traffic\.yaml allows 40"):
        scenarios.make("steady", situation("staging", most=40))


def test_a_policy_that_is_not_modelled_is_one_error() -> None:
    odd = Scaling((Policy.tracking("SQSDepth", 10, 60, 300),))
    where = situation("staging", region=regions.region(scaling=odd))
    with pytest.raises(SuiteError, match="SQSDepth, which cannot be forecast"):
        scenarios.make("scale", where)


def test_windows_follow_one_another_from_the_first_minute() -> None:
    stages = (Stage("a", 2, 1, 3), Stage("b", 3, 3, 3, judged=True))
    scenario = Scenario("any", stages, "constant")
    assert {stage.name: window for stage, window in scenario.windows()} == {
        "a": range(2),
        "b": range(2, 5),
    }
    assert (scenario.minutes, scenario.most, scenario.judged) == (5, 3, (2, 3, 4))
    assert (scenario.window("b"), stages[0].rate(1)) == (range(2, 5), 2)


def test_a_service_that_is_slow_at_its_best_is_led_to_the_peak_in_reasonable_time() -> None:
    slow = replace(WORK, other_seconds=0.3)
    found = scenarios.make("steady", situation("staging", workload=slow))
    assert found.most == MIX.place("staging").peak_requests_per_second
    assert found.minutes < 60
