"""The running container against the deployed task definition, by testinfra.

Without `--hosts` the container is the deployed task, started on this machine from its definition.
`--hosts docker://NAME` looks at a container of the image that a pipeline has built, started with
the definition's environment; any backend of testinfra's that reaches a container will do.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration import launched_task
from tests.integration.launched_task import Image, Task
from tests.support import containers
from tests.support.catalogue import Catalogue, Requirement
from tests.support.containers import name
from tests.support.deployed import resolve_secret
from tests.support.expectations import (
    expect,
    expect_equal,
    expect_members,
    expect_none,
    expect_subset,
    found,
)
from tests.support.outcomes import NotProvable, SuiteError
from tests.support.target import Target

pytestmark = pytest.mark.deployed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Refuse in one line what testinfra itself would answer with a traceback."""
    try:
        containers.check_hosts(metafunc.config.getoption("--hosts"))
    except SuiteError as error:
        raise pytest.Collector.CollectError(f"error: {error}") from error


@pytest.fixture(scope="module")
def image(catalogue: Catalogue) -> Image:
    """The application as it must be, whatever the task definition says of it."""
    check = catalogue.requirement("ECS-04").expected
    return Image(catalogue.requirement("ECS-01").expected["port"], check["path"])


@pytest.fixture(scope="module")
def task(target: Target, task_definition: dict[str, Any], container: dict[str, Any]) -> Task:
    """The deployed task with its secrets resolved, as ECS would start it."""
    if not target.emulated:
        raise NotProvable(
            "no read reaches into a running task; --hosts docker://NAME looks at a container"
        )
    plain = {one["name"]: one["value"] for one in container["environment"]}
    secret = {
        one["name"]: resolve_secret(target.session, one["valueFrom"])
        for one in container["secrets"]
    }
    return Task(task_definition["taskDefinitionArn"], container, {**plain, **secret})


@pytest.fixture(scope="module")
def host(_testinfra_host: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The container that `--hosts` names, else the deployed task."""
    # testinfra logs what each command prints, and one of them prints the environment.
    logging.getLogger("testinfra").disabled = True
    if request.config.getoption("--hosts") is None:
        task, image = request.getfixturevalue("task"), request.getfixturevalue("image")
        with launched_task.running(task, image) as launched:
            yield launched
    else:
        containers.expect_reachable(_testinfra_host)
        yield _testinfra_host


@pytest.mark.requirement("ECS-01")
def test_container_listens_where_the_definition_says(
    host: Any, container: dict[str, Any], requirement: Requirement
) -> None:
    defined = [mapping["containerPort"] for mapping in container["portMappings"]]
    wanted = {*defined, requirement.expected["port"]}
    expect_subset(name(host), "ports open on every interface", containers.listening(host), wanted)


@pytest.mark.requirement("ECS-04")
def test_health_endpoint_answers_in_time(
    host: Any, container: dict[str, Any], requirement: Requirement
) -> None:
    address = f"http://localhost:{requirement.expected['port']}{requirement.expected['path']}"
    status = containers.status(host, address, container["healthCheck"]["timeout"])
    expect_equal(name(host), f"GET {address}", status, "200")


@pytest.mark.requirement("ECS-04")
def test_health_check_can_be_run_and_is_content(host: Any, container: dict[str, Any]) -> None:
    command = containers.health_command(container)
    program = containers.program(command)
    expect(name(host), host.exists(program), f"{program} in the image", "no such program")
    code = containers.run_within(host, command, container["healthCheck"]["timeout"])
    expect_equal(name(host), f"exit status of {command}", code, 0)


@pytest.mark.requirement("ECS-02")
def test_every_variable_arrives_with_its_value(
    host: Any, container: dict[str, Any], requirement: Requirement
) -> None:
    arrived = containers.variables(host)
    defined = {one["name"]: one["value"] for one in container["environment"]}
    expect_subset(name(host), "variables", arrived, requirement.expected["environment"])
    other = [variable for variable, value in defined.items() if arrived.get(variable) != value]
    expect_none(name(host), "variable whose value is not the definition's", other)


@pytest.mark.requirement("ECS-02")
def test_secrets_arrive_and_are_not_in_the_definition(
    host: Any, task_definition: dict[str, Any], container: dict[str, Any], requirement: Requirement
) -> None:
    arrived = containers.variables(host)
    named = [one["name"] for one in found(name(host), "secret", container["secrets"])]
    filled = [variable for variable, value in arrived.items() if value]
    expect_subset(name(host), "secrets", filled, [*named, *requirement.expected["secrets"]])
    written = json.dumps(task_definition, default=str)
    shown = [secret for secret in named if arrived[secret] in written]
    expect_none(name(host), "secret whose value the definition shows", shown)


@pytest.mark.requirement("ECS-10")
def test_container_runs_as_its_plain_user(host: Any, requirement: Requirement) -> None:
    wanted = [requirement.expected["user"]]
    expect_members(name(host), "user ids", containers.user_ids(host), wanted)


@pytest.mark.requirement("ECS-14")
def test_log_is_json_line_by_line(
    host: Any, container: dict[str, Any], requirement: Requirement
) -> None:
    lines = found(name(host), "line in the log", containers.log_lines(host))
    arrived = containers.variables(host)
    secrets = [arrived.get(one["name"], "") for one in container["secrets"]]
    other = containers.without_object(lines, secrets)
    expect_none(name(host), f"line that is not one {requirement.expected['line']}", other)
