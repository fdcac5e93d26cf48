"""The deployed cluster, service and task definitions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect,
    expect_contains,
    expect_equal,
    expect_members,
    expect_none,
    expect_subset,
    found,
    only,
)
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("ECS-01")
def test_task_has_the_size_and_the_port(
    task_definition: dict[str, Any], container: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = task_definition["taskDefinitionArn"], requirement.expected
    ports = [mapping["containerPort"] for mapping in container["portMappings"]]
    expect_equal(where, "cpu", task_definition["cpu"], str(expected["cpu_units"]))
    expect_equal(where, "memory", task_definition["memory"], str(expected["memory_mib"]))
    expect_equal(where, "container", container["name"], expected["container"])
    expect_members(where, "ports", ports, [expected["port"]])
    expect_contains(where, "launch", task_definition["requiresCompatibilities"], expected["launch"])


@pytest.mark.requirement("ECS-02")
def test_environment_contract_is_complete(
    task_definition: dict[str, Any], container: dict[str, Any], requirement: Requirement
) -> None:
    where = task_definition["taskDefinitionArn"]
    plain = [variable["name"] for variable in container["environment"]]
    secret = [variable["name"] for variable in container["secrets"]]
    expect_subset(where, "environment", plain, requirement.expected["environment"])
    expect_subset(where, "secrets", secret, requirement.expected["secrets"])
    expect_none(where, "secret in clear", set(plain) & set(requirement.expected["secrets"]))


@pytest.mark.requirement("ECS-03")
def test_application_is_told_to_use_tls_towards_redis(
    task_definition: dict[str, Any], container: dict[str, Any], requirement: Requirement
) -> None:
    variables = {variable["name"]: variable["value"] for variable in container["environment"]}
    name, wanted = requirement.expected["name"], requirement.expected["value"]
    expect_equal(task_definition["taskDefinitionArn"], name, variables.get(name), wanted)


@pytest.mark.requirement("ECS-04")
def test_container_has_its_health_check(
    task_definition: dict[str, Any], container: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = task_definition["taskDefinitionArn"], requirement.expected
    check = container["healthCheck"]
    address = f"http://localhost:{expected['port']}{expected['path']}"
    command = " ".join(check["command"])
    expect(where, address in command, f"a command that asks {address}", command)
    expect_equal(where, "interval", check["interval"], expected["interval_seconds"])
    expect_equal(where, "timeout", check["timeout"], expected["timeout_seconds"])
    expect_equal(where, "retries", check["retries"], expected["retries"])
    expect_equal(where, "start period", check["startPeriod"], expected["start_period_seconds"])


@pytest.mark.requirement("ECS-10")
def test_container_runs_unprivileged_and_writes_to_tmp_only(
    task_definition: dict[str, Any], container: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = task_definition["taskDefinitionArn"], requirement.expected
    mounts = container.get("linuxParameters", {}).get("tmpfs", [])
    modes = {one["containerPath"]: one.get("mountOptions", []) for one in mounts}
    lacking = {p: mode for p, mode in expected["writable"].items() if mode not in modes.get(p, [])}
    read_only = container.get("readonlyRootFilesystem")
    expect_equal(where, "user", container.get("user"), expected["user"])
    expect_equal(where, "read-only file system", read_only, expected["read_only"])
    expect_members(where, "writable paths", modes, expected["writable"])
    sizes = {one["containerPath"]: one["size"] for one in mounts}
    expect_equal(where, "sizes in MiB", sizes, expected["sizes_mib"])
    expect_none(where, "path without its mode", lacking)
    expect_none(where, "mounted volume", container.get("mountPoints", []))


@pytest.mark.requirement("ECS-01")
def test_load_balancer_is_told_of_that_container_and_port(
    service: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = service["serviceArn"], requirement.expected
    told = only(where, "load balancer", service["loadBalancers"])
    expect_equal(where, "container", told["containerName"], expected["container"])
    expect_equal(where, "port", told["containerPort"], expected["port"])


@pytest.mark.requirement("ECS-04")
def test_load_balancer_waits_for_a_starting_task_as_the_container_does(
    service: dict[str, Any], requirement: Requirement
) -> None:
    seconds = service.get("healthCheckGracePeriodSeconds", 0)
    least = requirement.expected["start_period_seconds"]
    expect(service["serviceArn"], seconds >= least, f"grace period ≥ {least} s", f"{seconds} s")


@pytest.mark.requirement("ECS-06")
def test_failed_deployment_goes_back_by_itself(
    service: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = service["serviceArn"], requirement.expected
    deployment = service["deploymentConfiguration"]
    breaker = deployment["deploymentCircuitBreaker"]
    minimum, maximum = deployment["minimumHealthyPercent"], deployment["maximumPercent"]
    expect_equal(where, "circuit breaker", breaker["enable"], expected["circuit_breaker"])
    expect_equal(where, "rollback", breaker["rollback"], expected["rollback"])
    expect_equal(where, "minimum healthy", minimum, expected["minimum_healthy_percent"])
    expect_equal(where, "maximum", maximum, expected["maximum_percent"])


@pytest.mark.requirement("ECS-07")
def test_service_runs_in_the_private_subnets(
    service: dict[str, Any],
    subnets: list[dict[str, Any]],
    requirement: Requirement,
    catalogue: Any,
) -> None:
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    ranges = {s["SubnetId"]: s["CidrBlock"] for s in subnets}
    used = [ranges.get(subnet) for subnet in network["subnets"]]
    wanted = catalogue.requirement("NET-01").expected["private"]
    public = network["assignPublicIp"] == "ENABLED"
    expect_members(service["serviceArn"], "subnets", used, wanted)
    expect_equal(
        service["serviceArn"], "public address", public, requirement.expected["assign_public_ip"]
    )


@pytest.mark.requirement("ECS-08")
def test_migrations_have_a_task_definition(target: Target, requirement: Requirement) -> None:
    family = f"{target.prefix}-{requirement.expected['family_suffix']}"
    revisions = target.pages(
        "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"
    )
    where = found(family, "active revision", revisions)[-1]
    answer = target.client("ecs").describe_task_definition(taskDefinition=where)
    container = only(where, "container", answer["taskDefinition"]["containerDefinitions"])
    expect_equal(where, "container", container["name"], requirement.expected["container"])


@pytest.mark.requirement("ECS-09")
def test_container_insights_watch_the_cluster(target: Target, requirement: Requirement) -> None:
    answer = target.client("ecs").describe_clusters(clusters=[target.prefix], include=["SETTINGS"])
    cluster = only(target.prefix, "ECS cluster", answer["clusters"])
    settings = {setting["name"]: setting["value"] for setting in cluster["settings"]}
    wanted = requirement.expected["container_insights"]
    expect_equal(cluster["clusterArn"], "insights", settings.get("containerInsights"), wanted)


@pytest.mark.requirement("ECS-11")
def test_fixed_values_of_the_contract_reach_the_container(
    target: Target,
    task_definition: dict[str, Any],
    container: dict[str, Any],
    requirement: Requirement,
) -> None:
    variables = {variable["name"]: variable["value"] for variable in container["environment"]}
    values = found("ECS-11", "value", requirement.expected["values"].items())
    wanted = {name: value.format(environment=target.environment) for name, value in values}
    actual = {name: variables.get(name) for name in wanted}
    expect_equal(task_definition["taskDefinitionArn"], "values", actual, wanted)


@pytest.mark.requirement("ECS-12")
def test_output_reaches_the_applications_log_group(
    target: Target,
    task_definition: dict[str, Any],
    container: dict[str, Any],
    requirement: Requirement,
) -> None:
    where, expected = task_definition["taskDefinitionArn"], requirement.expected
    written = container.get("logConfiguration", {})
    group = f"/ecs/{target.prefix}-{expected['group_suffix']}"
    groups = target.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=group)
    expect_equal(where, "log driver", written.get("logDriver"), expected["driver"])
    expect_equal(where, "log group", written.get("options", {}).get("awslogs-group"), group)
    expect_contains(where, "log groups", [one["logGroupName"] for one in groups], group)
