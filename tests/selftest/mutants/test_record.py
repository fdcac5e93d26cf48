"""What has been judged is kept under a key of all that it depends on, and taken up again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import record, run
from tests.mutants.mutant import Edit
from tests.selftest.mutants.scripted import SMALL, Scripted, mutant, result
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest


def journal(directory: Path, key: str = "key", stack: str = "stack") -> record.Journal:
    return record.Journal(directory / "results.jsonl", key, stack)


def test_result_of_another_stack_or_suite_is_not_taken_up(tmp_path: Path) -> None:
    journal(tmp_path, "old").add(result("one"))
    journal(tmp_path, "new").add(result("two"))
    assert journal(tmp_path, "new").results().keys() == {"two"}


def test_earlier_result_is_of_the_same_stack(tmp_path: Path) -> None:
    journal(tmp_path, "old", "same").add(result("one"))
    journal(tmp_path, "old", "other").add(result("two"))
    assert journal(tmp_path, "new", "same").latest().keys() == {"one"}


def test_result_that_does_not_say_of_which_stack_it_is_is_not_an_earlier_one(
    tmp_path: Path,
) -> None:
    line = json.dumps({"key": "old", **result("one")})
    (tmp_path / "results.jsonl").write_text(line + "\n", encoding="utf-8")
    assert journal(tmp_path).latest() == {}


@pytest.mark.parametrize(
    "file", [".github/workflows/deploy.yml", "docs/runbooks.md", "tests/waivers.yaml"]
)
def test_key_changes_with_what_lies_beside_the_stack(file: str, tmp_path: Path) -> None:
    stack = tmp_path / "stack"
    shutil.copytree(SMALL, stack)
    before = record.key(stack)
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("one: 1\n", encoding="utf-8")
    between = record.key(stack)
    (tmp_path / file).write_text("one: 2\n", encoding="utf-8")
    assert len({before, between, record.key(stack)}) == 3


@pytest.mark.parametrize(
    "file",
    [
        ".github/workflows/deploy.yml",
        "docs/runbooks.md",
        "tests/waivers.yaml",
        "tests/catalogue.yaml",
        "pyproject.toml",
        "tests/unit/conftest.py",
        "tests/mutants/mutant.py",
        "tests/mutants/enumeration.py",
        "tests/mutants/worker.py",
    ],
)
def test_key_is_of_every_input_that_is_judged(file: str) -> None:
    assert ROOT / file in set(record._inputs(SMALL))


@pytest.mark.parametrize(
    "other",
    [
        {"edits": (Edit("a.tf", 0, 1, "two"),)},
        {"families": ("MON",)},
        {"environments": ("production",)},
        {"needs_init": True},
    ],
    ids=str,
)
def test_result_is_of_all_that_decides_how_a_mutant_is_judged(other: dict[str, Any]) -> None:
    assert replace(mutant("one"), **other).edits_key != mutant("one").edits_key


def test_torn_last_line_is_no_result(tmp_path: Path) -> None:
    journal(tmp_path).add(result("one"))
    with (tmp_path / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": "key", "id": "two", "outc')
    assert journal(tmp_path).results().keys() == {"one"}


def test_result_after_a_torn_line_is_kept(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text('{"key": "key", "id": "two", "outc', encoding="utf-8")
    journal(tmp_path).add(result("one"))
    journal(tmp_path).add(result("three"))
    assert journal(tmp_path).results().keys() == {"one", "three"}


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        json.dumps({"key": "key", "stack": "stack", **result("one"), "id": ["one"]}),
        json.dumps({"key": "key", "stack": "stack", **result("one"), "killed": "DB-02"}),
        json.dumps({"key": "key", "stack": "stack", **result("one"), "killed": None}),
        json.dumps({"key": "key", "stack": "stack", **result("one"), "outcome": "fine"}),
    ],
    ids=["nested-without-end", "id", "killer", "no-killer", "outcome"],
)
def test_damaged_line_is_no_result(line: str, tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text(f"{line}\n", encoding="utf-8")
    journal(tmp_path).add(result("two"))
    assert journal(tmp_path).results().keys() == {"two"}
    assert journal(tmp_path).latest().keys() == {"two"}


def test_run_that_is_broken_off_keeps_what_it_judged(tmp_path: Path, scripted: Scripted) -> None:
    scripted.outcomes["three"] = "interrupt"
    every = [mutant(name) for name in ("one", "two", "three", "four")]
    with pytest.raises(SuiteError, match="--resume"):
        run.run(SMALL, every, 1, journal(tmp_path), lambda _line: None)
    judged = set(scripted.asked) - {"", "three"}
    assert journal(tmp_path).results().keys() == judged


def test_tree_that_does_not_pass_as_it_is_is_refused(tmp_path: Path, scripted: Scripted) -> None:
    scripted.outcomes[""] = "killed"
    with pytest.raises(SuiteError, match="does not pass, so no mutant can be judged: DB-02"):
        run.run(SMALL, [mutant("one")], 1, journal(tmp_path), lambda _line: None)


def test_progress_tells_how_far_and_how_long(tmp_path: Path, scripted: Scripted) -> None:
    scripted.outcomes["two"] = "survived"
    said: list[str] = []
    run.run(SMALL, [mutant("one"), mutant("two")], 1, journal(tmp_path), said.append)
    assert said[-1].startswith("2 of 2: 1 killed, 1 survived; ")
    assert said[-1].endswith("about 0 min left")
