"""Every mistake in how the runbooks wait turns its test red, and waiting ends as they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.test_runbooks_wait import AWAITED
from tests.selftest.repositories import RUNBOOKS, Mistake, judge, mistakes, repository, written
from tests.support import catalogue
from tests.support.project import ROOT
from tests.support.rehearsal import Answer, rehearse
from tests.support.runbook import Block, Runbook

pytestmark = pytest.mark.selftest

DOCUMENT = written(RUNBOOKS)
JUDGING = "test_runbooks_wait.py"


@pytest.mark.parametrize("mistake", mistakes("runbook_wait"), ids=lambda mistake: mistake.id)
def test_mistake_turns_its_test_red(mistake: Mistake, tmp_path: Path) -> None:
    stack = repository(tmp_path, {RUNBOOKS: mistake.made_in(DOCUMENT)})
    failures = judge(stack, JUDGING, "integration")
    message = failures.of(mistake.test)
    assert re.search(mistake.says, message, re.MULTILINE), message
    assert failures.requirements == {mistake.requirement}


def test_runbooks_themselves_are_green_in_another_repository(tmp_path: Path) -> None:
    stack = repository(tmp_path, {RUNBOOKS: DOCUMENT})
    assert judge(stack, JUDGING, "integration").messages == {}


def test_every_wait_of_the_catalogue_is_judged() -> None:
    assert list(catalogue.load().requirement("RUN-10").expected["awaited"]) == AWAITED


@pytest.mark.parametrize(
    ("text", "endless"),
    [
        ("until aws rds wait x; do\n  sleep 30\ndone", ["line 2: until aws rds wait x; do"]),
        ("a; while :; do b; done", ["line 2: while :; do b; done"]),
        ("if a; then until b; do c; done; fi", ["line 2: until b; do c; done; fi"]),
        ("(while a; do b; done)", ["line 2: while a; do b; done)"]),
        ("for (( ; ; )); do a; done", ["line 2: for (( ; ; )); do a; done"]),
        ("a ${b##*/}; while c; do d; done", ["line 2: while c; do d; done"]),
        ("for x in a b; do c; done", []),
        ("for ((i = 0; i < 3; i++)); do a; done", []),
        ("meanwhile=1; echo not until then # while", []),
    ],
)
def test_loop_that_nothing_ends_is_noticed(text: str, endless: list[str]) -> None:
    assert Runbook("x.md", f"```bash\n{text}\n```\n").endless() == endless


def test_function_of_all_sections_is_defined_before_a_section_and_no_command_given() -> None:
    text = "```bash\na\n```\n```bash\nf() {\n  b\n}\n```\n## One\n```bash\ng() { c; }\nf\n```\n"
    assert Runbook("x.md", text).functions() == [Block(5, "", "", "f() {\n  b\n}")]


@pytest.mark.parametrize(
    ("attempt", "attempts", "says"),
    [
        # A waiter of Aurora looks for half an hour, one of ElastiCache for ten minutes.
        ("SECONDS=$((SECONDS + 1800)); return 255", 2, "2 attempts, 60 minutes"),
        ("SECONDS=$((SECONDS + 600)); return 255", 6, "6 attempts, 60 minutes"),
        ("SECONDS=$((SECONDS + 3599)); return 255", 2, "2 attempts, 119 minutes"),
        ("return 254", 40, "40 attempts, 0 minutes"),
        # Ctrl-C, which the AWS CLI answers with a status of its own.
        ("return 130", 1, "1 attempts, 0 minutes"),
    ],
)
def test_waiting_ends_by_time_by_number_or_by_hand(
    attempt: str, attempts: int, says: str, tmp_path: Path
) -> None:
    (block,) = Runbook.read(ROOT / RUNBOOKS, RUNBOOKS).functions()
    tried = f"try() {{ aws try; {attempt}; }}"
    script = f'{block.text}\n{tried}\nawait "the moon" "the sky" try || echo "then $?"\n'
    ending = rehearse(script, lambda _: Answer(), ["aws"], {}, tmp_path, ("-u",))
    assert len(ending.calls) == attempts
    assert ending.output == (
        "waiting for the moon\n"
        f"STOPPED waiting for the moon: {says}. Look at the answer above, then at the sky.\n"
        "then 1\n"
    )


def test_waiting_ends_as_soon_as_it_comes(tmp_path: Path) -> None:
    (block,) = Runbook.read(ROOT / RUNBOOKS, RUNBOOKS).functions()
    answers = iter([Answer(status=255), Answer(status=255), Answer("here\n")])
    script = f'{block.text}\nawait "the moon" "the sky" aws "a  b" && echo done\n'
    ending = rehearse(script, lambda _: next(answers), ["aws"], {}, tmp_path, ("-u",))
    assert [call.words for call in ending.calls] == [("aws", "a  b")] * 3
    assert ending.output == "waiting for the moon\nhere\ndone\n"
