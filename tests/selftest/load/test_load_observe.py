"""What the environment tells of a run is read as it is told; answers are held to AWS's models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.load.observation import events, observe
from tests.load.observation.observe import Begun
from tests.load.observation.observed import SCHEDULE, Action, Activity, Change, Observed
from tests.load.service.workload import REQUESTS
from tests.selftest.load.told_account import (
    ALARM,
    ANSWERS,
    BY_POLICY,
    CALLS,
    DIMENSIONS,
    SESSION,
    START,
    TOPIC,
    activity,
    at,
    target,
    values,
)
from tests.support.alarms import State
from tests.support.outcomes import Invalid, Violation
from tests.support.read_only import is_read

pytestmark = pytest.mark.selftest


BEGUN = Begun(frozenset({"one"}), (), 2, State.OK)


def read(begun: Begun | None = None, **changed: Any) -> Observed:
    """What is read of three minutes, some of the answers changed."""
    answers = {**ANSWERS, **changed}
    calls = {
        name: [(operation, answers[key]) for operation, key in wanted]
        for name, wanted in CALLS.items()
    }
    start = START.timestamp()
    return observe.read(target(calls), start, start + 180, begun)


def test_minutes_have_what_cloudwatch_has_and_nothing_where_it_has_none() -> None:
    minutes = read().minutes
    assert [one.response_seconds for one in minutes] == [0.2, None, 0.7]
    assert [one.requests for one in minutes] == [600, 0, 600]
    assert [one.failed for one in minutes] == [0, 0, 7]
    assert [one.running for one in minutes] == [2, 2, 2.5]
    assert [one.values[REQUESTS] for one in minutes] == [300, 0, None]


def test_an_activity_is_told_with_the_count_before_and_the_policy_that_asked() -> None:
    assert read().activities == (
        Activity(60, 1, 2, SCHEDULE),
        Activity(125, 2, 3, REQUESTS),
    )


def test_the_desired_count_of_a_minute_is_what_it_came_to_be_by_it() -> None:
    assert [one.desired for one in read().minutes] == [2, 3, 3]


@pytest.mark.parametrize(
    ("known", "before"),
    [({"-600"}, [4, 2]), (set(), [1, 2])],
    ids=["moved-by-hand-since", "moved-before-the-run-began"],
)
def test_the_count_as_the_run_began_is_the_latest_that_is_known(
    known: set[str], before: list[int]
) -> None:
    found = read(replace(BEGUN, desired=4, activities=frozenset(known)))
    assert [one.before for one in found.activities] == before


@pytest.mark.parametrize(
    ("code", "desired"),
    [("Failed", [2, 2, 2]), ("InProgress", [5, 5, 5]), ("Overridden", [5, 5, 5]),
     ("Unfulfilled", [5, 5, 5])],
)  # fmt: skip
def test_only_an_activity_that_failed_sets_no_count(code: str, desired: list[int]) -> None:
    made = {"ScalingActivities": [activity(65, 5, BY_POLICY, code)]}
    found = read(BEGUN, activities=made)
    assert [one.succeeded for one in found.activities] == [code != "Failed"]
    assert [one.desired for one in found.minutes] == desired


def test_without_an_activity_the_count_is_what_it_is_now() -> None:
    found = read(activities={"ScalingActivities": []})
    assert [one.desired for one in found.minutes] == [3, 3, 3]


def test_the_alarms_changes_and_actions_are_told_oldest_first() -> None:
    found = read()
    assert found.changes == (
        Change(124, State.OK, State.ALARM),
        Change(185, State.ALARM, State.OK),
    )
    assert found.actions == (Action(125, TOPIC, True), Action(186, TOPIC, False))
    assert (found.state, found.states) == (State.OK, [State.OK, State.ALARM, State.OK])


@pytest.mark.parametrize(
    ("begun", "state"),
    [
        (None, State.OK),
        (BEGUN, State.OK),
        (replace(BEGUN, state=State.ALARM), State.ALARM),
        (replace(BEGUN, state=State.INSUFFICIENT_DATA), State.INSUFFICIENT_DATA),
    ],
    ids=["not-known", "as-it-is", "has-recovered-since", "has-got-data-since"],
)
def test_an_alarm_that_did_not_change_was_as_the_run_began(
    begun: Begun | None, state: State
) -> None:
    found = read(begun, history={"AlarmHistoryItems": []})
    assert found.states == [state] * 3


def test_an_alarm_that_changed_began_as_it_was_before() -> None:
    assert read(replace(BEGUN, state=State.INSUFFICIENT_DATA)).state is State.OK


def test_only_a_confirmed_subscription_hears() -> None:
    assert read().subscribers == ("ops@example.com",)


@pytest.mark.parametrize(
    ("begun", "deployments", "expected"),
    [
        (None, [{"id": "one", "createdAt": at(-60), "rolloutState": "COMPLETED"}], ()),
        (None, [{"id": "two", "createdAt": at(60), "rolloutState": "COMPLETED"}], ("two",)),
        (None, [{"id": "one", "createdAt": at(-60), "rolloutState": "IN_PROGRESS"}], ("one",)),
        (BEGUN, [{"id": "one", "createdAt": at(60)}], ()),
        (BEGUN, [{"id": "two", "createdAt": at(-60)}], ("two",)),
        (replace(BEGUN, under_way=("one",)), [{"id": "one", "createdAt": at(-60)}], ("one",)),
    ],
    ids=["before", "meanwhile", "going-on", "known", "new", "ended-meanwhile"],
)
def test_a_deployment_of_the_run_is_told(
    begun: Begun | None, deployments: list[dict[str, Any]], expected: tuple[str, ...]
) -> None:
    service = {"services": [{"desiredCount": 3, "deployments": deployments}]}
    assert read(begun, service=service).deployments == expected


def test_the_service_is_looked_at_before_the_first_request() -> None:
    going_on = [{"id": "one", "rolloutState": "IN_PROGRESS"}, {"id": "old"}]
    service = {"services": [{"desiredCount": 2, "deployments": going_on}]}
    alarm = {"MetricAlarms": [{**ALARM, "StateValue": "ALARM"}]}
    calls = {
        "cloudwatch": [("describe_alarms", alarm)],
        "ecs": [("describe_services", service)],
        "application-autoscaling": [("describe_scaling_activities", ANSWERS["activities"])],
    }
    found = observe.begin(target(calls))
    assert found == Begun(
        frozenset({"one", "old"}), ("one",), 2, State.ALARM, found.activities, None
    )
    assert len(found.activities) == 3


def test_an_account_without_the_service_is_a_violation() -> None:
    with pytest.raises(Violation, match="expected a service"):
        read(service={"services": []})


def test_an_alarm_on_other_dimensions_is_a_violation() -> None:
    with pytest.raises(Violation, match="LoadBalancer and TargetGroup"):
        read(alarm={"MetricAlarms": [{**ALARM, "Dimensions": DIMENSIONS[:1]}]})


@pytest.mark.parametrize("denied", ["data", "history", "activities", "subscriptions"])
def test_what_may_not_be_read_is_invalid_and_said(denied: str) -> None:
    with pytest.raises(Invalid, match="answered AccessDeniedException; allow the action"):
        read(**{denied: None})


def test_a_run_that_does_not_begin_with_a_minute_is_invalid() -> None:
    with pytest.raises(Invalid, match="no whole minute"):
        events.moment(START.timestamp() + 1)


def settling(*answers: dict[str, Any]) -> dict[str, list[tuple[str, Any]]]:
    """The calls of a wait that sees these answers."""
    asked = [("get_metric_data", answer) for answer in answers]
    return {"cloudwatch": [("describe_alarms", ANSWERS["alarm"]), *asked]}


NOTHING: dict[str, Any] = {"MetricDataResults": [values("m0")]}
THERE: dict[str, Any] = {"MetricDataResults": [values("m0", (120, 600))]}


@pytest.mark.parametrize(
    ("answers", "emulated", "there", "waits"),
    [
        ([THERE], False, True, []),
        ([NOTHING, NOTHING, THERE], False, True, [10, 10]),
        ([NOTHING] * 4, False, False, [10, 10, 10]),
        ([NOTHING], True, False, []),
    ],
    ids=["there", "late", "never", "emulator"],
)
def test_cloudwatch_is_waited_for_but_not_for_ever(
    answers: list[dict[str, Any]], emulated: bool, there: bool, waits: list[float]
) -> None:
    waited: list[float] = []
    end = START.timestamp() + 180
    found = observe.settle(target(settling(*answers), emulated), end, waited.append, bound=30)
    assert (found, waited) == (there, waits)


@pytest.mark.parametrize(("service", "operation"), observe.ASKED)
def test_what_is_asked_is_a_read_that_the_guard_lets_pass(service: str, operation: str) -> None:
    service_id = SESSION.client(service).meta.service_model.service_id
    assert is_read(service_id.hyphenize(), operation)
