"""A mutant that nothing could tell from the stack is excused while it is the one looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.mutants import __main__ as command
from tests.mutants import equivalents
from tests.mutants.enumeration import mutants
from tests.mutants.equivalents import Excuse
from tests.selftest.mutants.scripted import SMALL, SSL_POLICY, Scripted, mutant, result
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

REASON = "nobody can tell it from the tree"
STATEMENT = "drop-statement:service.tf:data.aws_iam_policy_document.task/statement[0]"
FIRST = '"task" {\n  statement {\n'
INSERTED = '"task" {\n  statement {\n    effect = "Deny"\n  }\n\n  statement {\n'
List = Callable[..., None]


def passages(stack: Path) -> dict[str, str]:
    """What each mutant of a tree edits, by its id."""
    return {one.id: one.passage for one in mutants(stack, rare=True)}


@pytest.fixture
def listed(tmp_path: Path, small_run: list[str], monkeypatch: pytest.MonkeyPatch) -> List:
    """Lists equivalents of the small tree, which is taken for the project's own."""
    path, load = tmp_path / "equivalent.yaml", equivalents.load
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(equivalents, "load", lambda: load(path))

    def write(edits: dict[str, str]) -> None:
        entries = [{"mutants": edits, "reason": REASON}]
        path.write_text(yaml.safe_dump({"equivalent": entries}), encoding="utf-8")

    return write


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("killed", ["one: it is killed, so it is no equivalent"]),
        ("invalid", ["one: it is invalid, so it is no equivalent"]),
        ("survived", []),
        ("unjudged", []),
    ],
)
def test_equivalent_that_is_noticed_is_a_problem(outcome: str, said: list[str]) -> None:
    excuses = {"one": Excuse("", REASON)}
    results = {"one": result("one", outcome)}
    assert equivalents.problems(excuses, [mutant("one")], results) == said


def test_equivalent_that_is_gone_is_a_problem() -> None:
    problems = equivalents.problems({"one": Excuse("", REASON)}, [mutant("two")], {})
    assert problems == ["one: there is no such mutant"]


def test_equivalent_that_edits_something_else_is_a_problem_that_says_what_to_write() -> None:
    (said,) = equivalents.problems(
        {"one": Excuse("then", REASON)}, [replace(mutant("one"), passage="now")], {}
    )
    assert said.endswith('if nobody could notice that either, write "one": "now"')


def test_survivor_is_excused_while_it_is_the_one_listed(
    listed: List, small_run: list[str], scripted: Scripted
) -> None:
    listed({SSL_POLICY: passages(SMALL)[SSL_POLICY]})
    scripted.outcomes[SSL_POLICY] = "survived"
    assert command.main(small_run) == 0


def test_mutant_that_has_got_the_id_of_an_equivalent_is_not_excused(
    listed: List, small_run: list[str], scripted: Scripted, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    listed({STATEMENT: passages(SMALL)[STATEMENT]})
    scripted.outcomes[STATEMENT] = "survived"
    file = tmp_path / "terraform" / "service.tf"
    file.write_text(file.read_text(encoding="utf-8").replace(FIRST, INSERTED), encoding="utf-8")
    assert command.main([*small_run, "--operator=drop-statement"]) == 1
    said = capsys.readouterr().out
    assert f"survived  {STATEMENT}" in said
    assert f'write "{STATEMENT}": "{passages(file.parent)[STATEMENT]}"' in said


def test_equivalent_that_this_run_leaves_out_is_not_gone(
    listed: List, small_run: list[str], scripted: Scripted
) -> None:
    listed({STATEMENT: passages(SMALL)[STATEMENT]})
    assert command.main([*small_run, "--sample=1"]) == 0
    assert STATEMENT not in scripted.asked


def test_line_of_a_survivor_is_what_an_entry_needs(
    listed: List, small_run: list[str], scripted: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    listed({STATEMENT: passages(SMALL)[STATEMENT]})
    scripted.outcomes[SSL_POLICY] = "survived"
    assert command.main(small_run) == 1
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith(" ")]
    listed(yaml.safe_load(line))
    assert command.main(small_run) == 0


def test_passage_stays_where_the_rest_of_the_file_changes(tmp_path: Path) -> None:
    moved = shutil.copytree(SMALL, tmp_path / "stack")
    file = moved / "service.tf"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"# Another line.\nlocals {{\n  a = 1\n}}\n\n{text}", encoding="utf-8")
    assert passages(SMALL).items() <= passages(moved).items()


@pytest.mark.parametrize("stack", [SMALL, ROOT / "terraform"], ids=["small", "own"])
def test_no_two_mutants_edit_the_same(stack: Path) -> None:
    found = [one.passage for one in mutants(stack, rare=True)]
    assert len(found) == len(set(found))


def test_equivalent_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.yaml"
    text = "equivalent:\n  - mutants: {one: edits}\n    reason: none\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match=r"equivalent\.yaml: equivalent\.0\.reason: "):
        equivalents.load(path)


def test_every_equivalent_is_a_mutant_of_the_stack() -> None:
    every = mutants(ROOT / "terraform", rare=True)
    assert equivalents.problems(equivalents.load(), every, {}) == []
