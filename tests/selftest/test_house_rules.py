"""What every test and module of the suite keeps to, and no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

MOST_LINES = 300
MODULES = [*sorted((ROOT / "tests").rglob("*.py")), ROOT / "conftest.py"]
JUDGING = [
    path for tier in ("unit", "integration") for path in (ROOT / "tests" / tier).glob("test_*.py")
]
# What a judging test may not do: fail without where, expected, why and fix; choose; repeat.
FORBIDDEN = (ast.Assert, ast.If, ast.For, ast.While, ast.Try)
LOOPS = """
def test_it(values):
    for value in values:
        assert value
"""


def forbidden(text: str) -> list[str]:
    """What stands in tests and must not, by line; what tests are helped by is left alone."""
    return [
        f"{node.lineno}: {type(node).__name__.lower()} in {function.name}"
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_")
        for node in ast.walk(function)
        if isinstance(node, FORBIDDEN)
    ]


@pytest.mark.parametrize(
    "path", sorted(JUDGING), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_judging_test_judges_by_expectations_only(path: Path) -> None:
    found = forbidden(path.read_text(encoding="utf-8"))
    assert found == [], "judge with tests/support/expectations.py, and parametrise"


def test_a_test_that_loops_and_asserts_is_noticed() -> None:
    assert forbidden(LOOPS) == ["3: for in test_it", "4: assert in test_it"]


def test_a_module_is_small_unless_it_lists_cases() -> None:
    """Cases are listed by tests, and by the probes of the emulator's gaps."""
    long = {
        str(path.relative_to(ROOT))
        for path in MODULES
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }
    cases = {one for one in long if Path(one).name.startswith("test_") or "/probes/" in one}
    assert long - cases == set()
    assert cases
