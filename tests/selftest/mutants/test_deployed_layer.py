"""A mutant that only what is deployed shows is made there, and told like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mutants import deployed
from tests.mutants.mutant import Edit, Mutant
from tests.support.outcomes import SuiteError
from tests.support.tier import Run

pytestmark = pytest.mark.selftest

MUTANT = Mutant("one", "", "", 1, "", (Edit("a.tf", 0, 1, "b"),), families=("MON",))


def run(*tests: dict[str, Any]) -> Run:
    """A run of the deployed tier."""
    return Run(code=1, output="said", tests=tests)


def entry(requirement: str, outcome: str) -> dict[str, Any]:
    return {"test": "t", "requirement": requirement, "outcome": outcome, "message": "a  b"}


def test_failed_test_of_a_requirement_concerned_kills() -> None:
    told = deployed.told(MUTANT, run(entry("ALB-01", "fail"), entry("MON-04", "fail")))
    killed = {"test": "t", "requirement": "MON-04", "layer": "deployed", "message": "a b"}
    assert (told["outcome"], told["killed"]) == ("killed", killed)


def test_other_failure_is_told_and_kills_nothing() -> None:
    told = deployed.told(MUTANT, run(entry("ALB-01", "fail"), entry("MON-04", "invalid")))
    assert (told["outcome"], told["elsewhere"]) == ("survived", ["ALB-01"])


def test_run_without_a_test_judges_nothing() -> None:
    assert deployed.told(MUTANT, run())["outcome"] == "unjudged"


def test_mistake_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deployed.yaml"
    path.write_text("deployed: {one: none-such}\n", encoding="utf-8")
    with pytest.raises(SuiteError, match="there is no deployed mistake 'none-such'"):
        deployed.load(path)


def test_list_of_the_stack_can_be_read() -> None:
    assert deployed.load() == {}


@pytest.mark.parametrize("mutant", [MUTANT])
def test_only_what_has_a_mistake_is_deployed(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed, "looked_at", lambda *_: run(entry("MON-04", "fail")))
    assert deployed.judge(Path(), [mutant], {}) == {}
