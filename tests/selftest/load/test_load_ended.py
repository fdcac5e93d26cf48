"""What the load tier makes of a scenario whose generator, or whose region, does not last."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.load import __main__ as command
from tests.load import command_line
from tests.load.hosts import UsageError
from tests.load.living import process
from tests.load.living.clock import Clock
from tests.load.living.process import Started
from tests.load.report import report
from tests.load.service import region_client
from tests.load.service.region_client import Living
from tests.selftest.load import reported
from tests.selftest.load.observations import STEADY
from tests.selftest.load.regions import WORK
from tests.support import catalogue, traffic
from tests.support.outcomes import SuiteError

pytestmark = pytest.mark.selftest

HOST = "http://127.0.0.1:9"
REGION = Living(HOST, "staging", HOST, Clock(), WORK, revisions={"arn:app:1": 19})
# What the visitors of a scenario that reports get.
ANSWERS = report.succeeded(reported.of(STEADY))
KILLED = "the load generator ended with code -9 and without a report"
GONE = "no living region answers"
REFUSED = "the load generator refused spike, of which nothing was sent"

Load = Callable[..., int]


def served(*counts: int) -> Iterator[Living]:
    """The region each time that it is asked, two minutes later; in the end it is gone."""
    for n, count in enumerate(counts):
        yield replace(REGION, minutes=2 * n, served=count)
    raise UsageError(GONE)


@contextmanager
def region(problem: Exception | None = None) -> Iterator[Started]:
    """A region that is asked to end, or finds out then that it cannot."""
    yield Started(HOST, HOST, os.environ)
    if problem:
        raise problem


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """A run of the scenarios with Locust that sends nothing, on a region that tells this."""

    def run(*scenarios: str, told: Iterator[Living], problem: Exception | None = None) -> int:
        locustfile = Path(__file__).with_name("dying_locustfile.py")
        monkeypatch.setattr(command, "LOCUSTFILE", locustfile)
        monkeypatch.setattr(process, "started", lambda *_: region(problem))
        monkeypatch.setattr(region_client, "read", lambda _: next(told))
        asked = [word for name in scenarios for word in ("--scenario", name)]
        options = command_line.parser().parse_args([*asked, "--reports", str(tmp_path)])
        options.region_module = ""
        return command.Run(options, catalogue.load(), traffic.load()).run()

    return run


def results(reports: Path) -> dict[str, tuple[str, str]]:
    """Outcome and what was seen, by scenario and requirement."""
    return {
        one["test"].removeprefix("tests/load::"): (one["outcome"], one["actual"])
        for one in document(reports)["tests"]
    }


def document(reports: Path) -> dict[str, Any]:
    """The JSON report."""
    found: dict[str, Any] = json.loads((reports / "load.json").read_text(encoding="utf-8"))
    return found


def test_scenarios_that_all_come_to_their_end_are_a_whole_run(load: Load, tmp_path: Path) -> None:
    assert load("steady", told=served(0, ANSWERS, ANSWERS)) == 0
    assert document(tmp_path)["complete"]
    assert {outcome for outcome, _ in results(tmp_path).values()} == {"pass"}


@pytest.mark.parametrize(
    ("before", "outcome"),
    [([], None), (["steady"], "pass")],
    ids=["alone", "after-one-that-passed"],
)
def test_a_scenario_whose_generator_is_killed_is_invalid(
    before: list[str],
    outcome: str | None,
    load: Load,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert load(*before, "breach", told=served(0, ANSWERS, ANSWERS, ANSWERS)) == 3
    assert not document(tmp_path)["complete"]
    found = results(tmp_path)
    assert found.get("steady::LOAD-01", (None, ""))[0] == outcome
    of_breach = {name: one for name, one in found.items() if name.startswith("breach")}
    assert of_breach == {
        f"breach::LOAD-{number}": ("invalid", KILLED) for number in ("01", "07", "08", "09")
    }
    assert f"actual    {KILLED}" in capsys.readouterr().out


def test_a_later_scenario_that_is_refused_keeps_what_was_reported_before(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load("steady", "spike", told=served(0, ANSWERS, ANSWERS, ANSWERS)) == report.USAGE
    assert (document(tmp_path)["complete"], document(tmp_path)["outcome"]) == (False, "invalid")
    found = results(tmp_path)
    assert found["steady::LOAD-01"][0] == "pass"
    assert found["spike::LOAD-01"] == ("invalid", REFUSED)
    assert capsys.readouterr().err == f"error: {REFUSED}\n"


def test_a_first_scenario_that_is_refused_reports_nothing(load: Load, tmp_path: Path) -> None:
    assert load("spike", "steady", told=served(0, ANSWERS)) == report.USAGE
    assert not (tmp_path / "load.json").exists()


def test_a_scenario_is_not_run_twice_in_one_run() -> None:
    options = command_line.parser().parse_args(["--scenario", "steady"] * 2)
    with pytest.raises(UsageError, match="--scenario steady: given twice"):
        command_line.refuse_unusable(options, catalogue.load(), traffic.load())


def test_a_region_that_ended_by_itself_proves_nothing(load: Load, tmp_path: Path) -> None:
    ended = SuiteError("the region ended by itself, with code 1")
    assert load("steady", told=served(0, ANSWERS, ANSWERS), problem=ended) == 3
    assert results(tmp_path)["steady::LOAD-01"] == ("invalid", str(ended))
    assert not document(tmp_path)["complete"]


@pytest.mark.parametrize(
    ("told", "measured"),
    [
        ((), {"steady": "invalid"}),
        ((0,), {"steady": "invalid"}),
        ((0, ANSWERS, ANSWERS), {"steady": "pass", "soak": "invalid"}),
    ],
    ids=["before-any-scenario", "after-one", "between-two"],
)
def test_a_region_that_is_gone_is_no_wrong_usage(
    told: tuple[int, ...], measured: dict[str, str], load: Load, tmp_path: Path
) -> None:
    assert load("steady", "soak", told=served(*told)) == 3
    found = {name: one for name, one in results(tmp_path).items() if name.endswith("LOAD-01")}
    assert {name.partition("::")[0]: outcome for name, (outcome, _) in found.items()} == measured
    assert GONE in str(found)


def test_answers_to_an_earlier_scenario_are_not_taken_for_those_to_a_later(
    load: Load, tmp_path: Path
) -> None:
    counts = served(0, ANSWERS, ANSWERS, ANSWERS, ANSWERS, 2 * ANSWERS - 1)
    assert load("steady", "soak", told=counts) == 1
    found = results(tmp_path)
    assert found["steady::LOAD-01"][0] == "pass"
    assert found["soak::LOAD-01"][0] == "fail"
    told = f"gave {ANSWERS - 1} answers; visitors of soak got {ANSWERS}"
    assert told in found["soak::LOAD-01"][1]
