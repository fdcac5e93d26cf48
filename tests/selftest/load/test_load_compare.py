"""What got worse since an earlier run is said with by how much; other settings are not compared."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.load.report import compare
from tests.load.report.compare import Change
from tests.selftest.documented import given
from tests.selftest.load.reported import document
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

Changed = Callable[[dict[str, Any]], None]


def steady(judged: dict[str, Any]) -> dict[str, Any]:
    """The figures of the steady scenario."""
    found: dict[str, Any] = judged["scenarios"]["steady"]
    return found


def slower(judged: dict[str, Any]) -> None:
    """A judged minute with twice the mean."""
    steady(judged)["periods"][-1]["alarm_point"] *= 2


def failing(judged: dict[str, Any]) -> None:
    """A minute in which some requests failed."""
    steady(judged)["periods"][0]["errors"] = {"status 500": 9}


def fuller(judged: dict[str, Any]) -> None:
    """Less room below the maximum."""
    steady(judged)["headroom"]["capacity_percent"] /= 2


def longer_tail(judged: dict[str, Any]) -> None:
    """A longer p99."""
    steady(judged)["distribution"][98][1] *= 3


def unjudged(judged: dict[str, Any]) -> None:
    """A claim that passed before and cannot be judged now."""
    judged["tests"][0]["outcome"] = "invalid"


def changed(change: Changed) -> dict[str, Any]:
    """A run that went otherwise."""
    other = copy.deepcopy(document())
    change(other)
    return other


def worse(change: Changed) -> list[str]:
    """What got worse from the run as it was to the changed one."""
    (found, _) = compare.compare(document(), changed(change))
    return [one.name for one in found.changes if one.worse] + [one[0] for one in found.outcomes]


def test_two_equal_runs_have_nothing_worse() -> None:
    found = compare.compare(document(), document())
    assert [one.scenario for one in found] == ["steady", "breach"]
    assert [one.worse for one in found] == [False, False]
    assert all(len(one.changes) > 5 for one in found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (slower, ["highest minute mean, s"]),
        (failing, ["failed requests, %"]),
        (fuller, ["left of the capacity, %"]),
        (longer_tail, ["response time p99, s"]),
        (unjudged, ["LOAD-02"]),
    ],
    ids=["slower", "failing", "fuller", "longer-tail", "unjudged"],
)
def test_what_got_worse_is_named(change: Changed, expected: list[str]) -> None:
    assert worse(change) == expected


def test_what_got_better_is_not_worse() -> None:
    (found, _) = compare.compare(changed(slower), document())
    assert not found.worse
    assert "better highest minute mean, s" in compare.told(found)


@pytest.mark.parametrize(
    ("change", "is_worse"),
    [
        (Change("time", 100, 104), False),
        (Change("time", 100, 106), True),
        (Change("left", 100, 94, more_is_better=True), True),
        (Change("left", 100, 106, more_is_better=True), False),
        (Change("failed", 0, 0), False),
        (Change("failed", 0, 1), True),
        (Change("left", -40, -50, more_is_better=True), True),
    ],
    ids=["noise", "slower", "less", "more", "nothing", "from-nothing", "below-nothing"],
)
def test_a_change_is_worse_in_its_own_direction_and_beyond_noise(
    change: Change, is_worse: bool
) -> None:
    assert change.worse is is_worse


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 5.0),
        ("time scale", 1.0),
        ("bounds", [1, 6]),
        ("stages", []),
        ("a request takes", None),
    ],
)
def test_a_run_by_other_settings_is_said_to_be_and_not_compared(name: str, value: object) -> None:
    other = changed(lambda judged: steady(judged)["settings"].update({name: value}))
    (found, _) = compare.compare(document(), other)
    assert [one[0] for one in found.differing] == [name]
    assert (found.changes, found.worse) == ((), False)
    assert f"{name}: " in compare.told(found)


def written(directory: Path, name: str, judged: dict[str, Any]) -> str:
    """The document as a file."""
    path = directory / name
    path.write_text(json.dumps(judged), encoding="utf-8")
    return str(path)


def test_the_command_tells_what_got_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [written(tmp_path, "a", document()), written(tmp_path, "b", changed(slower))]
    assert compare.main(files) == compare.WORSE
    assert "WORSE highest minute mean, s: 0.0" in capsys.readouterr().out
    assert compare.main(files[:1] * 2) == compare.SAME


def test_the_command_can_be_given_as_it_is_told(tmp_path: Path) -> None:
    files = [written(tmp_path, "a", document()), written(tmp_path, "b", changed(slower))]
    told = given("python -m tests.load.report.compare EARLIER.json reports/load.json")
    places = dict(zip(["EARLIER.json", "reports/load.json"], files, strict=True))
    words = [places.get(word, word) for word in told]
    run = subprocess.run(
        [sys.executable, *words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == compare.WORSE, run.stderr
    assert "WORSE" in run.stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "No such file"), ("{", "no JSON"), ("[]", "no report"), ('{"tests": []}', "no report"),
     ('{"scenarios": {}, "tests": []}', "no scenario in common"),
     ('{"scenarios": {"steady": {}}}', "incomplete"),
     ('{"scenarios": {"steady": {"settings": []}}}', "incomplete"),
     ('{"scenarios": {"steady": 5}}', "incomplete")],
    ids=["none", "no-json", "a-list", "another-tier", "nothing-run", "no-settings", "no-map",
         "no-section"],
)  # fmt: skip
def test_what_is_no_report_is_one_clear_line(
    text: str | None, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(text, encoding="utf-8") if text else None
    code = compare.main([str(earlier), written(tmp_path, "later", document())])
    said = capsys.readouterr().err
    assert (code, said.count("\n")) == (compare.USAGE, 1)
    assert reason in said
