"""A mutant that only what is deployed shows is made there, and told like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mutants import deployed
from tests.mutants.deployed_mistakes import Call, Mistake
from tests.mutants.mutant import Edit, Mutant
from tests.support.outcomes import SuiteError
from tests.support.tier import Run

pytestmark = pytest.mark.selftest

MUTANT = Mutant("one", "", "", 1, "", (Edit("a.tf", 0, 1, "b"),), families=("MON",))
MISTAKE = Mistake(
    id="mistake", requirement="MON-04", says="^a +b", also=("MON-14", "ALB-01"),
    calls=(Call(service="sns", operation="unsubscribe"),),
)  # fmt: skip


def run(*tests: dict[str, Any]) -> Run:
    """A run of the deployed tier."""
    return Run(code=1, output="said", tests=tests)


def entry(requirement: str, outcome: str, message: str = "first\na  b") -> dict[str, Any]:
    return {"test": "t", "requirement": requirement, "outcome": outcome, "message": message}


GOOD = run(entry("MON-04", "pass"))


@pytest.mark.parametrize("requirement", ["MON-04", "MON-14"])
def test_failed_test_of_the_mistakes_own_requirement_kills(requirement: str) -> None:
    told = deployed.told(MUTANT, MISTAKE, run(entry(requirement, "fail")), GOOD)
    killed = {"test": "t", "requirement": requirement, "layer": "deployed", "message": "first a b"}
    assert (told["outcome"], told["killed"]) == ("killed", killed)


@pytest.mark.parametrize(
    "failure",
    [
        entry("MON-05", "fail"),
        entry("MON-04", "fail", "other"),
        entry("ALB-01", "fail"),
    ],
    ids=["another requirement", "another message", "a requirement not concerned"],
)
def test_other_failure_is_told_and_kills_nothing(failure: dict[str, Any]) -> None:
    told = deployed.told(MUTANT, MISTAKE, run(failure, entry("MON-04", "invalid")), GOOD)
    assert told["outcome"] == "survived"
    assert told["elsewhere"] == [failure["requirement"]]


@pytest.mark.parametrize("already", ["MON-04", "MON-14"])
def test_deployment_that_fails_as_it_is_judges_nothing(already: str) -> None:
    failing = run(entry(already, "fail", "other"))
    told = deployed.told(MUTANT, MISTAKE, run(entry("MON-04", "fail")), failing)
    assert told["outcome"] == "unjudged"
    assert f"{already} fails" in told["reason"]


@pytest.mark.parametrize(
    ("made", "unmade"), [(run(), GOOD), (GOOD, run())], ids=["made", "as it is"]
)
def test_run_without_a_test_judges_nothing(made: Run, unmade: Run) -> None:
    assert deployed.told(MUTANT, MISTAKE, made, unmade)["outcome"] == "unjudged"


def test_mistake_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deployed.yaml"
    path.write_text("deployed: {one: none-such}\n", encoding="utf-8")
    with pytest.raises(SuiteError, match="there is no deployed mistake 'none-such'"):
        deployed.load(path)


def test_list_of_the_stack_can_be_read() -> None:
    assert all(one.startswith("unpin-version:") for one in deployed.load())
    assert deployed.load()


@pytest.mark.parametrize("mutant", [MUTANT])
def test_only_what_has_a_mistake_is_deployed(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed, "looked_at", lambda *_: run(entry("MON-04", "fail")))
    assert deployed.judge(Path(), [mutant], {}) == {}


def test_mutant_is_compared_with_the_deployment_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [GOOD, run(entry("MON-04", "fail"))]
    monkeypatch.setattr(deployed, "looked_at", lambda _stack, *mistakes: runs[len(mistakes)])
    assert deployed.judge(Path(), [MUTANT], {"one": MISTAKE})["one"]["outcome"] == "killed"
