"""Whether the planned alarms can come and go, and whether anybody hears of them."""

from __future__ import annotations

import pytest

from tests.support import metrics
from tests.support.catalogue import Requirement
from tests.support.expectations import found
from tests.support.metrics import Metrics
from tests.support.outcomes import Invalid
from tests.support.plan import Plan
from tests.support.planning import ANY_ACCOUNT
from tests.support.source import SourceTree
from tests.support.topics import Publisher, unheard
from tests.support.watches import Rules, Watch, expect_sound
from tests.unit import planned_alarms

pytestmark = pytest.mark.plan


@pytest.fixture
def account(source: SourceTree, planned_environment: str) -> str:
    """The account that the environment is planned for."""
    return str(source.variables(planned_environment).get("aws_account_id", ANY_ACCOUNT))


@pytest.fixture
def alarms(plan: Plan, account: str) -> list[Watch | Invalid]:
    """Every metric alarm."""
    return found("plan", "alarm", planned_alarms.watches(plan, account))


@pytest.fixture(scope="session")
def table() -> Metrics:
    """What AWS publishes."""
    return metrics.load()


@pytest.fixture
def rules(plan: Plan, table: Metrics) -> Rules:
    """The rules, which know the metrics that the stack makes of its logs."""
    return Rules(table, planned_alarms.log_metrics(plan))


@pytest.mark.requirement("MON-09")
def test_alarm_watches_a_metric_that_is_emitted(
    alarms: list[Watch | Invalid], rules: Rules
) -> None:
    expect_sound(alarms, rules.dimensions, "a metric by dimensions that it is emitted by")


@pytest.mark.requirement("MON-10")
def test_alarms_statistic_means_something(alarms: list[Watch | Invalid], rules: Rules) -> None:
    expect_sound(alarms, rules.statistic, "a statistic that means something for the metric")


@pytest.mark.requirement("MON-11")
def test_alarms_threshold_is_in_the_metrics_unit(
    alarms: list[Watch | Invalid], rules: Rules
) -> None:
    expect_sound(alarms, rules.threshold, "a threshold in the metric's unit that can be crossed")


@pytest.mark.requirement("MON-12")
def test_alarms_periods_are_accepted(
    alarms: list[Watch | Invalid], rules: Rules, requirement: Requirement
) -> None:
    shortest = requirement.expected["shortest_period_seconds"]
    expect_sound(alarms, lambda alarm: rules.periods(alarm, shortest), "periods that are accepted")


@pytest.mark.requirement("MON-13")
def test_alarm_watches_what_the_stack_has(
    alarms: list[Watch | Invalid], rules: Rules, plan: Plan, table: Metrics
) -> None:
    held = planned_alarms.held(plan, table)
    expect_sound(alarms, lambda alarm: rules.watched(alarm, held), "a resource of this stack")


@pytest.mark.requirement("MON-14")
def test_somebody_hears_of_the_alarm(
    alarms: list[Watch | Invalid], plan: Plan, account: str, requirement: Requirement
) -> None:
    topics = planned_alarms.topics(plan, account)
    publisher = Publisher(**requirement.expected)
    expect_sound(
        alarms, lambda alarm: unheard(alarm, topics, publisher, account),
        f"a topic of the stack that {publisher.principal} may publish to, with a subscriber",
    )  # fmt: skip
