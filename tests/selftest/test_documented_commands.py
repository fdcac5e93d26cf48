"""Every command that README and docs tell people to give is run by the suite."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.selftest.documented import (
    Documented,
    everything,
    given,
    gives,
    known,
    tox_environments,
)
from tests.support.project import ROOT
from tests.support.runbook import RunbookCall, refusal

pytestmark = pytest.mark.selftest

KNOWN = known()
COMMANDS = everything()
CI = (ROOT / ".ci/run").read_text(encoding="utf-8")


def of(how: str) -> list[str]:
    """The commands that are run in this way."""
    return [text for text, entry in KNOWN.items() if entry["how"] == how]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.where)
def test_a_documented_command_is_run_somehow(command: Documented) -> None:
    assert command.text in KNOWN, "say in documented.yaml how it is run"


def test_no_command_is_run_that_is_not_documented() -> None:
    assert sorted(set(KNOWN) - {command.text for command in COMMANDS}) == []


@pytest.mark.parametrize("text", of("ci"))
def test_an_environment_is_a_step_of_ci(text: str) -> None:
    steps = set(CI.split())
    assert f"tox run -e {tox_environments(text)[0]}" in CI
    assert set(tox_environments(text)) <= steps


@pytest.mark.parametrize("text", of("by"))
def test_a_test_gives_the_command(text: str) -> None:
    assert gives(ROOT / "tests/selftest" / KNOWN[text]["file"], text)


@pytest.mark.parametrize(
    "written",
    ['"tox -e static -- -m source"', 'taken("tox -e static -- -m source")', 'given("tox -e lint")'],
)
def test_a_file_that_does_not_give_the_command_is_seen(written: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(written, encoding="utf-8")
    assert not gives(tmp_path / "test_it.py", "tox -e static -- -m source")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tox -e static -- -m source", "-m source"),
        ("AWS_PROFILE=staging-auditor AWS_REGION=us-east-1 tox -e load -- --target staging",
         "--target staging"),
        ('eval "$(python -m tests.support.emulator up)"', "-m tests.support.emulator up"),
        ("python -m tests.load.living", "-m tests.load.living"),
    ],
)  # fmt: skip
def test_what_follows_the_program_is_given(text: str, words: str) -> None:
    assert given(text) == words.split()


def test_a_command_that_no_document_tells_cannot_be_given() -> None:
    with pytest.raises(ValueError, match="no document tells people to give tox -e all"):
        given("tox -e all")


@pytest.mark.parametrize("text", of("taken"))
def test_a_tool_takes_the_command(text: str) -> None:
    assert refusal(RunbookCall("README.md:1", tuple(shlex.split(text))), ROOT / "terraform") is None


def test_a_tool_that_would_refuse_the_command_is_seen() -> None:
    words = ("terraform", "apply", "-var-file=environments/qa.tfvars")
    assert "no such file" in str(refusal(RunbookCall("README.md:1", words), ROOT / "terraform"))


@pytest.mark.provider
@pytest.mark.parametrize("text", of("run"))
def test_a_command_runs_as_it_is_written(text: str) -> None:
    words = shlex.split(text)
    assert words[0] == "python"
    run = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=ROOT, env=dict(os.environ), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == KNOWN[text]["ends"], run.stdout + run.stderr
    assert "Traceback" not in run.stderr
