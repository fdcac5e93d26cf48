"""The container's definition, and who may read what it names, as planned.

Terraform fills in everything but what AWS decides, which stands as a symbol.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect,
    expect_equal,
    expect_in,
    expect_members,
    expect_none,
    expect_subset,
    found,
    only,
)
from tests.support.iam import granted
from tests.support.plan import Plan
from tests.support.planned_policies import policy as planned
from tests.support.planned_resource import Resource
from tests.support.source import SourceTree

pytestmark = pytest.mark.plan


@pytest.fixture(params=["app", "migrations"])
def task(request: pytest.FixtureRequest, plan: Plan, prefix: str) -> Resource:
    """The task definitions of the application and of its migrations in turn."""
    return plan.one("aws_ecs_task_definition", family=f"{prefix}-{request.param}")


@pytest.fixture
def app(plan: Plan, prefix: str) -> Resource:
    """The application's task definition."""
    return plan.one("aws_ecs_task_definition", family=f"{prefix}-app")


def container(task: Resource) -> dict[str, Any]:
    definitions = json.loads(task.symbolic("container_definitions"))
    return dict(only(task.where, "container", definitions))


def variables_of(task: Resource) -> dict[str, str]:
    """What the container's environment says in clear, by name."""
    return {variable["name"]: variable["value"] for variable in container(task)["environment"]}


@pytest.mark.requirement("ECS-01")
def test_container_listens_on_the_applications_port(
    app: Resource, requirement: Requirement
) -> None:
    mappings = container(app)["portMappings"]
    ports = [mapping["containerPort"] for mapping in mappings]
    # A task has an address of its own, and AWS refuses another port there.
    others = [one for one in mappings if one.get("hostPort", one["containerPort"]) not in ports]
    expect_equal(app.where, "container", container(app)["name"], requirement.expected["container"])
    expect_members(app.where, "ports", ports, [requirement.expected["port"]])
    expect_none(app.where, "other port of the host", others)


@pytest.mark.requirement("ECS-01")
def test_service_begins_with_the_applications_task(
    app: Resource, service: Resource, requirement: Requirement
) -> None:
    begun = service.points_to("task_definition")
    expect_equal(
        service.where, f"task of {requirement.expected['container']}", begun, {app.address}
    )


@pytest.mark.requirement("ECS-01")
def test_load_balancer_is_told_of_that_container_and_port(
    service: Resource, requirement: Requirement
) -> None:
    told = only(service.where, "load_balancer block", service.nested("load_balancer"))
    name, port = told.value("container_name"), told.value("container_port")
    expect_equal(service.where, "container", name, requirement.expected["container"])
    expect_equal(service.where, "port", port, requirement.expected["port"])


@pytest.mark.requirement("ECS-02")
def test_environment_contract_is_complete(task: Resource, requirement: Requirement) -> None:
    plain = [variable["name"] for variable in container(task)["environment"]]
    secret = [variable["name"] for variable in container(task)["secrets"]]
    expect_subset(task.where, "environment", plain, requirement.expected["environment"])
    expect_subset(task.where, "secrets", secret, requirement.expected["secrets"])
    expect_none(task.where, "secret in clear", set(plain) & set(requirement.expected["secrets"]))


@pytest.mark.requirement("ECS-03")
def test_application_is_told_to_use_tls_towards_redis(
    task: Resource, requirement: Requirement
) -> None:
    variables = variables_of(task)
    name, wanted = requirement.expected["name"], requirement.expected["value"]
    expect_equal(task.where, name, variables.get(name), wanted)


@pytest.mark.requirement("ECS-04")
def test_container_has_its_health_check(app: Resource, requirement: Requirement) -> None:
    expected, check = requirement.expected, container(app).get("healthCheck", {})
    address = f"http://localhost:{expected['port']}{expected['path']}"
    times = {
        "interval": expected["interval_seconds"],
        "timeout": expected["timeout_seconds"],
        "retries": expected["retries"],
        "startPeriod": expected["start_period_seconds"],
    }
    command = " ".join(check.get("command", []))
    expect(app.where, address in command, f"a command that asks {address}", command or "none")
    expect_equal(app.where, "health check", {key: check.get(key) for key in times}, times)


@pytest.mark.requirement("ECS-04")
def test_task_ends_with_its_container(task: Resource, requirement: Requirement) -> None:
    essential = container(task).get("essential", True)
    expect_equal(task.where, "essential", essential, requirement.expected["essential"])


@pytest.mark.requirement("ECS-10")
def test_container_runs_unprivileged_and_writes_to_tmp_only(
    task: Resource, requirement: Requirement
) -> None:
    expected, written = requirement.expected, container(task)
    mounts = written.get("linuxParameters", {}).get("tmpfs", [])
    modes = {one["containerPath"]: one.get("mountOptions", []) for one in mounts}
    lacking = {p: mode for p, mode in expected["writable"].items() if mode not in modes.get(p, [])}
    expect_equal(task.where, "user", written.get("user"), expected["user"])
    read_only = written.get("readonlyRootFilesystem")
    expect_equal(task.where, "read-only file system", read_only, expected["read_only"])
    expect_members(task.where, "writable paths", modes, expected["writable"])
    sizes = {one["containerPath"]: one["size"] for one in mounts}
    expect_equal(task.where, "sizes in MiB", sizes, expected["sizes_mib"])
    expect_none(task.where, "path without its mode", lacking)
    expect_none(task.where, "mounted volume", written.get("mountPoints", []))


@pytest.mark.requirement("SEC-03")
def test_execution_role_reads_exactly_the_tasks_secrets(
    plan: Plan, task: Resource, requirement: Requirement
) -> None:
    action = requirement.expected["action"]
    role = only(task.where, "execution role", task.points_to("execution_role_arn"))
    policies = [p for p in plan.all("aws_iam_role_policy") if role in p.points_to("role")]
    readable = [
        resource
        for policy in found(role, "policy", policies)
        for statement in granted(planned(plan, policy, "policy"), action=action)
        for resource in statement.resources
    ]
    named = {secret_of(s["valueFrom"]) for s in found(role, "secret", container(task)["secrets"])}
    expect_members(role, "readable secrets", readable, named)


def secret_of(reference: str) -> str:
    """The secret in `<symbol of its ARN>:<key>:<stage>:<version>`."""
    return reference.partition("⟩")[0] + "⟩"


@pytest.mark.requirement("ALB-05")
def test_load_balancer_may_write_its_access_log(
    plan: Plan, load_balancer: Resource, requirement: Requirement
) -> None:
    bucket = load_balancer.symbolic("access_logs[0].bucket")
    policies = [p for p in plan.all("aws_s3_bucket_policy") if p.symbolic("bucket") == bucket]
    policy = only(load_balancer.where, "policy of the log bucket", policies)
    principal = f"Service:{requirement.expected['principal']}"
    action = requirement.expected["action"]
    grants = granted(planned(plan, policy, "policy"), action=action, principal=principal)
    found(policy.where, f"grant of {action} to {principal}", grants)
    enabled = load_balancer.value("access_logs[0].enabled")
    expect_equal(load_balancer.where, "access logs", enabled, requirement.expected["enabled"])


@pytest.mark.requirement("MON-05")
@pytest.mark.parametrize("name", ["alerts"])
def test_cloudwatch_may_use_the_topics_key(
    name: str, plan: Plan, prefix: str, requirement: Requirement
) -> None:
    topic = plan.one("aws_sns_topic", name=f"{prefix}-{name}")
    key = plan.at(only(topic.where, "key", topic.points_to("kms_master_key_id")))
    principal = f"Service:{requirement.expected['principal']}"
    grants = granted(planned(plan, key, "policy"), principal=principal)
    actions = {action for statement in grants for action in statement.actions}
    expect_subset(key.where, "what CloudWatch may do", actions, requirement.expected["actions"])


@pytest.mark.requirement("ECS-11")
def test_fixed_values_of_the_contract_reach_the_container(
    task: Resource, planned_environment: str, requirement: Requirement
) -> None:
    variables = variables_of(task)
    values = found("ECS-11", "value", requirement.expected["values"].items())
    wanted = {name: value.format(environment=planned_environment) for name, value in values}
    expect_equal(task.where, "values", {name: variables.get(name) for name in wanted}, wanted)


@pytest.mark.requirement("ECS-11")
def test_environments_own_values_reach_the_container(
    task: Resource, source: SourceTree, planned_environment: str, requirement: Requirement
) -> None:
    variables = variables_of(task)
    given = source.variables(planned_environment)
    wanted = {name: given.get(own) for name, own in requirement.expected["own"].items()}
    expect_equal(task.where, "values", {name: variables.get(name) for name in wanted}, wanted)


@pytest.mark.requirement("ECS-12")
def test_output_reaches_the_applications_log_group(
    plan: Plan, task: Resource, prefix: str, requirement: Requirement
) -> None:
    expected, written = requirement.expected, container(task).get("logConfiguration", {})
    group = plan.one("aws_cloudwatch_log_group", name=f"/ecs/{prefix}-{expected['group_suffix']}")
    names = (group.value("name"), f"⟨{group.address}.name⟩", f"⟨{group.address}.id⟩")
    expect_equal(task.where, "log driver", written.get("logDriver"), expected["driver"])
    expect_in(task.where, "log group", written.get("options", {}).get("awslogs-group"), names)


@pytest.mark.requirement("ECS-08")
@pytest.mark.parametrize("family", ["app", "migrations"])
def test_task_runs_what_it_is_for(
    family: str, plan: Plan, prefix: str, requirement: Requirement
) -> None:
    one = plan.one("aws_ecs_task_definition", family=f"{prefix}-{family}")
    wanted = requirement.expected["commands"][family]
    run = [*container(one).get("entryPoint", []), *container(one).get("command", [])]
    expect_equal(one.where, "command", run, wanted)


@pytest.mark.requirement("ECS-11")
def test_application_is_told_of_the_redis_that_takes_writes(
    task: Resource, redis: Resource, requirement: Requirement
) -> None:
    variables = variables_of(task)
    wanted = {
        name: f"⟨{redis.address}.{attribute}⟩"
        for name, attribute in requirement.expected["of_redis"].items()
    }
    expect_equal(task.where, "Redis", {name: variables.get(name) for name in wanted}, wanted)


@pytest.mark.requirement("ENV-03")
def test_environments_own_value_reaches_the_container(
    task: Resource, planned_environment: str, requirement: Requirement
) -> None:
    given = requirement.expected["variables"][planned_environment]
    variables = variables_of(task)
    wanted = {name: given[name.lower()] for name in requirement.expected["container"]}
    expect_equal(task.where, "values", {name: variables.get(name) for name in wanted}, wanted)


@pytest.mark.requirement("UPD-01")
def test_task_runs_an_image_of_the_repository(plan: Plan, task: Resource) -> None:
    repository = only("plan", "image repository", plan.all("aws_ecr_repository"))
    address = container(task)["image"].rpartition(":")[0]
    expect_equal(task.where, "repository", address, f"⟨{repository.address}.repository_url⟩")


@pytest.mark.requirement("ECS-02")
def test_no_variable_comes_from_a_file(task: Resource) -> None:
    # What it holds is known to whoever may read the bucket, and to no rule here.
    files = [one["value"] for one in container(task).get("environmentFiles", [])]
    expect_none(task.where, "file of further variables", files)


@pytest.mark.requirement("ECS-03")
def test_application_checks_whom_it_talks_to(task: Resource, requirement: Requirement) -> None:
    undone = variables_of(task).keys() & set(requirement.expected["rejected"])
    expect_none(task.where, "variable that makes TLS trust anybody", undone)


@pytest.mark.requirement("ECS-10")
def test_container_has_no_further_capability(task: Resource) -> None:
    added = container(task).get("linuxParameters", {}).get("capabilities", {}).get("add", [])
    expect_none(task.where, "capability beyond an unprivileged user's", added)
