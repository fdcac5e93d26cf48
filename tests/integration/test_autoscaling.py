"""The deployed scalable target, its policies and its schedule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, named, only
from tests.support.target import Target

pytestmark = pytest.mark.deployed

METRICS = [
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageMemoryUtilization",
    "ALBRequestCountPerTarget",
]


@pytest.fixture(scope="session")
def resource_id(target: Target) -> str:
    """What Application Auto Scaling calls the service."""
    return f"service/{target.prefix}/{target.prefix}-app"


@pytest.fixture(scope="session")
def policies(target: Target, resource_id: str) -> list[dict[str, Any]]:
    """The scaling policies of the service."""
    return target.pages(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies",
        ServiceNamespace="ecs", ResourceId=resource_id,
    )  # fmt: skip


def metric_of(policy: dict[str, Any]) -> str:
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    return str(configuration["PredefinedMetricSpecification"]["PredefinedMetricType"])


@pytest.mark.requirement("SCALE-01")
def test_service_scales_between_its_bounds(
    target: Target, resource_id: str, requirement: Requirement
) -> None:
    targets = target.pages(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets",
        ServiceNamespace="ecs", ResourceIds=[resource_id],
    )  # fmt: skip
    scalable = only(resource_id, "scalable target", targets)
    wanted = requirement.expected["capacity"][target.environment]
    dimension = requirement.expected["dimension"]
    expect_equal(resource_id, "dimension", scalable["ScalableDimension"], dimension)
    expect_equal(resource_id, "maximum", scalable["MaxCapacity"], wanted["max"])
    expect_equal(resource_id, "minimum", scalable["MinCapacity"], wanted["min"])


@pytest.mark.requirement("SCALE-02")
@pytest.mark.parametrize("metric", METRICS)
def test_metric_has_its_target_and_cooldowns(
    metric: str, policies: list[dict[str, Any]], requirement: Requirement
) -> None:
    policy = named(metric, "policy for it", policies, lambda p: metric_of(p) == metric)
    where, expected = policy["PolicyARN"], requirement.expected
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    scale_in, scale_out = configuration["ScaleInCooldown"], configuration["ScaleOutCooldown"]
    expect_equal(where, "target", configuration["TargetValue"], expected["targets"][metric])
    expect_equal(where, "scale-in cooldown", scale_in, expected["scale_in_cooldown_seconds"])
    expect_equal(where, "scale-out cooldown", scale_out, expected["scale_out_cooldown_seconds"])
    expect_equal(where, "scale-in off", configuration.get("DisableScaleIn", False), False)


@pytest.mark.requirement("SCALE-02")
@pytest.mark.parametrize("metric", ["ALBRequestCountPerTarget"])
def test_request_policy_names_this_load_balancer_and_target_group(
    metric: str,
    policies: list[dict[str, Any]],
    load_balancer: dict[str, Any],
    target_group: dict[str, Any],
) -> None:
    policy = named(metric, "policy for it", policies, lambda p: metric_of(p) == metric)
    specification = policy["TargetTrackingScalingPolicyConfiguration"]
    label = specification["PredefinedMetricSpecification"]["ResourceLabel"]
    balancer = load_balancer["LoadBalancerArn"].partition("loadbalancer/")[2]
    group = target_group["TargetGroupArn"].rpartition(":")[2]
    expect_equal(policy["PolicyARN"], "resource label", label, f"{balancer}/{group}")


@pytest.mark.requirement("SCALE-03")
@pytest.mark.parametrize("action", ["off-peak", "peak"])
def test_scheduled_action_sets_the_floor(
    action: str,
    target: Target,
    resource_id: str,
    requirement: Requirement,
    catalogue: Any,
) -> None:
    actions = target.pages(
        "application-autoscaling", "describe_scheduled_actions", "ScheduledActions",
        ServiceNamespace="ecs", ResourceId=resource_id,
    )  # fmt: skip
    name = f"{target.prefix}-{action}"
    scheduled = named(name, "scheduled action", actions, lambda a: a["ScheduledActionName"] == name)
    bounds = catalogue.requirement("SCALE-01").expected["capacity"][target.environment]
    floors = {"off-peak": requirement.expected["off_peak_minimum"][target.environment]}
    wanted = {"MinCapacity": floors.get(action, bounds["min"]), "MaxCapacity": bounds["max"]}
    expect_equal(scheduled["ScheduledActionARN"], "sets", scheduled["ScalableTargetAction"], wanted)
