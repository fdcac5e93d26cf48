"""What is kept is made once, however many runs want it at once."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import deployment, workspace
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

SECONDS = 30
ACCOUNT = "222233334444"
# Holds the lock until its standard input closes, or until it is killed.
HOLDER = """
import pathlib, sys
from tests.support import workspace
with workspace.making(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
STACK = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
provider "aws" {
  region = "us-east-1"
}
resource "aws_sns_topic" "only" {
  name = "only"
}
"""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where something is to be kept."""
    return tmp_path / "things" / "thing"


@pytest.fixture
def holder(kept: Path) -> Iterator[subprocess.Popen[str]]:
    """Another run that is making it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(kept)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_whoever_comes_second_is_told_and_waits(holder: subprocess.Popen[str], kept: Path) -> None:
    told: queue.Queue[str] = queue.Queue()
    entered = threading.Event()

    def second() -> None:
        with workspace.making(kept, told.put):
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        assert told.get(timeout=SECONDS) == f"waiting for another run, which is making {kept}"
        assert not entered.is_set()
        holder.communicate(timeout=SECONDS)
        waiting.result(SECONDS)
    assert entered.is_set()


def test_lock_goes_with_a_holder_that_is_killed(holder: subprocess.Popen[str], kept: Path) -> None:
    holder.kill()
    holder.wait(SECONDS)
    told: list[str] = []
    with workspace.making(kept, told.append):
        assert told == []


def test_no_lock_is_left_behind(kept: Path) -> None:
    with workspace.making(kept):
        pass
    assert [path for path in kept.parent.parent.rglob("*") if path.is_file()] == []


def test_no_two_hold_the_lock_at_once(kept: Path) -> None:
    # Never waited for: a second one inside does not get it.
    alone = threading.Lock()

    def hold(_: int) -> bool:
        with workspace.making(kept):
            got = alone.acquire(blocking=False)
            time.sleep(0.0001)
            alone.release()
            return got

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(hold, range(400))) == [True] * 400


def test_place_without_room_for_a_lock_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("in the way", encoding="utf-8")
    with (
        pytest.raises(SuiteError, match=r"cannot write .*locks: File exists"),
        workspace.making(tmp_path / "things" / "thing"),
    ):
        pytest.fail("it was let in")


def kept_one(name: str, directory: Path, age_seconds: float) -> Path:
    """A directory that was used so long ago."""
    place = directory / name
    place.mkdir(parents=True)
    used = time.time() - age_seconds
    os.utime(place, (used, used))
    return place


@pytest.mark.parametrize(
    ("ages", "left"),
    [
        ([3000, 2000, 1000], {"0", "1", "2"}),
        ([4000, 3000, 2000, 1000], {"1", "2", "3"}),
        # Whoever uses the oldest of these has not ended yet.
        ([590, 580, 570, 560, 5000], {"0", "1", "2", "3"}),
    ],
)
def test_what_was_used_last_stays(ages: list[float], left: set[str], kept: Path) -> None:
    made = kept_one("made", kept.parent.parent, 0)
    for number, age in enumerate(ages):
        kept_one(str(number), kept.parent, age)
    workspace.keep(made, kept, 4)
    assert {path.name for path in kept.parent.iterdir()} == {*left, "thing"}


def test_what_another_run_removes_meanwhile_is_no_fault(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kept_one("made", kept.parent.parent, 0)
    old = [kept_one(str(number), kept.parent, 5000) for number in range(3)]
    listed = [*old, kept]
    old[1].rmdir()
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(listed))
    workspace.keep(made, kept, 1)
    assert [path.exists() for path in listed] == [False, False, False, True]


# --- A deployment -------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A stack of one topic."""
    (tmp_path / "small" / "environments").mkdir(parents=True)
    (tmp_path / "small" / "main.tf").write_text(STACK, encoding="utf-8")
    (tmp_path / "small" / "environments" / "staging.tfvars").touch()
    return tmp_path / "small"


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Deployments are kept elsewhere: those of other runs stay."""
    with workspace.scratch() as directory:
        monkeypatch.setattr(deployment, "CACHE", directory)
        yield


@pytest.mark.provider
@pytest.mark.usefixtures("nothing_kept")
def test_deployment_that_two_want_is_applied_once_and_then_played(small: Path) -> None:
    def deployed(told: list[str]) -> list[str]:
        with (
            Emulator(ACCOUNT) as emulator,
            deployment.deploy(emulator, small, "staging", told.append),
        ):
            topics = emulator.session().client("sns").list_topics()["Topics"]
            return [*(topic["TopicArn"] for topic in topics), told[-1].split(",")[0]]

    with ThreadPoolExecutor(2) as pool:
        (topic, first), (same, second) = pool.map(deployed, ([], []))
    assert topic == same
    assert {first, second} == {
        "staging: 1 of 1 applied",
        "the recorded deployment was played; --fresh applies anew",
    }
