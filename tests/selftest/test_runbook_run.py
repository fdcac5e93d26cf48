"""Every mistake in the runbooks that only carrying them out shows turns its own test red.

What Terraform would do after the restores is looked at here, since two more plans would take the
integration tier as long as all of its tests.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import time_machine
import yaml

from tests.integration.runbook_stage import Stage
from tests.selftest.breaking import STACK
from tests.selftest.repositories import (
    RUNBOOKS,
    WORKFLOW,
    Failures,
    Mistake,
    changed,
    judge,
    written,
)
from tests.support.catalogue import Catalogue
from tests.support.deployment import account_id, deploy
from tests.support.emulator import Emulator
from tests.support.runbook import Runbook

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

PATH = Path(__file__).with_name("runbook_run_mistakes.yaml")
ROUNDS = [
    [Mistake.model_validate(entry) for entry in entries]
    for entries in yaml.safe_load(PATH.read_text(encoding="utf-8"))["rounds"]
]
CASES = [
    pytest.param(number, mistake, id=mistake.id)
    for number, mistakes in enumerate(ROUNDS)
    for mistake in mistakes
]


@pytest.fixture(scope="module")
def failures_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Failures]:
    """What fails with a round's mistakes; each round is run once."""
    return cache(lambda number: failures(ROUNDS[number], tmp_path_factory.mktemp("round")))


def failures(mistakes: list[Mistake], directory: Path) -> Failures:
    """What fails when runbooks and workflow have these mistakes, beside the stack as it is."""
    texts = {name: written(name) for name in (RUNBOOKS, WORKFLOW)}
    for mistake in mistakes:
        name = WORKFLOW if mistake.job else RUNBOOKS
        texts[name] = mistake.made_in(texts[name])
    stack = directory / "terraform"
    shutil.copytree(STACK, stack, ignore=shutil.ignore_patterns(".terraform*"))
    for name, text in texts.items():
        (directory / name).parent.mkdir(parents=True)
        (directory / name).write_text(text, encoding="utf-8")
    return judge(stack, "test_runbooks_run.py", "integration")


@pytest.mark.parametrize(("number", "mistake"), CASES)
def test_mistake_turns_its_test_red(
    number: int, mistake: Mistake, failures_of: Callable[[int], Failures]
) -> None:
    message = failures_of(number).of(mistake.test)
    assert message.startswith(f"{mistake.requirement} [")
    assert re.search(mistake.says, message, re.MULTILINE), message


@pytest.mark.parametrize("number", range(len(ROUNDS)))
def test_nothing_else_turns_red(number: int, failures_of: Callable[[int], Failures]) -> None:
    meant = {name for one in ROUNDS[number] for name in (one.test, *one.also)}
    assert set(failures_of(number).messages) == meant


TIMED = """
### Back up

```bash
echo "$(date -u +%Y%m%d-%H%M%S)"
```
"""


def test_two_backups_within_a_second_have_two_names(tmp_path: Path) -> None:
    stage = Stage(Runbook("runbooks.md", TIMED), "staging", None, tmp_path)
    with time_machine.travel("2026-01-31T23:59:59Z", tick=False):
        names = [stage.run(stage.section("Back up")).output for _ in range(2)]
    assert names == ["20260131-235959\n", "20260201-000000\n"]


def plan_after_restores(text: str, catalogue: Catalogue, directory: Path) -> set[str]:
    """What Terraform would do after database and Redis were restored by these runbooks."""
    database, names, redis = (
        catalogue.requirement(name).expected for name in ("RUN-07", "RUN-08", "RUN-09")
    )
    with (
        Emulator(account_id(STACK, "staging")) as emulator,
        deploy(emulator, STACK, "staging") as deployment,
    ):
        stage = Stage(Runbook(RUNBOOKS, text), "staging", emulator.session(), directory)
        stage.run(stage.section(database["backup"]))
        other = database["ways"]["moment"]
        stage.run(stage.section(database["restore"], other, database["ends"]))
        stage.run(stage.section(names["replace"], names["ends"]))
        stage.run(stage.section(redis["restore"]))
        return set(deployment.second_plan())


def test_terraform_completes_what_was_restored(catalogue: Catalogue, tmp_path: Path) -> None:
    """As docs/runbooks.md says: the replicas are added, and nothing is replaced or destroyed."""
    plan = plan_after_restores(written(RUNBOOKS), catalogue, tmp_path)
    of_stores = {change for change in plan if "rds_cluster" in change or "elasticache" in change}
    assert of_stores == {
        "update aws_rds_cluster.main",
        "update aws_rds_cluster_instance.primary",
        "create aws_rds_cluster_instance.replica_1",
        "create aws_rds_cluster_instance.replica_2",
        "update aws_elasticache_replication_group.main",
    }
    assert not [change for change in plan if change.startswith(("replace ", "delete "))]


def test_terraform_would_replace_what_was_restored_otherwise(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    """A cluster in the default network, and a group under another key."""
    options = '--snapshot-identifier "$snapshot" --engine aurora-postgresql \\\n  '
    subnets = '--db-subnet-group-name "mantisnxt-$ENVIRONMENT" '
    text = changed(written(RUNBOOKS), options + subnets, options)
    text = changed(text, ' --at-rest-encryption-enabled --kms-key-id "$key"', "")
    plan = plan_after_restores(text, catalogue, tmp_path)
    replaced = {change.partition(" ")[2] for change in plan if change.startswith("replace ")}
    assert {"aws_rds_cluster.main", "aws_elasticache_replication_group.main"} <= replaced
