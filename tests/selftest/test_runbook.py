"""Every mistake in the runbooks turns its own requirement red, and no other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.selftest.repositories import (
    RUNBOOKS,
    Mistake,
    changed,
    judge,
    mistakes,
    repository,
    written,
)
from tests.support.aws_cli import parse
from tests.support.aws_cli_values import BadCommandError
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT
from tests.support.rehearsal import Answer
from tests.support.runbook import Runbook, RunbookCall

pytestmark = pytest.mark.selftest

DOCUMENT = written(RUNBOOKS)
GUIDE = written("tests/selftest/guide_files/runbooks.md")


@pytest.mark.parametrize("mistake", mistakes("runbook"), ids=lambda mistake: mistake.id)
def test_mistake_turns_its_requirement_red_and_no_other(mistake: Mistake, tmp_path: Path) -> None:
    files = {RUNBOOKS: mistake.made_in(DOCUMENT)}
    failures = judge(repository(tmp_path, files), "test_runbooks.py")
    message = failures.of(mistake.test)
    assert re.search(mistake.says, message, re.MULTILINE), message
    assert failures.requirements == {mistake.requirement, *mistake.also}


def test_runbooks_themselves_are_green_in_another_repository(tmp_path: Path) -> None:
    assert judge(repository(tmp_path, {RUNBOOKS: DOCUMENT}), "test_runbooks.py").messages == {}


def test_group_is_deleted_only_after_its_snapshot_is_copied(tmp_path: Path) -> None:
    copied = "Snapshots[?SnapshotStatus=='available'].SnapshotName"
    states = iter(["", "\n", "the-copy\n"])
    runbook = Runbook.read(ROOT / RUNBOOKS, RUNBOOKS)

    def answer(call: RunbookCall) -> Answer:
        return Answer(next(states) if copied in call.words else "answer\n")

    calls, _ = runbook.rehearse(runbook.section("Restore Redis"), "staging", answer, tmp_path)
    order = ["copied" if copied in call.words else call.command for call in calls]
    assert order.count("copied") == 3
    assert "aws elasticache delete-replication-group" in order[order.index("copied") + 3 :]


def test_guides_commands_are_red_for_every_requirement(tmp_path: Path) -> None:
    guide = changed(GUIDE, "## Rollback Procedure", "## Rollback")
    failures = judge(repository(tmp_path, {RUNBOOKS: guide}), "test_runbooks.py")
    # Of the guide there are the commands alone, without its schedule and its contacts.
    assert failures.requirements == {f"RUN-0{number}" for number in range(1, 7)}
    rollback = failures.of("test_rollback_goes_to_the_revision_that_last_ran_well[production]")
    assert "actual    revision afterwards = mantisnxt-production-app:PREVIOUS_REVISION" in rollback
    known = failures.of("test_every_command_is_known_to_its_tool")
    assert "create-replication-group needs --replication-group-description" in known
    strays = failures.of("test_runbooks_act_on_the_environment_that_was_named[staging]")
    assert "aws ecs update-service --cluster mantisnxt-production" in strays


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# Nothing to type\n", "no bash block in it"),
        ("```bash\naws sts get-caller-identity\n", r"runbooks\.md:1: the block is never closed"),
        ("```\naws sts get-caller-identity\n```\n", r"runbooks\.md:2: .* not marked bash"),
    ],
)
def test_unreadable_runbook_is_one_clear_error(text: str, says: str, tmp_path: Path) -> None:
    failures = judge(repository(tmp_path, {RUNBOOKS: text}), "test_runbooks.py")
    assert failures.messages
    assert failures.requirements == set()
    assert all(re.search(says, message) for message in failures.messages.values())


def test_missing_runbook_is_one_clear_error(tmp_path: Path) -> None:
    failures = judge(repository(tmp_path, {"docs/other.md": ""}), "test_runbooks.py")
    assert failures.messages
    assert all("runbooks.md: no such file" in text for text in failures.messages.values())


def test_blocks_keep_their_headings_and_their_line() -> None:
    text = (
        "## One\n```bash\na\n```\n### Deep\n- item\n\n  ```bash\n  b \\\n    c\n  ```\n## Two\n"
        "```text\n```\n```bash\nd\n```\n"
    )
    runbook = Runbook("x.md", text)
    blocks = [(b.line, b.chapter, b.section, b.text) for b in runbook.blocks]
    assert blocks == [
        (3, "One", "", "a"),
        (9, "One", "Deep", "b \\\n  c"),
        (16, "Two", "", "d"),
    ]
    assert runbook.section("Deep") == runbook.blocks[1:2]


def test_runbook_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runbooks.md"
    path.write_bytes(b"\xff")
    with pytest.raises(SuiteError, match=r"x\.md: "):
        Runbook.read(path, "x.md")


@pytest.mark.parametrize(
    "command",
    [
        "aws ecs describe-services --cluster c --services a b --query 'services[].taskDefinition'",
        "aws ecs list-service-deployments --service s --status SUCCESSFUL STOPPED --max-results 9",
        "aws ecs list-task-definitions --family-prefix f --sort DESC --max-items 3",
        "aws ecs wait services-stable --cluster c --services s --region us-east-1",
        "aws ecs run-task --task-definition t --count=2 --no-enable-ecs-managed-tags",
        "aws ec2 describe-security-groups --filters Name=a,Values=b,c Name=d,Values=e",
        "aws rds describe-db-clusters --query 'DBClusters[].VpcSecurityGroups[].Status | [0]'",
        "aws ecs describe-tasks --tasks t --query 'reverse(sort_by(tasks, &createdAt))[*].group'",
        "aws s3api put-bucket-versioning --bucket b --versioning-configuration Status=Enabled",
        "aws secretsmanager put-secret-value --secret-id s --secret-string file:///dev/stdin",
        "aws ecr get-login-password --output text",
    ],
)
def test_good_command_is_taken(command: str, tmp_path: Path) -> None:
    assert command.startswith(f"aws {parse(shlex.split(command), tmp_path).name} ")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("aws", "expected a service and an operation"),
        ("aws ecs", "expected a service and an operation"),
        ("aws esc list-clusters", "no service esc; did you mean"),
        ("aws ecs list-cluster", "no operation list-cluster; did you mean list-clusters"),
        ("aws ecs wait service-stable", "no waiter service-stable; did you mean services-stable"),
        ("aws sts wait anything", "sts has no waiter anything"),
        ("aws ecs list-clusters --cluster c", "no option --cluster"),
        ("aws ecs list-clusters --max-results x", "takes a number, not x"),
        ("aws ecs describe-tasks", "needs --tasks"),
        ("aws ecs describe-tasks --tasks", "--tasks has no value"),
        ("aws ecs describe-tasks --tasks ''", "--tasks has an empty value"),
        ("aws ecs describe-tasks --tasks a --tasks b", "--tasks is given twice"),
        ("aws ecs describe-tasks --tasks a --cluster b c", "takes one value, but has 2"),
        ("aws ecs run-task --task-definition t --launch-type FARGAT", "not FARGAT"),
        ("aws ecs run-task --task-definition t --enable-execute-command yes", "takes no value"),
        ("aws ecs run-task --task-definition t --overrides '{\"cpus\": 1}'", "Unknown parameter"),
        ("aws ecs run-task --task-definition t --overrides '{cpu'", "is not JSON"),
        ("aws ecs run-task --cli-input-json file://none.json", "No such file"),
        ("aws ec2 describe-vpcs --filters Nam=a,Values=b", "no key Nam; did you mean Name"),
        ("aws ecs wait tasks-stopped --tasks t --query x", "prints no document"),
        ("aws ecs list-clusters --query 'clusterArn'", "no field clusterArn"),
        ("aws ecs list-clusters --query 'clusterArns[0].name'", "String is a string"),
        ("aws ecs list-clusters --query 'clusterArns[?x'", "--query"),
        (
            "aws ecs describe-tasks --tasks t --query 'tasks[?state==`a`]'",
            "Task has no field state",
        ),
        ("aws ecs describe-tasks --tasks t --query 'sort_by(tasks, &started)'", "no field started"),
        ("aws ecr get-login-password --registry r", "no option --registry"),
    ],
)
def test_bad_command_is_refused(command: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadCommandError, match=re.escape(says)):
        parse(shlex.split(command), tmp_path)


@pytest.mark.parametrize(
    ("query", "output", "printed"),
    [
        ("services[0].desiredCount", "text", "2\n"),
        ("services[1].desiredCount", "text", "None\n"),
        ("services[0].[serviceName, desiredCount]", "text", "app\t2\n"),
        ("services[0].enableExecuteCommand", "text", "True\n"),
        ("services[0].serviceName", "json", '"app"\n'),
    ],
)
def test_answer_is_printed_as_the_cli_prints_it(
    query: str, output: str, printed: str, tmp_path: Path
) -> None:
    words = ["aws", "ecs", "describe-services", "--services", "s", "--query", query]
    command = parse([*words, "--output", output], tmp_path)
    service = {"serviceName": "app", "desiredCount": 2, "enableExecuteCommand": True}
    assert command.printed({"services": [service]}) == printed


def test_table_of_text_is_refused(tmp_path: Path) -> None:
    words = "aws ecs describe-services --services s --query services --output text"
    with pytest.raises(BadCommandError, match="ask for one level less"):
        parse(words.split(), tmp_path).printed({"services": [{}]})
