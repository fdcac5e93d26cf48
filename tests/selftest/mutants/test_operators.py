"""Every operator makes the edits that it should, wherever it fits, and no other."""

from __future__ import annotations

import difflib
import shutil
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.mutants import operators
from tests.mutants.enumeration import mutants, sample
from tests.mutants.mutant import Mutant, changed_files
from tests.mutants.operators.registry import OPERATORS
from tests.support.hcl_syntax import parse
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

HERE = Path(__file__).parent
SMALL = HERE / "stack"
STACK = HERE.parents[2] / "terraform"
EXPECTED = yaml.safe_load((HERE / "expected.yaml").read_text(encoding="utf-8"))
HEADS = ("---", "+++", "@@")


@cache
def every(stack: Path) -> tuple[Mutant, ...]:
    """The mutants of a tree, by all operators."""
    return tuple(mutants(stack, rare=True))


def lines(mutant: Mutant, stack: Path) -> list[str]:
    """The lines that a mutant changes."""
    return [
        line
        for file, text in sorted(changed_files(stack, mutant.edits).items())
        for line in difflib.unified_diff(
            (stack / file).read_text(encoding="utf-8").splitlines(),
            text.splitlines(),
            lineterm="",
            n=0,
        )
        if not line.startswith(HEADS)
    ]


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_changes_these_lines_and_no_other(operator: str) -> None:
    made = {
        mutant.id.removeprefix(f"{operator}:"): lines(mutant, SMALL)
        for mutant in every(SMALL)
        if mutant.operator == operator
    }
    told = yaml.safe_dump({operator: made}, sort_keys=False, allow_unicode=True, width=100)
    assert made, f"{operator} makes nothing: put a place for it into {SMALL.relative_to(ROOT)}"
    assert made == EXPECTED.get(operator), f"if that is right, expected.yaml must say\n{told}"


def test_every_module_of_operators_is_imported() -> None:
    modules = {path.stem for path in Path(operators.__file__).parent.glob("*.py")}
    assert modules - set(vars(operators)) == {"__init__"}


def test_nothing_is_expected_of_an_operator_that_is_not_there() -> None:
    assert EXPECTED.keys() == OPERATORS.keys()


@pytest.mark.parametrize("stack", [SMALL, STACK], ids=["small", "own"])
def test_ids_are_distinct(stack: Path) -> None:
    ids = [mutant.id for mutant in every(stack)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("stack", [SMALL, STACK], ids=["small", "own"])
def test_no_mutant_is_equal_to_the_tree_or_to_another(stack: Path) -> None:
    texts = [tuple(sorted(changed_files(stack, m.edits).items())) for m in every(stack)]
    unchanged = [m.id for m in every(stack) if not lines(m, stack)]
    assert unchanged == []
    assert len(texts) == len(set(texts))


def test_every_mutant_is_hcl() -> None:
    files = {t: file for m in every(SMALL) for file, t in changed_files(SMALL, m.edits).items()}
    assert [file for text, file in files.items() if not parse(file, text).children] == []


def test_own_stack_has_several_hundred_mutants_without_the_rare_ones() -> None:
    assert len(mutants(STACK)) > 500


def test_every_environment_has_mutants_of_its_own() -> None:
    own = {m.environments for m in every(STACK) if m.file.endswith(".tfvars")}
    assert own == {("develop",), ("staging",), ("production",)}


def test_id_stays_when_a_line_is_put_before(tmp_path: Path) -> None:
    moved = tmp_path / "stack"
    shutil.copytree(SMALL, moved)
    for file in moved.glob("*.tf"):
        file.write_text(f"# Another line.\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    assert [m.id for m in mutants(moved)] == [m.id for m in mutants(SMALL)]


def test_sample_is_the_same_for_the_same_seed_only() -> None:
    first, again, other = (sample(every(STACK), 50, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(first) == 50


def test_tree_without_a_place_for_an_operator_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('output "one" {\n  value = 1\n}\n', encoding="utf-8")
    with pytest.raises(SuiteError, match="no place in it where an operator fits"):
        mutants(tmp_path)
