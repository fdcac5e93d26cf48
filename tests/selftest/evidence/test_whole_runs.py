"""A run that left tests out says so, by whatever way they were left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.selftest.test_provenance import FILE, NAMED, SECONDS, tier
from tests.support.project import ROOT
from tests.support.run_record import TIERS, narrowed, without_result

pytestmark = pytest.mark.selftest

SETTINGS = (
    f"[pytest]\npython_files = test_source.py\naddopts = --import-mode=importlib -k {NAMED}\n"
)
DROPS = f"""
def pytest_collection_modifyitems(items):
    items[:] = [one for one in items if {NAMED!r} in one.name]
"""


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with settings, a plugin that drops tests, and tests that cannot be imported."""
    place = tmp_path / "others"
    place.mkdir()
    (place / "other.ini").write_text(SETTINGS, encoding="utf-8")
    (place / "dropping.py").write_text(DROPS, encoding="utf-8")
    (place / "test_broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", f"{place}{os.pathsep}{ROOT}")
    return place


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["-o", "python_files=test_source.py"], ["-o python_files"], id="setting"),
        pytest.param(["--override-ini=python_functions=*are_pinned"], ["-o python_functions"],
                     id="functions"),
        pytest.param(["-c", "{place}/other.ini"], [f"-k {NAMED}", "-c other.ini"], id="settings"),
        pytest.param(["-p", "dropping"], ["-p dropping"], id="plugin"),
        pytest.param(["-p", "no:doctest", "-k", NAMED], [f"-k {NAMED}", "-p no:doctest"],
                     id="no-plugin"),
        pytest.param(["-p", "no:hypothesispytest", "-k", NAMED], [f"-k {NAMED}"], id="tox"),
    ],
)  # fmt: skip
def test_run_says_what_settings_and_plugins_may_leave_out(
    arguments: list[str], says: list[str], others: Path
) -> None:
    words = [word.format(place=others) for word in arguments]
    assert tier(others, "tests/unit", *words)["provenance"]["narrowed"] == says


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"lf": True}, ["--last-failed"]),
        ({"stepwise": True}, ["--stepwise"]),
        ({"ignore": [ROOT / FILE]}, [f"--ignore {FILE}"]),
        ({"ignore_glob": ["*source*"]}, ["--ignore-glob *source*"]),
        ({"deselect": ["test_source.py::test_x"]}, ["--deselect test_source.py::test_x"]),
        ({"failedfirst": True, "newfirst": True, "xmlpath": "reports/static.xml"}, []),
    ],
    ids=str,
)
def test_option_that_leaves_tests_out_is_named(option: dict[str, Any], says: list[str]) -> None:
    config: Any = SimpleNamespace(
        args=[str(TIERS["static"])],
        getoption=lambda name, *_: option.get(name),
        stash=pytest.Stash(),
    )
    assert narrowed(config, "static") == says


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PYTEST_ADDOPTS", f"-k {NAMED}", f"-k {NAMED}"),
        ("PYTEST_PLUGINS", "dropping", "no result of tests/unit/"),
    ],
)
def test_what_the_environment_leaves_out_is_told(
    variable: str, value: str, says: str, others: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    narrowed = tier(others, "tests/unit")["provenance"]["narrowed"]
    assert [one.startswith(says) for one in narrowed] == [True]


@pytest.mark.parametrize("order", [[], ["-n", "1"]], ids=["alone", "by-another"])
def test_run_with_tests_that_cannot_be_imported_is_not_complete(
    order: list[str], others: Path
) -> None:
    broken = [str(others / "test_broken.py"), "--continue-on-collection-errors"]
    found = tier(others, FILE, "-k", NAMED, *broken, *order)
    assert found["tests"] != []
    assert found["complete"] is False


@pytest.fixture(scope="module", params=TIERS)
def everything(request: pytest.FixtureRequest) -> tuple[str, list[str]]:
    """A tier, and every test that is collected of it."""
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*collect, TIERS[request.param]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return request.param, [line for line in done.stdout.splitlines() if "::" in line]


def test_results_of_every_test_leave_nothing_out(everything: tuple[str, list[str]]) -> None:
    assert without_result(*everything, ROOT) == []


def test_test_without_a_result_is_named(everything: tuple[str, list[str]]) -> None:
    name, tests = everything
    first, *_, last = sorted({one.partition("[")[0] for one in tests})
    rest = [one for one in tests if one.partition("[")[0] not in (first, last)]
    assert without_result(name, [*rest, last], ROOT) == [f"no result of {first}"]
    assert without_result(name, rest, ROOT) == [f"no result of {first} and 1 more"]
