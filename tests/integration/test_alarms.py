"""Whether the deployed alarms can come and go, and whether anybody hears of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import deployed_alarms, metrics
from tests.support.catalogue import Requirement
from tests.support.expectations import found
from tests.support.target import Target
from tests.support.topics import Publisher, unheard
from tests.support.watches import Rules, Watch, expect_sound

pytestmark = pytest.mark.deployed


@pytest.fixture(scope="session")
def watches(target: Target, alarms: dict[str, dict[str, Any]]) -> list[Watch]:
    """Every alarm of the environment but those that Application Auto Scaling keeps."""
    return [deployed_alarms.watch(one) for one in found(target.prefix, "alarm", alarms.values())]


@pytest.fixture(scope="session")
def rules(target: Target) -> Rules:
    """The rules, which know the metrics that the stack makes of its logs."""
    return Rules(metrics.load(), deployed_alarms.log_metrics(target))


@pytest.fixture(scope="session")
def held(
    load_balancer: dict[str, Any],
    target_group: dict[str, Any],
    aurora: dict[str, Any],
    aurora_instances: list[dict[str, Any]],
    redis: dict[str, Any],
    service: dict[str, Any],
    distribution: dict[str, Any],
) -> dict[str, set[str]]:
    """For each dimension the values that the environment's resources have."""
    return {
        "LoadBalancer": {load_balancer["LoadBalancerArn"].partition("loadbalancer/")[2]},
        "TargetGroup": {target_group["TargetGroupArn"].rpartition(":")[2]},
        "DBClusterIdentifier": {aurora["DBClusterIdentifier"]},
        "DBInstanceIdentifier": {one["DBInstanceIdentifier"] for one in aurora_instances},
        "CacheClusterId": set(redis["MemberClusters"]),
        "ClusterName": {service["clusterArn"].rpartition("/")[2]},
        "ServiceName": {service["serviceName"]},
        "DistributionId": {distribution["Id"]},
    }


@pytest.mark.requirement("MON-09")
def test_alarm_watches_a_metric_that_is_emitted(watches: list[Watch], rules: Rules) -> None:
    expect_sound(watches, rules.dimensions, "a metric by dimensions that it is emitted by")


@pytest.mark.requirement("MON-10")
def test_alarms_statistic_means_something(watches: list[Watch], rules: Rules) -> None:
    expect_sound(watches, rules.statistic, "a statistic that means something for the metric")


@pytest.mark.requirement("MON-11")
def test_alarms_threshold_is_in_the_metrics_unit(watches: list[Watch], rules: Rules) -> None:
    expect_sound(watches, rules.threshold, "a threshold in the metric's unit that can be crossed")


@pytest.mark.requirement("MON-12")
def test_alarms_periods_are_accepted(
    watches: list[Watch], rules: Rules, requirement: Requirement
) -> None:
    shortest = requirement.expected["shortest_period_seconds"]
    expect_sound(watches, lambda alarm: rules.periods(alarm, shortest), "periods that are accepted")


@pytest.mark.requirement("MON-13")
def test_alarm_watches_what_is_deployed(
    watches: list[Watch], rules: Rules, held: dict[str, set[str]]
) -> None:
    expect_sound(watches, lambda alarm: rules.watched(alarm, held), "a resource of this stack")


@pytest.mark.requirement("MON-14")
def test_somebody_hears_of_the_alarm(
    watches: list[Watch], target: Target, topics: dict[str, str], requirement: Requirement
) -> None:
    own = [arn for name, arn in topics.items() if name.startswith(target.prefix)]
    told = [deployed_alarms.topic(target, arn) for arn in own]
    publisher = Publisher(**requirement.expected)
    expect_sound(
        watches, lambda alarm: unheard(alarm, told, publisher, target.account_id),
        f"a topic that {publisher.principal} may publish to, with a subscriber",
    )  # fmt: skip
