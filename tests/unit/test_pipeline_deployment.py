"""What the deploying job does to AWS: rehearsed, on a model of each environment's service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support import planning
from tests.support.aws_cli import parse
from tests.support.catalogue import Catalogue, Requirement
from tests.support.deployed_service import NETWORK, DeployedService
from tests.support.expectations import (
    expect,
    expect_equal,
    expect_members,
    expect_none,
    found,
    only,
)
from tests.support.job_rehearsal import Called, JobRehearsal
from tests.support.rehearsal import Answer
from tests.support.source import SourceTree
from tests.support.workflow import COMMIT, Event, Job, Workflow

pytestmark = pytest.mark.source

BRANCHES = ["develop", "staging", "main"]

Deploy = Callable[..., tuple[DeployedService, JobRehearsal]]


@pytest.fixture(scope="session")
def deploy(
    workflow: Workflow,
    deploying: Job,
    catalogue: Catalogue,
    source: SourceTree,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deploy]:
    """Rehearse the deployment of a branch to a service, described by DeployedService's words.

    The same deployment is rehearsed once. What the tests will ask for is begun at once, two by two.
    """
    branches = catalogue.requirement("PIPE-01").expected["branches"]

    def rehearse(
        directory: Path, branch: str, **state: Any
    ) -> tuple[DeployedService, JobRehearsal]:
        account = planning.account_of(source, branches[branch])
        service = DeployedService(branches[branch], account, **state)
        answers = {"aws": lambda call: service.answer(call.where, call.words, directory)}
        run = JobRehearsal(
            workflow,
            deploying,
            Event("push", branch),
            lambda call: answers.get(call.words[0], lambda _: Answer("answer\n"))(call),
            ["aws", "docker"],
            directory,
        )
        return service, run

    expected = catalogue.requirement("PIPE-03").expected
    mishaps = ["placeable", "sound", "settles", "writable"]
    asked = [
        *((branch, {}) for branch in BRANCHES),
        *(("staging", {"exit_code": c}) for c in [expected["proceeds_on"], *expected["stops_on"]]),
        *(("staging", {mishap: False}) for mishap in mishaps),
    ]
    # Most of a rehearsal is waiting for bash.
    with ThreadPoolExecutor(2) as pool:

        @cache
        def begun(branch: str, **state: Any) -> Future[tuple[DeployedService, JobRehearsal]]:
            # Made here: pytest's factory is not safe to be asked by two threads at once.
            directory = tmp_path_factory.mktemp("deployment")
            return pool.submit(rehearse, directory, branch, **state)

        for branch, state in asked:
            begun(branch, **state)
        yield lambda branch, **state: begun(branch, **state).result()


@pytest.mark.requirement("PIPE-01")
def test_every_branch_with_an_environment_is_deployed(
    workflow: Workflow, requirement: Requirement
) -> None:
    branches = workflow.branches("push")
    expect_members(workflow.name, "branches", branches, requirement.expected["branches"])


@pytest.mark.requirement("PIPE-01")
@pytest.mark.parametrize("branch", BRANCHES)
def test_branch_is_deployed_to_its_environment(
    branch: str, deploying: Job, deploy: Deploy, requirement: Requirement
) -> None:
    environment = requirement.expected["branches"][branch]
    cluster = requirement.expected["cluster"].format(environment=environment)
    name = requirement.expected["service"].format(environment=environment)
    service, run = deploy(branch)
    expect(deploying.where, run.result == "success", f"deployment of {branch}", run.last_words)
    expect_equal(deploying.where, "clusters", run.values("--cluster"), {cluster})
    services = run.values("--service") | run.values("--services")
    expect_equal(deploying.where, "services", services, {name})
    image = service.images.get(service.running, "none that was registered")
    expect(deploying.where, image.endswith(f":{COMMIT}"), "the image of the commit", image)


@pytest.mark.requirement("PIPE-03")
def test_migrations_run_with_the_new_image_before_the_deployment(
    deploying: Job, deploy: Deploy, requirement: Requirement
) -> None:
    expected = requirement.expected
    commands = [expected[step] for step in ("run", "wait", "deploy")]
    service, run = deploy("staging", exit_code=expected["proceeds_on"])
    expect_equal(deploying.where, "order of commands", run.order(*commands), commands)
    image = service.images.get(service.migrated[0], service.migrated[0])
    expect(deploying.where, image.endswith(f":{COMMIT}"), "migrations of the commit", image)


@pytest.mark.requirement("PIPE-03")
@pytest.mark.parametrize("index", [0, 1, 2], ids=["failed", "killed", "never-started"])
def test_failed_migration_stops_the_deployment(
    index: int, deploying: Job, deploy: Deploy, requirement: Requirement
) -> None:
    exit_code = requirement.expected["stops_on"][index]
    _, run = deploy("staging", exit_code=exit_code)
    deployed = [call.where for call in run.of(requirement.expected["deploy"])]
    expect_none(deploying.where, f"deployment after exit code {exit_code}", deployed)
    expect_equal(deploying.where, f"result after exit code {exit_code}", run.result, "failure")


@pytest.mark.requirement("PIPE-03")
def test_migration_that_cannot_be_placed_stops_the_deployment(
    deploying: Job, deploy: Deploy, requirement: Requirement
) -> None:
    _, run = deploy("staging", placeable=False)
    deployed = [call.where for call in run.of(requirement.expected["deploy"])]
    expect_none(deploying.where, "deployment without a migration", deployed)
    expect_equal(deploying.where, "result without a migration", run.result, "failure")


@pytest.mark.requirement("PIPE-05")
@pytest.mark.parametrize(
    "state", [{"sound": False}, {"settles": False}], ids=["gone-back", "never-stable"]
)
def test_deployment_that_does_not_stay_fails(
    state: dict[str, bool], deploying: Job, deploy: Deploy, requirement: Requirement
) -> None:
    _, run = deploy("staging", **state)
    expect_equal(deploying.where, "result", run.result, requirement.expected["result"])


@pytest.mark.requirement("PIPE-08")
@pytest.mark.parametrize("branch", BRANCHES)
def test_assets_are_published_before_the_service_needs_them(
    branch: str, deploying: Job, deploy: Deploy, requirement: Requirement
) -> None:
    expected = requirement.expected
    commands = [expected[step] for step in ("publish", "deploy", "forget")]
    service, run = deploy(branch)
    wanted = expected["destination"].format(
        environment=service.environment, account=service.account
    )
    expect_equal(deploying.where, "order of commands", run.order(*commands), commands)
    expect_equal(deploying.where, "destinations", service.published, [wanted])
    expect_equal(deploying.where, "distributions", service.forgotten, [service.assets])


@pytest.mark.requirement("PIPE-08")
def test_assets_that_cannot_be_published_stop_the_deployment(
    deploying: Job, deploy: Deploy, requirement: Requirement
) -> None:
    _, run = deploy("staging", writable=False)
    deployed = [call.where for call in run.of(requirement.expected["deploy"])]
    expect_none(deploying.where, "deployment without its assets", deployed)
    expect_equal(deploying.where, "result without the assets", run.result, "failure")


@pytest.mark.requirement("PIPE-09")
def test_deploying_role_may_do_what_the_deployment_does(
    deploy: Deploy, source: SourceTree, requirement: Requirement
) -> None:
    name = requirement.expected["policy"]
    policies = source.blocks("data", "aws_iam_policy_document", name)
    policy = only("terraform/", f"policy document {name}", policies)
    granted = {action for s in policy.blocks("statement") for action in s.get("actions")}
    _, run = deploy("main")
    needed = {
        (action, call.where)
        for call in run.of("aws")
        for action in parse(call.words, run.directory).actions
    }
    missing = [f"{action} for {where}" for action, where in needed if action not in granted]
    found(run.job.where, "command of AWS", needed)
    expect_none(policy.where, "action that the role lacks", sorted(missing))


def options(calls: list[Called]) -> set[str]:
    """What the calls say, without the values."""
    return {word.partition("=")[0] for one in calls for word in one.words if word[:2] == "--"}


@pytest.mark.requirement("ECS-05")
def test_deployment_changes_nothing_but_the_revision(
    deploying: Job, deploy: Deploy, requirement: Requirement, catalogue: Catalogue
) -> None:
    _, run = deploy("main")
    said = options(run.of(catalogue.requirement("PIPE-03").expected["deploy"]))
    others = said - set(requirement.expected["says"])
    expect_none(deploying.where, "other change of the service", others)


@pytest.mark.requirement("PIPE-03")
def test_migrations_run_as_they_are_and_where_the_service_does(
    deploying: Job, deploy: Deploy, requirement: Requirement
) -> None:
    _, run = deploy("staging", exit_code=requirement.expected["proceeds_on"])
    others = options(run.of(requirement.expected["run"])) - set(requirement.expected["says"])
    expect_none(deploying.where, "other change of the migrations", others)
    networks = [json.loads(network) for network in run.values("--network-configuration")]
    expect_equal(deploying.where, "network of the migrations", networks, [NETWORK])
