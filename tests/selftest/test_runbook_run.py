"""Every mistake in the runbooks that only carrying them out shows turns its own test red."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.selftest.breaking import STACK
from tests.selftest.repositories import RUNBOOKS, Failures, Mistake, judge, written

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
    """What fails when the runbooks have these mistakes, beside the stack as it is."""
    text = written(RUNBOOKS)
    for mistake in mistakes:
        text = mistake.made_in(text)
    stack = directory / "terraform"
    shutil.copytree(STACK, stack, ignore=shutil.ignore_patterns(".terraform*"))
    (directory / RUNBOOKS).parent.mkdir()
    (directory / RUNBOOKS).write_text(text, encoding="utf-8")
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
