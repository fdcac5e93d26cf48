"""The runbooks, rehearsed: whether the tools know their commands, and what they would do."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import beside
from tests.support.catalogue import Requirement
from tests.support.deployed_service import DeployedService
from tests.support.expectations import expect_equal, expect_none, found, only
from tests.support.rehearsal import Answer, Ending
from tests.support.runbook import Runbook, RunbookCall, refusal

pytestmark = pytest.mark.source

ENVIRONMENTS = ["develop", "staging", "production"]
COMPLAINT = re.compile(r"line \d+: .*")
Rehearsed = dict[str, tuple[list[RunbookCall], Ending]]


@pytest.fixture(scope="session")
def runbook(stack: Path) -> Runbook:
    """The runbooks of the repository that the stack lies in."""
    return Runbook.of_stack(stack)


@pytest.fixture(scope="session")
def rehearsed(runbook: Runbook, tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """Every block of the runbooks, run for each environment; each tool answers with a word."""
    directory = tmp_path_factory.mktemp("runbooks")

    def rehearse(environment: str) -> tuple[list[RunbookCall], Ending]:
        answer = Answer("answer\n")
        return runbook.rehearse(runbook.blocks, environment, lambda _: answer, directory)

    # Most of a rehearsal is waiting for bash.
    with ThreadPoolExecutor(len(ENVIRONMENTS)) as pool:
        return dict(zip(ENVIRONMENTS, pool.map(rehearse, ENVIRONMENTS), strict=True))


@pytest.mark.requirement("RUN-01")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_rollback_goes_to_the_revision_that_last_ran_well(
    environment: str, runbook: Runbook, requirement: Requirement, tmp_path: Path
) -> None:
    expected = requirement.expected
    history = [tuple(deployment) for deployment in expected["deployments"]]
    service = DeployedService(
        environment, deployments=history, latest=expected["latest_registered"]
    )
    answers = {"aws": lambda call: service.answer(call.where, call.words, tmp_path)}
    blocks = found(runbook.name, "block of the rollback", runbook.chapter(expected["heading"]))
    calls, _ = runbook.rehearse(
        blocks,
        environment,
        lambda call: answers.get(call.words[0], lambda _: Answer())(call),
        tmp_path,
    )
    updates = [call for call in calls if call.command == expected["command"]]
    update = only(runbook.name, f"{expected['command']} in the rollback", updates)
    wanted = service.revision("app", expected["goes_to"])
    expect_equal(update.where, "revision afterwards", service.running, wanted)


@pytest.mark.requirement("RUN-02")
def test_every_command_is_known_to_its_tool(
    runbook: Runbook, rehearsed: Rehearsed, stack: Path
) -> None:
    calls, _ = rehearsed["production"]
    refusals = [refusal(call, stack) for call in found(runbook.name, "command", calls)]
    expect_none(runbook.name, "command that its tool refuses", filter(None, refusals))


@pytest.mark.requirement("RUN-02")
def test_every_block_runs_to_its_end(runbook: Runbook, rehearsed: Rehearsed) -> None:
    calls, ending = rehearsed["production"]
    expect_none(runbook.name, "complaint of the shell", COMPLAINT.findall(ending.output))
    reached = {call.line for call in calls}
    written = found(runbook.name, "command", runbook.written())
    missed = [f"line {line}: {command}" for line, command in written if line not in reached]
    expect_none(runbook.name, "command that is never reached", missed)


@pytest.mark.requirement("RUN-02")
def test_runbooks_cover_what_the_guide_tells(
    runbook: Runbook, rehearsed: Rehearsed, requirement: Requirement
) -> None:
    calls, _ = rehearsed["production"]
    commands = {call.command for call in calls}
    wanted = found(runbook.name, "command of the guide", requirement.expected["covers"])
    missing = [command for command in wanted if command not in commands]
    expect_none(runbook.name, "command of the guide that is missing", missing)


@pytest.mark.requirement("RUN-03")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_runbooks_act_on_the_environment_that_was_named(
    environment: str, runbook: Runbook, rehearsed: Rehearsed
) -> None:
    calls = [call for call in rehearsed[environment][0] if call.words[0] != "tox"]
    others = re.compile("|".join(e for e in ENVIRONMENTS if e != environment))
    strays = [f"{c.where}: {c.text}" for c in calls if others.search(c.text)]
    own = [call for call in calls if f"mantisnxt-{environment}" in call.text]
    expect_none(runbook.name, f"command for {environment} that names another", strays)
    found(runbook.name, f"command that names {environment}", own)


@pytest.mark.requirement("RUN-03")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_terraform_is_given_the_environments_own_files(
    environment: str, runbook: Runbook, rehearsed: Rehearsed, requirement: Requirement
) -> None:
    expected = requirement.expected
    files = {
        "init": expected["backend"].format(environment=environment),
        **dict.fromkeys(
            expected["with_variables"], expected["variables"].format(environment=environment)
        ),
    }
    calls = [c for c in rehearsed[environment][0] if c.words[0] == "terraform"]
    bare = [
        f"{call.where}: terraform {call.words[1]} without {files[call.words[1]]}"
        for call in found(runbook.name, "terraform command", calls)
        if call.words[1] in files and files[call.words[1]] not in call.words
    ]
    expect_none(runbook.name, "command without its environment's file", bare)


@pytest.mark.requirement("RUN-06")
def test_reverted_commit_is_planned_before_it_is_applied(
    runbook: Runbook, rehearsed: Rehearsed, requirement: Requirement
) -> None:
    wanted, heading = requirement.expected["commands"], requirement.expected["heading"]
    blocks = found(runbook.name, f"block under {heading}", runbook.chapter(heading))
    block = only(
        runbook.name, f"block with {wanted[0]}", [b for b in blocks if wanted[0] in b.text]
    )
    lines = range(block.line, block.line + len(block.text.splitlines()))
    called = [call.command for call in rehearsed["production"][0] if call.line in lines]
    expect_equal(runbook.name, "commands of the revert", called, wanted)


@pytest.fixture
def lines_of_chapter(runbook: Runbook, stack: Path, requirement: Requirement) -> list[str]:
    """The lines of the chapter that the requirement names, in lower case; tables without bars."""
    text = beside.find(stack, "docs/runbooks.md").read_text(encoding="utf-8")
    chapters = re.split(r"^## +", text, flags=re.MULTILINE)
    title = requirement.expected["heading"]
    own = only(runbook.name, title, [c for c in chapters if c.splitlines()[0:1] == [title]])
    return [re.sub(r"\s*\|\s*", " | ", line).strip(" |").lower() for line in own.splitlines()]


@pytest.mark.requirement("RUN-04")
def test_runbook_has_the_maintenance_checklist(
    lines_of_chapter: list[str], requirement: Requirement
) -> None:
    boxes = [line for line in lines_of_chapter if line.startswith("- [ ] ")]
    wanted = found("RUN-04", "box", requirement.expected["boxes"])
    missing = [words for words in wanted if not any(words in box for box in boxes)]
    expect_none("docs/runbooks.md", "box of the checklist that is missing", missing)


@pytest.mark.parametrize(
    "what",
    [
        pytest.param("schedule", marks=pytest.mark.requirement("RUN-04")),
        pytest.param("escalation", marks=pytest.mark.requirement("RUN-05")),
    ],
)
def test_runbook_has_the_table(
    what: str, lines_of_chapter: list[str], requirement: Requirement
) -> None:
    wanted = found(requirement.id, "row", requirement.expected["rows"])
    missing = [
        row
        for row in wanted
        if not any(re.match(row.replace("|", r"\|"), line) for line in lines_of_chapter)
    ]
    expect_none("docs/runbooks.md", f"row of the {what} that is missing", missing)


@pytest.mark.requirement("RUN-05")
def test_runbook_has_the_contacts(lines_of_chapter: list[str], requirement: Requirement) -> None:
    wanted = found("RUN-05", "contact", requirement.expected["contacts"])
    text = "\n".join(lines_of_chapter)
    expect_none("docs/runbooks.md", "contact that is missing", [c for c in wanted if c not in text])


@pytest.mark.requirement("RUN-10")
def test_every_loop_has_an_end(runbook: Runbook) -> None:
    expect_none(runbook.name, "loop that only the answer it waits for ends", runbook.endless())
