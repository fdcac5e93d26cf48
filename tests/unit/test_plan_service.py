"""The service, its load balancer and its scaling, as planned."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import (
    expect,
    expect_contains,
    expect_equal,
    expect_in,
    expect_members,
    expect_none,
    found,
    named,
    only,
)
from tests.support.plan import Plan
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan


@pytest.mark.requirement("ECS-01")
def test_task_has_the_size(plan: Plan, prefix: str, requirement: Requirement) -> None:
    task, expected = (
        plan.one("aws_ecs_task_definition", family=f"{prefix}-app"),
        requirement.expected,
    )
    launch = task.value("requires_compatibilities")
    expect_equal(task.where, "cpu", task.value("cpu"), str(expected["cpu_units"]))
    expect_equal(task.where, "memory", task.value("memory"), str(expected["memory_mib"]))
    expect_contains(task.where, "launch", launch, expected["launch"])


@pytest.mark.requirement("ECS-04")
def test_load_balancer_waits_for_a_starting_task_as_the_container_does(
    service: Resource, requirement: Requirement
) -> None:
    seconds, least = (
        service.value("health_check_grace_period_seconds"),
        requirement.expected["start_period_seconds"],
    )
    expect(service.where, (seconds or 0) >= least, f"grace period ≥ {least} s", f"{seconds} s")


@pytest.mark.requirement("ECS-06")
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("deployment_circuit_breaker[0].enable", "circuit_breaker"),
        ("deployment_circuit_breaker[0].rollback", "rollback"),
        ("deployment_minimum_healthy_percent", "minimum_healthy_percent"),
        ("deployment_maximum_percent", "maximum_percent"),
    ],
)
def test_failed_deployment_goes_back_by_itself(
    path: str, key: str, service: Resource, requirement: Requirement
) -> None:
    expect_equal(service.where, path, service.value(path), requirement.expected[key])


@pytest.mark.requirement("ECS-07")
def test_service_runs_in_the_private_subnets(
    plan: Plan, service: Resource, requirement: Requirement, catalogue: Catalogue
) -> None:
    public = service.value("network_configuration[0].assign_public_ip")
    ranges = ranges_of(plan, service, "network_configuration[0].subnets")
    wanted = catalogue.requirement("NET-01").expected["private"]
    expect_equal(service.where, "public address", public, requirement.expected["assign_public_ip"])
    expect_members(service.where, "subnets", ranges, wanted)


def ranges_of(plan: Plan, resource: Resource, path: str) -> list[str]:
    """The address ranges of the subnets that a resource is put into."""
    subnets = found(resource.where, "subnet", resource.points_to(path))
    return [plan.at(subnet).value("cidr_block") for subnet in subnets]


@pytest.mark.requirement("ECS-08")
def test_migrations_have_a_task_definition(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    family = f"{prefix}-{requirement.expected['family_suffix']}"
    task = plan.one("aws_ecs_task_definition", family=family)
    app = plan.one("aws_ecs_task_definition", family=f"{prefix}-app")
    roles, wanted = task.points_to("execution_role_arn"), app.points_to("execution_role_arn")
    expect_equal(task.where, "execution role", roles, wanted)


@pytest.mark.requirement("ECS-09")
def test_container_insights_watch_the_cluster(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    cluster = plan.one("aws_ecs_cluster", name=prefix)
    settings = {s["name"]: s["value"] for s in cluster.value("setting")}
    wanted = requirement.expected["container_insights"]
    expect_equal(cluster.where, "insights", settings.get("containerInsights"), wanted)


@pytest.mark.requirement("ALB-01")
def test_load_balancer_faces_the_internet(
    plan: Plan, load_balancer: Resource, requirement: Requirement, catalogue: Catalogue
) -> None:
    where, expected = load_balancer.where, requirement.expected
    scheme = {False: "internet-facing", True: "internal"}[load_balancer.value("internal")]
    drops, http2 = (
        load_balancer.value("drop_invalid_header_fields"),
        load_balancer.value("enable_http2"),
    )
    expect_equal(where, "scheme", scheme, expected["scheme"])
    expect_equal(where, "type", load_balancer.value("load_balancer_type"), expected["type"])
    expect_equal(where, "HTTP/2", http2, expected["http2"])
    expect_equal(where, "drops invalid headers", drops, expected["drop_invalid_headers"])
    ranges, wanted = ranges_of(plan, load_balancer, "subnets"), catalogue.requirement("NET-01")
    expect_members(where, "subnets", ranges, wanted.expected["public"])


@pytest.mark.requirement("ALB-02")
def test_https_allows_modern_tls_only(plan: Plan, requirement: Requirement) -> None:
    expected = requirement.expected
    listener = plan.one("aws_lb_listener", port=expected["port"])
    expect_equal(listener.where, "protocol", listener.value("protocol"), expected["protocol"])
    expect_in(listener.where, "TLS policy", listener.value("ssl_policy"), expected["ssl_policies"])


@pytest.mark.requirement("ALB-03")
def test_http_redirects_to_https(plan: Plan, requirement: Requirement) -> None:
    listener, expected = (
        plan.one("aws_lb_listener", port=requirement.expected["port"]),
        requirement.expected,
    )
    redirect = "default_action[0].redirect[0]"
    action, port = listener.value("default_action[0].type"), listener.value(f"{redirect}.port")
    protocol, status = (
        listener.value(f"{redirect}.protocol"),
        listener.value(f"{redirect}.status_code"),
    )
    expect_equal(listener.where, "action", action, "redirect")
    expect_equal(listener.where, "port", port, expected["redirect_port"])
    expect_equal(listener.where, "protocol", protocol, expected["redirect_protocol"])
    expect_equal(listener.where, "status", status, expected["status"])


@pytest.mark.requirement("ALB-04")
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("port", "port"),
        ("health_check[0].path", "path"),
        ("health_check[0].healthy_threshold", "healthy_threshold"),
        ("health_check[0].unhealthy_threshold", "unhealthy_threshold"),
        ("health_check[0].timeout", "timeout_seconds"),
        ("health_check[0].interval", "interval_seconds"),
        ("health_check[0].matcher", "matcher"),
    ],
)
def test_target_group_checks_the_health_endpoint(
    path: str, key: str, target_group: Resource, requirement: Requirement
) -> None:
    expect_equal(target_group.where, path, target_group.value(path), requirement.expected[key])


@pytest.mark.requirement("ALB-04")
def test_targets_drain_before_they_leave(target_group: Resource, requirement: Requirement) -> None:
    delay = int(target_group.value("deregistration_delay"))
    wanted = requirement.expected["deregistration_delay_seconds"]
    expect_equal(target_group.where, "deregistration delay", delay, wanted)


@pytest.mark.requirement("ALB-06")
def test_load_balancer_deletion_is_as_hard_as_the_environment_needs(
    load_balancer: Resource, planned_environment: str, requirement: Requirement
) -> None:
    wanted = requirement.expected["deletion_protection"][planned_environment]
    actual = load_balancer.value("enable_deletion_protection")
    expect_equal(load_balancer.where, "deletion protection", actual, wanted)


@pytest.mark.requirement("SCALE-01")
def test_service_scales_between_its_bounds(
    plan: Plan, planned_environment: str, requirement: Requirement
) -> None:
    target = plan.one("aws_appautoscaling_target", service_namespace="ecs")
    wanted = requirement.expected["capacity"][planned_environment]
    dimension = target.value("scalable_dimension")
    expect_equal(target.where, "dimension", dimension, requirement.expected["dimension"])
    expect_equal(target.where, "minimum", target.value("min_capacity"), wanted["min"])
    expect_equal(target.where, "maximum", target.value("max_capacity"), wanted["max"])


CONFIGURATION = "target_tracking_scaling_policy_configuration[0]"
METRIC = f"{CONFIGURATION}.predefined_metric_specification[0].predefined_metric_type"
LABEL = f"{CONFIGURATION}.predefined_metric_specification[0].resource_label"


@pytest.mark.requirement("SCALE-02")
@pytest.mark.parametrize(
    "metric",
    [
        "ECSServiceAverageCPUUtilization",
        "ECSServiceAverageMemoryUtilization",
        "ALBRequestCountPerTarget",
    ],
)
def test_metric_has_its_target_and_cooldowns(
    metric: str, plan: Plan, requirement: Requirement
) -> None:
    policies, expected = plan.all("aws_appautoscaling_policy"), requirement.expected
    policy = named(metric, "policy for it", policies, lambda p: p.value(METRIC) == metric)
    scale_in = policy.value(f"{CONFIGURATION}.scale_in_cooldown")
    scale_out = policy.value(f"{CONFIGURATION}.scale_out_cooldown")
    target = policy.value(f"{CONFIGURATION}.target_value")
    disabled = policy.value(f"{CONFIGURATION}.disable_scale_in")
    expect_equal(policy.where, "target", target, expected["targets"][metric])
    expect_equal(policy.where, "scale-in cooldown", scale_in, expected["scale_in_cooldown_seconds"])
    expect_equal(
        policy.where, "scale-out cooldown", scale_out, expected["scale_out_cooldown_seconds"]
    )
    expect(policy.where, not disabled, "scale-in enabled", "disabled")


@pytest.mark.requirement("SCALE-02")
def test_request_policy_names_this_load_balancer_and_target_group(
    plan: Plan, load_balancer: Resource, target_group: Resource
) -> None:
    policy = named(
        "plan", "request policy", plan.all("aws_appautoscaling_policy"),
        lambda p: p.value(METRIC) == "ALBRequestCountPerTarget",
    )  # fmt: skip
    wanted = {load_balancer.address, target_group.address}
    expect_equal(policy.where, "resource label of", policy.references(LABEL), wanted)


@pytest.mark.requirement("SCALE-03")
@pytest.mark.parametrize("action", ["off-peak", "peak"])
def test_scheduled_action_exists(
    action: str,
    plan: Plan,
    prefix: str,
    planned_environment: str,
    requirement: Requirement,
    catalogue: Catalogue,
) -> None:
    expect_contains("SCALE-03", "actions", requirement.expected["actions"], action)
    scheduled = plan.one("aws_appautoscaling_scheduled_action", name=f"{prefix}-{action}")
    bounds = only(
        scheduled.where, "scalable target action", scheduled.value("scalable_target_action")
    )
    most = catalogue.requirement("SCALE-01").expected["capacity"][planned_environment]["max"]
    expect(scheduled.where, bounds["min_capacity"] is not None, "a minimum", "none")
    expect_equal(scheduled.where, "maximum", int(bounds["max_capacity"]), most)


@pytest.mark.requirement("SCALE-03")
def test_off_peak_floor_is_what_the_environment_needs(
    plan: Plan, prefix: str, planned_environment: str, requirement: Requirement
) -> None:
    action = plan.one("aws_appautoscaling_scheduled_action", name=f"{prefix}-off-peak")
    actual = int(action.value("scalable_target_action[0].min_capacity"))
    wanted = requirement.expected["off_peak_minimum"][planned_environment]
    expect_equal(action.where, "minimum off peak", actual, wanted)


def rules_of(plan: Plan, listener: Resource) -> list[Resource]:
    """What a listener does before its default action."""
    rules = plan.all("aws_lb_listener_rule")
    return [one for one in rules if listener.address in one.points_to("listener_arn")]


@pytest.mark.requirement("ALB-03")
def test_http_is_redirected_whatever_is_asked_for(plan: Plan, requirement: Requirement) -> None:
    listener = plan.one("aws_lb_listener", port=requirement.expected["port"])
    rules = [one.where for one in rules_of(plan, listener)]
    expect_none(listener.where, "rule before the redirect", rules)


@pytest.mark.requirement("NET-08")
def test_https_leads_to_the_application(
    plan: Plan, target_group: Resource, catalogue: Catalogue
) -> None:
    listener = plan.one("aws_lb_listener", port=catalogue.requirement("ALB-02").expected["port"])
    actions = found(listener.where, "action", listener.nested("default_action"))
    actions += [action for rule in rules_of(plan, listener) for action in rule.nested("action")]
    others = [
        f"{one.where} {one.value('type')}"
        for one in actions
        if one.points_to("target_group_arn") | one.points_to("forward") != {target_group.address}
    ]
    expect_none(listener.where, f"action that leads past {target_group.address}", others)
