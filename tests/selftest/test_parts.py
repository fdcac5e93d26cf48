"""The suite's own tests run in two parts: side by side, and alone where a clock is read."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.selftest.__main__ import REPORTS
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

# The first argument is where the tests lie.
COMMAND = """
import pathlib, sys
from tests.selftest.__main__ import main
sys.exit(main(sys.argv[2:], pathlib.Path(sys.argv[1])))
"""
TESTS = """
import os
import pytest

def test_beside():
    assert "PYTEST_XDIST_WORKER" in os.environ
    assert "beside" not in os.environ["FAILS"]

@pytest.mark.alone
def test_alone():
    assert "PYTEST_XDIST_WORKER" not in os.environ
    assert "alone" not in os.environ["FAILS"]

@pytest.mark.alone
@pytest.mark.provider
def test_provided():
    pass
"""


def run(directory: Path, *options: str, fails: str = "") -> tuple[int, list[list[str]]]:
    """The exit code, and the tests in the report of each part that wrote one."""
    (directory / "tests").mkdir()
    (directory / "tests" / "test_some.py").write_text(TESTS, encoding="utf-8")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(directory / "tests"), f"-c{ROOT / 'pyproject.toml'}",
         "-p", "no:cacheprovider", *options],
        cwd=directory,
        env={**inherited, "PYTHONPATH": str(ROOT), "FAILS": fails},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    written = [ET.parse(directory / report) for report in REPORTS if (directory / report).exists()]
    return done.returncode, [
        [str(case.get("name")) for case in one.iter("testcase")] for one in written
    ]


@pytest.mark.parametrize(
    ("options", "tests"),
    [
        ((), [["test_beside"], ["test_alone", "test_provided"]]),
        (("-k", "provided"), [[], ["test_provided"]]),
        (("-m", "not provider"), [["test_beside"], ["test_alone"]]),
    ],
    ids=["all", "named", "marked"],
)
def test_each_part_runs_what_is_chosen_of_it(
    options: tuple[str, ...], tests: list[list[str]], tmp_path: Path
) -> None:
    assert run(tmp_path, *options) == (0, tests)


@pytest.mark.parametrize("fails", ["beside", "alone"])
def test_failure_in_one_part_does_not_keep_the_other_from_running(
    fails: str, tmp_path: Path
) -> None:
    assert run(tmp_path, fails=fails) == (1, [["test_beside"], ["test_alone", "test_provided"]])


def test_nothing_chosen_is_no_success(tmp_path: Path) -> None:
    assert run(tmp_path, "-k", "nowhere") == (pytest.ExitCode.NO_TESTS_COLLECTED, [[], []])


def test_wrong_usage_ends_it(tmp_path: Path) -> None:
    assert run(tmp_path, "--no-such-option") == (pytest.ExitCode.USAGE_ERROR, [])
