"""A run in several processes (`-n`) tells, records and ends as one in a single process does."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

import conftest
from tests.selftest.test_waivers import RULE, waived_stack
from tests.support.project import ROOT
from tests.support.report import Verdict
from tests.support.tier import Run, run_tier

pytestmark = pytest.mark.selftest

SAMPLES = "tests/selftest/outcome_samples.py"
SOURCE_RULES = "tests/unit/test_source.py"
ORDERS: dict[str, tuple[str, ...]] = {"one": (), "two": ("-n", "2", "--dist", "loadfile")}
SECONDS = 60


def run(directory: Path, *arguments: str) -> Run:
    """A run on a stack with a waived mistake, with its JUnit report beside its record."""
    junit = f"--junitxml={directory / 'junit.xml'}"
    return run_tier("static", waived_stack(directory), directory, (*arguments, junit))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the reports of each run lie."""
    return {name: tmp_path_factory.mktemp(name) for name in ORDERS}


@pytest.fixture(scope="module")
def runs(places: dict[str, Path]) -> dict[str, Run]:
    """The same tests in one process and in two."""
    tests = (SOURCE_RULES, SAMPLES, "-k", "not killed and not endless")
    return {name: run(places[name], *tests, *order) for name, order in ORDERS.items()}


def test_outcomes_are_those_of_one_process(runs: dict[str, Run]) -> None:
    one, two = ({test["test"]: test for test in run.tests} for run in runs.values())
    assert one == two
    assert {test["outcome"] for test in two.values()} == {verdict.value for verdict in Verdict}


@pytest.mark.parametrize("order", ORDERS)
def test_exit_code_is_that_of_failures(order: str, runs: dict[str, Run]) -> None:
    assert runs[order].code == pytest.ExitCode.TESTS_FAILED, runs[order].output[-3000:]


def told(output: str) -> list[str]:
    """Which tests the run names at its end, and what is said of outcomes that are told once."""
    summary = output.partition("INVALID: the run could not judge")[2]
    return sorted(summary.splitlines()[:-1])


def test_summary_is_that_of_one_process(runs: dict[str, Run]) -> None:
    one, two = (told(run.output) for run in runs.values())
    assert one == two
    assert "DeprecationWarning: this will go" in two


def cases(directory: Path) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Of each test in the JUnit report, what it did besides passing, and its properties."""
    return {
        f"{case.get('classname')}.{case.get('name')}": (
            [child.tag for child in case if child.tag != "properties"],
            {str(one.get("name")): str(one.get("value")) for one in case.iter("property")},
        )
        for case in ET.parse(directory / "junit.xml").iter("testcase")
    }


@pytest.mark.usefixtures("runs")
def test_junit_report_is_that_of_one_process(places: dict[str, Path]) -> None:
    one, two = (cases(place) for place in places.values())
    assert one == two
    assert two[f"tests.unit.test_source.{RULE}"][1]["place"] == "source"


def test_process_that_dies_under_a_test_is_no_pass_of_it(tmp_path: Path) -> None:
    died = run(tmp_path, SAMPLES, "-k", "killed or pass", *ORDERS["two"])
    outcomes = {one["test"].partition("::")[2]: one["outcome"] for one in died.tests}
    assert outcomes == {"test_killed": "invalid", "test_pass": "pass"}
    assert died.code == pytest.ExitCode.TESTS_FAILED, died.output[-3000:]


@pytest.mark.parametrize(
    ("own", "whole"), [({}, True), ({"workerinput": {}}, False)], ids=["alone", "one of several"]
)
def test_process_with_some_of_the_tests_calls_no_waiver_unused(
    own: dict[str, object], whole: bool
) -> None:
    config = SimpleNamespace(
        args=[str(ROOT / "tests/unit")], getoption=lambda *_: None, stash=pytest.Stash(), **own
    )
    assert inspect.unwrap(conftest.whole)(config) is whole


# --- Interrupted --------------------------------------------------------------------------


def await_file(path: Path) -> None:
    """Wait until there is such a file."""
    deadline = time.monotonic() + SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


STOPS: dict[str, Callable[[int], object]] = {
    "Ctrl-C": lambda number: os.killpg(number, signal.SIGINT),
    "one process is told": lambda number: os.kill(number, signal.SIGTERM),
}


@pytest.mark.parametrize("stop", STOPS)
def test_interrupted_run_leaves_nothing(stop: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", SAMPLES]
    words += ["-k", "endless or pass", f"--reports={tmp_path}", *ORDERS["two"]]
    with subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, "BEGUN": str(tmp_path / "begun")},
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as begun:  # fmt: skip
        await_file(tmp_path / "begun")
        started = psutil.Process(begun.pid).children(recursive=True)
        STOPS[stop](begun.pid)
        output, _ = begun.communicate(timeout=SECONDS)
    assert begun.returncode == pytest.ExitCode.INTERRUPTED, output
    assert psutil.wait_procs(started, timeout=SECONDS)[1] == []
    assert "Traceback" not in output
