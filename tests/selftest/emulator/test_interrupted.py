"""A run that is cut short says so in one line, and leaves no process and no file behind."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.selftest.emulator.conftest import ACCOUNT
from tests.support import deployment, sockets
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError
from tests.support.project import CACHE, ROOT

pytestmark = pytest.mark.selftest

MARK = "INTERRUPTED_RUN"
SECONDS = 90
# Few tests, and a second plan made beside them.
TESTS = ("tests/integration/test_database.py", "tests/integration/test_deployment.py")
# Where a child of Terraform's, or of the suite's provider, opens its sockets.
OWN_TEMPORARY = re.compile(rf"\0TMPDIR=([^\0]*/(?:{sockets.TERRAFORM}|{sockets.PROVIDER})[^\0/]+)")
# Tests that write, to an emulator of their own.
WRITING = "tests/integration/test_runbooks_run.py"
SERVER = "tests.support.emulator serve"
# Capabilities by which root may write where the mode forbids it: DAC_OVERRIDE, DAC_READ_SEARCH.
DROP_CAPABILITY, OVERRIDES = 24, (1, 2)


def marked(mark: str) -> dict[int, str]:
    """The command lines of the living processes that a run has started, itself included."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}\0".encode() in (place / "environ").read_bytes():
                words = (place / "cmdline").read_bytes().decode(errors="replace")
                found[int(place.name)] = words.replace("\0", " ").strip()
    return {number: words for number, words in found.items() if words}


class Started:
    """A tier's run in a process group of its own, told from others by a variable."""

    def __init__(self, directory: Path, *arguments: str, root: Path = ROOT, **options: Any) -> None:
        self.mark, self.reports = uuid.uuid4().hex, directory / "reports"
        self.scratch, self.output = directory / "tmp", ""
        self.places: set[Path] = set()
        self.scratch.mkdir()
        variables = {MARK: self.mark, "SUITE_TIER": "integration", "TMPDIR": str(self.scratch)}
        command = [sys.executable, "-u", "-m", "pytest", "-v", "-p", "no:hypothesispytest"]
        self.process = subprocess.Popen(
            [*command, "-p", "no:cacheprovider", *arguments],
            cwd=root,
            env={**os.environ, **variables, "PYTHONPATH": str(root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **options,
        )

    def read_until(self, text: str) -> None:
        """Read what the run prints until a line has `text`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return
        pytest.fail(f"{text!r} was not printed:\n{self.output[-2000:]}")

    def await_child(self, words: str, seconds: float = 0) -> int:
        """The process id of the child with `words` in its command, `seconds` after it appears."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if numbers := [number for number, has in marked(self.mark).items() if words in has]:
                time.sleep(seconds)
                return numbers[0]
            time.sleep(0.05)
        pytest.fail(f"no child {words!r}")

    def end(self) -> int:
        """The exit code, once the run has come to its end."""
        output, _ = self.process.communicate(timeout=SECONDS)
        self.output += output
        return self.process.returncode

    def note_places(self) -> None:
        """Note the scratch directories in which its children work now, wherever they lie."""
        for number in marked(self.mark):
            with contextlib.suppress(OSError):
                place = Path(f"/proc/{number}/cwd").readlink()
                self.places |= {place} if place.is_relative_to(CACHE / "scratch") else set()
                variables = Path(f"/proc/{number}/environ").read_text(errors="replace")
                self.places |= {Path(own) for own in OWN_TEMPORARY.findall(variables)}

    def records(self) -> list[dict[str, Any]]:
        """The tier's record, if it wrote one."""
        files = self.reports.glob("integration.json")
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Starts a run, and kills what a failed test would leave of it."""
    runs: list[Started] = []

    def started(*arguments: str, **options: Any) -> Started:
        runs.append(Started(tmp_path, f"--reports={tmp_path / 'reports'}", *arguments, **options))
        return runs[-1]

    yield started
    for run in runs:
        for number in marked(run.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        run.process.communicate()


def expect_nothing_left(run: Started) -> None:
    """Neither process nor directory remains, and what was said is no traceback."""
    assert marked(run.mark) == {}
    assert [place for place in [*run.scratch.iterdir(), *run.places] if place.exists()] == []
    assert "Traceback" not in run.output


MOMENTS: dict[str, tuple[tuple[str, ...], signal.Signals, Callable[[Started], object]]] = {
    "plan": (
        ("tests/unit/test_plan_edge.py", "--fresh"),
        signal.SIGTERM,
        lambda run: run.await_child("terraform-provider-aws", 1),
    ),
    "apply": (
        (*TESTS, "--fresh"),
        signal.SIGINT,
        lambda run: run.await_child("terraform-provider-aws", 3),
    ),
    "playback": (TESTS, signal.SIGTERM, lambda run: run.await_child(SERVER, 3)),
    "second playback": (
        (WRITING,),
        signal.SIGTERM,
        lambda run: run.read_until("the recorded deployment was played"),
    ),
    "tests": (TESTS, signal.SIGINT, lambda run: run.read_until(" PASSED ")),
}


@pytest.mark.provider
@pytest.mark.parametrize("moment", MOMENTS)
def test_interrupted_run_leaves_nothing(moment: str, start: Callable[..., Started]) -> None:
    arguments, number, await_moment = MOMENTS[moment]
    run = start(*arguments)
    await_moment(run)
    run.note_places()
    assert run.process.poll() is None, run.output  # it must not end before it is interrupted
    os.killpg(run.process.pid, number)
    assert run.end() == pytest.ExitCode.INTERRUPTED, run.output[-3000:]
    assert "KeyboardInterrupt" in run.output
    assert [one["complete"] for one in run.records()] == [False] * (moment == "tests")
    expect_nothing_left(run)


@pytest.mark.provider
def test_emulator_that_dies_under_the_tests_is_one_error(start: Callable[..., Started]) -> None:
    run = start(*TESTS)
    run.read_until(" PASSED ")
    run.note_places()
    os.kill(run.await_child(SERVER), signal.SIGKILL)
    assert run.end() == pytest.ExitCode.INTERRUPTED, run.output[-3000:]
    (record,) = run.records()
    invalid = [one for one in record["tests"] if one["outcome"] == "invalid"]
    assert len(invalid) == 1, run.output[-3000:]
    assert "the AWS emulator died with exit code -9" in invalid[0]["message"]
    assert record["complete"] is False
    expect_nothing_left(run)


# --- Nothing can be written ---------------------------------------------------------------


@pytest.mark.parametrize("file", [deployment.REQUESTS, deployment.PLANNED])
def test_full_disk_under_a_recording_is_one_error(file: str, tmp_path: Path) -> None:
    (tmp_path / file).symlink_to("/dev/full")
    with Emulator(ACCOUNT) as emulator:
        emulator.record()
        emulator.session().client("ec2").create_vpc(CidrBlock="10.9.0.0/16")
        with pytest.raises(SuiteError) as raised:
            deployment.record(emulator, tmp_path, 1)
    assert str(tmp_path) in str(raised.value)
    assert "No space left on device; free some disk space" in str(raised.value)


def without_overrides() -> None:
    """In a child that is root's: let the modes of files bind it, too."""
    for capability in OVERRIDES:
        ctypes.CDLL(None).prctl(DROP_CAPABILITY, capability)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project in which nothing can be written."""
    copy = tmp_path / "project"
    others = shutil.ignore_patterns(".*", "reports", "__pycache__", "selftest")
    shutil.copytree(ROOT, copy, ignore=others)
    folders = [copy, *(path for path in copy.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield copy
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.provider
@pytest.mark.parametrize("tests", ["tests/integration", "tests/unit/test_plan_edge.py"])
def test_cache_that_cannot_be_written_is_one_error(
    tests: str, read_only: Path, start: Callable[..., Started]
) -> None:
    run = start(tests, "-x", root=read_only, preexec_fn=without_overrides)
    assert run.end() == pytest.ExitCode.TESTS_FAILED, run.output[-3000:]
    assert "Permission denied; free some disk space or check its permissions" in run.output
    assert ".cache" in run.output
    expect_nothing_left(run)


def test_reports_that_cannot_be_written_are_refused_at_once(
    read_only: Path, start: Callable[..., Started]
) -> None:
    reports = f"--reports={read_only / 'reports'}"
    run = start("tests/unit", reports, root=read_only, preexec_fn=without_overrides)
    assert run.end() == 1
    assert f"error: cannot write {read_only / 'reports'}: Permission denied" in run.output
    assert "Traceback" not in run.output
