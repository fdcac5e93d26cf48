"""The runbooks and the pipeline's deployment carried out for real, on an emulator for what writes.

They write, so no real account is touched, and no test that only reads sees what they do. What
Terraform does in between is left out; commands and order are those of docs/runbooks.md and of the
workflow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runbook_stage import Run, Stage, chosen, differences
from tests.support import beside
from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import (
    expect,
    expect_equal,
    expect_in,
    expect_members,
    expect_none,
    found,
    only,
)
from tests.support.job_rehearsal import JobRehearsal
from tests.support.runbook import Block, Runbook
from tests.support.target import Target
from tests.support.workflow import COMMIT, Workflow

pytestmark = pytest.mark.runbook


@pytest.fixture(scope="module")
def stage(sandbox: Target, stack: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The environment as it was recorded, and the runbook to carry out on it."""
    directory = tmp_path_factory.mktemp("runbooks")
    return Stage(Runbook.of_stack(stack), sandbox.environment, sandbox.session, directory)


# --- Rollback -----------------------------------------------------------------------------


@dataclass(frozen=True)
class RolledBack:
    """The rollback's run, the revisions by their number in the catalogue, and the service after."""

    run: Run
    revisions: dict[int, str]
    service: dict[str, Any]


@pytest.fixture(scope="module")
def rollback(stage: Stage, catalogue: Catalogue) -> RolledBack:
    """The rollback, from the history of deployments that the catalogue tells."""
    expected = catalogue.requirement("RUN-01").expected
    stage.settle()
    revisions = stage.relive([tuple(deployment) for deployment in expected["deployments"]])
    stage.register("app:registered-only")
    run = stage.run(stage.section(expected["section"]))
    return RolledBack(run, revisions, stage.service())


@pytest.mark.requirement("RUN-01")
def test_service_runs_the_revision_that_last_ran_well(
    stage: Stage, rollback: RolledBack, requirement: Requirement
) -> None:
    wanted = rollback.revisions[requirement.expected["goes_to"]]
    update = rollback.run.call(requirement.expected["command"])
    expect_equal(update.where, "revision afterwards", rollback.service["taskDefinition"], wanted)
    running = {d["taskDefinition"]: d["runningCount"] for d in rollback.service["deployments"]}
    expected = {wanted: rollback.service["desiredCount"]}
    expect_equal(update.where, "running tasks by revision", running, expected)


@pytest.mark.requirement("RUN-01")
def test_rollback_says_what_runs_in_its_last_line(rollback: RolledBack) -> None:
    last = rollback.run.output.splitlines()[-1]
    running = rollback.service["taskDefinition"]
    expect_equal("the rollback", "last line", last, running)


# --- The database -------------------------------------------------------------------------


@dataclass(frozen=True)
class Restored:
    """A running cluster and its writer, and what was restored beside them.

    `source` is what the runbook restored, `wanted` what it ought to. `kept` and `left` are names
    and ids of all clusters and instances, before the restore and after the drill.
    """

    source: str
    wanted: str
    before: dict[str, Any]
    after: dict[str, Any]
    writer_before: dict[str, Any]
    writer_after: dict[str, Any]
    kept: dict[str, str]
    left: dict[str, str]


def restoring(stage: Stage, expected: dict[str, Any], way: str, moment: str) -> list[Block]:
    """The blocks that make a restored database: of a snapshot taken now, or of the moment."""
    others = [word for other, word in expected["ways"].items() if other != way]
    blocks = stage.section(expected["restore"], *others, expected["ends"])
    if way == "snapshot":
        return [*stage.section(expected["backup"]), *blocks]
    return chosen(blocks, "moment", moment)


@pytest.fixture(scope="module", params=["snapshot", "moment"])
def restored(request: pytest.FixtureRequest, stage: Stage, catalogue: Catalogue) -> Restored:
    """The database restored beside the running one in each way, and the drill ended."""
    expected, way = catalogue.requirement("RUN-07").expected, request.param
    before, writer = stage.cluster(stage.prefix), stage.instance(f"{stage.prefix}-primary")
    kept, moment = stage.databases(), stage.latest_moment()
    run = stage.run(restoring(stage, expected, way, moment))
    after = stage.cluster(f"{stage.prefix}-restored")
    writer_after = stage.instance(f"{stage.prefix}-restored-primary")
    drill = stage.section(expected["restore"])
    stage.run([block for block in drill if expected["ends"] in block.text])
    source = run.call(f"aws rds {expected['ways'][way]}").option(expected["sources"][way])
    wanted = moment if way == "moment" else stage.newest_snapshot()
    left = stage.databases()
    return Restored(source, wanted, before, after, writer, writer_after, kept, left)


@pytest.mark.requirement("RUN-07")
def test_newest_backup_or_chosen_moment_is_restored(restored: Restored) -> None:
    where = restored.after["DBClusterArn"]
    expect_equal(where, "what was restored", restored.source, restored.wanted)


@pytest.mark.requirement("RUN-07")
def test_restored_cluster_lies_where_the_running_one_does(
    restored: Restored, requirement: Requirement
) -> None:
    wrong = differences(restored.before, restored.after, requirement.expected["same"])
    expect_none(restored.after["DBClusterArn"], "setting that the restore has lost", wrong)


@pytest.mark.requirement("RUN-07")
def test_restored_cluster_has_a_writer_like_the_running_ones(
    restored: Restored, requirement: Requirement
) -> None:
    where, name = (
        restored.writer_after["DBInstanceArn"],
        restored.writer_after["DBInstanceIdentifier"],
    )
    writers = [m["DBInstanceIdentifier"] for m in restored.after["DBClusterMembers"]]
    expect_equal(where, "members", writers, [name])
    same = requirement.expected["writer_same"]
    wrong = differences(restored.writer_before, restored.writer_after, same)
    expect_none(where, "setting that the writer lacks", wrong)


@pytest.mark.requirement("RUN-07")
def test_drill_leaves_the_running_database_as_it_was(stage: Stage, restored: Restored) -> None:
    expect_equal(stage.prefix, "clusters and instances", restored.left, restored.kept)


@dataclass(frozen=True)
class Replaced:
    """All clusters and instances by name, and the cluster's endpoints: restored, moved, cleared.

    `finals` are the snapshots taken of the damaged cluster.
    """

    restored: dict[str, str]
    moved: dict[str, str]
    cleared: dict[str, str]
    before: dict[str, Any]
    after: dict[str, Any]
    finals: list[str]


@pytest.fixture(scope="module")
def replaced(stage: Stage, catalogue: Catalogue) -> Replaced:
    """A restored database put in the place of the damaged one, which is then deleted."""
    expected = catalogue.requirement("RUN-08").expected
    before, restore = stage.cluster(stage.prefix), catalogue.requirement("RUN-07").expected
    stage.run(restoring(stage, restore, "snapshot", ""))
    restored = stage.databases()
    stage.run(stage.section(expected["replace"], expected["ends"]))
    moved, after = stage.databases(), stage.cluster(stage.prefix)
    last = stage.section(expected["replace"])
    stage.run([block for block in last if expected["ends"] in block.text])
    finals = stage.snapshots(f"{stage.prefix}-damaged")
    return Replaced(restored, moved, stage.databases(), before, after, finals)


@pytest.mark.requirement("RUN-08")
def test_restored_database_has_the_names(
    stage: Stage, replaced: Replaced, requirement: Requirement
) -> None:
    names = requirement.expected["names"]
    wanted = {
        new.format(stage.prefix): replaced.restored[old.format(stage.prefix)]
        for old, new in names.items()
    }
    expect_equal(stage.prefix, "clusters and instances", replaced.moved, wanted)


@pytest.mark.requirement("RUN-08")
def test_application_finds_the_database_where_it_was(
    replaced: Replaced, requirement: Requirement
) -> None:
    wrong = differences(replaced.before, replaced.after, requirement.expected["same"])
    expect_none(replaced.after["DBClusterArn"], "endpoint that has changed", wrong)


@pytest.mark.requirement("RUN-08")
def test_damaged_database_leaves_a_final_snapshot_and_nothing_else(
    stage: Stage, replaced: Replaced
) -> None:
    damaged = f"{stage.prefix}-damaged"
    expect_none(damaged, "thing left", [name for name in replaced.cleared if damaged in name])
    only(damaged, "final snapshot", replaced.finals)


# --- Redis --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Renewed:
    """The restore's run, the group before and after it, and the snapshots that are left.

    `automatic` is the newest automatic snapshot before the restore.
    """

    run: Run
    before: dict[str, Any]
    after: dict[str, Any]
    automatic: str
    left: dict[str, dict[str, Any]]
    token: str = field(repr=False)


@pytest.fixture(scope="module")
def renewed(stage: Stage, catalogue: Catalogue) -> Renewed:
    """Redis backed up by hand, then restored from its newest automatic snapshot."""
    expected = catalogue.requirement("RUN-09").expected
    stage.run(stage.section(expected["backup"]))
    before, automatic = stage.cache(), stage.caches("system")
    run = stage.run(stage.section(expected["restore"]))
    token = stage.secret("redis-auth-token")
    return Renewed(run, before, stage.cache(), max(automatic), stage.caches("user"), token)


@pytest.mark.requirement("RUN-09")
def test_group_is_as_it_was(renewed: Renewed, requirement: Requirement) -> None:
    wrong = differences(renewed.before, renewed.after, requirement.expected["same"])
    expect_none(renewed.after["ARN"], "setting that the restore has lost", wrong)


@pytest.mark.requirement("RUN-09")
def test_group_has_the_data_of_the_newest_automatic_snapshot(renewed: Renewed) -> None:
    copied, created = (
        renewed.run.call(f"aws elasticache {name}")
        for name in ("copy-snapshot", "create-replication-group")
    )
    source = copied.option("--source-snapshot-name")
    expect_equal(copied.where, "snapshot copied", source, renewed.automatic)
    target = copied.option("--target-snapshot-name")
    expect_equal(created.where, "snapshot restored", created.option("--snapshot-name"), target)


@pytest.mark.requirement("RUN-09")
def test_group_has_the_token_that_the_application_has(renewed: Renewed) -> None:
    created = renewed.run.call("aws elasticache create-replication-group")
    same = created.piped == renewed.token
    expect(created.where, same, "the token of the secret piped in", "another one")


@pytest.mark.requirement("RUN-09")
def test_snapshots_of_the_damaged_group_stay(
    stage: Stage, renewed: Renewed, requirement: Requirement
) -> None:
    kinds = [name.removeprefix(f"{stage.prefix}-").rsplit("-", 2)[0] for name in renewed.left]
    expect_members(stage.prefix, "snapshots", kinds, requirement.expected["left"])


@pytest.mark.requirement("RUN-09")
def test_tasks_connect_anew(stage: Stage, renewed: Renewed) -> None:
    update = renewed.run.call("aws ecs update-service")
    running = stage.service()["taskDefinition"]
    expect(update.where, "--force-new-deployment" in update.words, "new tasks", "none")
    expect_equal(update.where, "last line", renewed.run.output.splitlines()[-1], running)


# --- The pipeline's deployment, with the migrations ---------------------------------------


@dataclass(frozen=True)
class Pushed:
    """The deploying job's run, the migrations' task and the service after it."""

    where: str
    run: JobRehearsal
    task: dict[str, Any]
    service: dict[str, Any]


@pytest.fixture(scope="module")
def pushed(
    stage: Stage, stack: Path, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Pushed:
    """The environment's branch deployed."""
    path = beside.find(stack, ".github/workflows/deploy.yml")
    workflow = Workflow.load(path, beside.name(path))
    command = catalogue.requirement("PIPE-03").expected["run"]
    job = only(workflow.name, f"job with {command}", workflow.jobs_running(command))
    branches = catalogue.requirement("PIPE-01").expected["branches"].items()
    branch = only(job.where, "branch", [b for b, place in branches if place == stage.environment])
    stage.settle()
    run = stage.deploy(workflow, job, branch, tmp_path_factory.mktemp("deployment"))
    expect(job.where, run.result == "success", "the deployment to succeed", run.last_words)
    task = stage.task(only(job.where, "task waited for", run.values("--tasks")))
    return Pushed(job.where, run, task, stage.service())


@pytest.mark.requirement("PIPE-03")
def test_migrations_run_to_their_end_with_the_image_of_the_commit(
    stage: Stage, pushed: Pushed, requirement: Requirement
) -> None:
    (container,) = pushed.task["containers"]
    ended = (pushed.task["lastStatus"], container["exitCode"])
    expect_equal(
        pushed.where, "the task's end", ended, ("STOPPED", requirement.expected["proceeds_on"])
    )
    definition = stage.definition(pushed.task["taskDefinitionArn"])
    image = definition["containerDefinitions"][0]["image"]
    expect_equal(pushed.where, "family", definition["family"], f"{stage.prefix}-migrations")
    expect(pushed.where, image.endswith(f":{COMMIT}"), "the image of the commit", image)


@pytest.mark.requirement("PIPE-03")
def test_migrations_run_in_the_network_of_the_service(pushed: Pushed) -> None:
    network = pushed.service["networkConfiguration"]["awsvpcConfiguration"]
    expect_in(pushed.where, "subnet", pushed.task["subnet"], network["subnets"])
    expect_members(pushed.where, "groups", pushed.task["groups"], network["securityGroups"])


@pytest.mark.requirement("PIPE-01")
def test_service_runs_the_image_of_the_commit(stage: Stage, pushed: Pushed) -> None:
    definition = stage.definition(pushed.service["taskDefinition"])
    image = definition["containerDefinitions"][0]["image"]
    expect(pushed.where, image.endswith(f":{COMMIT}"), "the image of the commit", image)
    count = pushed.service["deployments"][0]["runningCount"]
    expect_equal(pushed.where, "running tasks", count, pushed.service["desiredCount"])


# --- The rest -----------------------------------------------------------------------------


@pytest.mark.requirement("RUN-02")
def test_every_command_of_the_other_sections_is_taken(
    stage: Stage, requirement: Requirement
) -> None:
    titles = requirement.expected["carried_out"]
    run = stage.run([block for title in titles for block in stage.section(title)])
    found(stage.runbook.name, "command", run.calls)
