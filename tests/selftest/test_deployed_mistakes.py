"""Every mistake made in the deployed environment turns its requirement red, and no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.deployed_mistakes import PATH, Account, Mistake, load
from tests.selftest.breaking import STACK
from tests.support import catalogue, deployment, staging
from tests.support.catalogue import Place
from tests.support.emulator import Emulator
from tests.support.tier import Run, run_tier

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

ALL = load()
BATCHES = sorted({one.batch for one in ALL.mistakes})
CASES = [pytest.param(one, id=f"{one.requirement}-{one.id}") for one in ALL.mistakes]


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Run]:
    """The deployed tier's run on an environment with a batch of mistakes; once for each batch."""
    return cache(lambda batch: mistaken(batch, tmp_path_factory.mktemp(f"batch-{batch}")))


def mistaken(batch: int, reports: Path) -> Run:
    """Run the deployed tier after the batch's mistakes.

    It reaches the emulator as it would reach AWS, by boto3's own settings.
    """
    with (
        Emulator(deployment.account_id(STACK, "staging")) as emulator,
        deployment.deploy(emulator, STACK, "staging"),
        pytest.MonkeyPatch.context() as variables,
    ):
        try:
            Account(emulator.session(), ALL.lookups).make(ALL.of(batch))
        except AssertionError as error:  # kept, so that it is not tried again for every mistake
            return Run(code=-1, output=str(error), tests=())
        for name, value in emulator.environment().items():
            variables.setenv(name, value)
        variables.setenv(staging.STANDS_FOR_AWS, "1")
        return run_tier("integration", STACK, reports, ["tests/integration", "--target", "staging"])


@pytest.mark.parametrize("mistake", CASES)
def test_mistake_turns_its_requirement_red(mistake: Mistake, run_of: Callable[[int], Run]) -> None:
    run = run_of(mistake.batch)
    messages = run.failing(mistake.requirement, "deployed")
    assert any(re.search(mistake.says, m, re.MULTILINE) for m in messages), messages or run.output


@pytest.mark.parametrize("batch", BATCHES)
def test_nothing_else_turns_red(batch: int, run_of: Callable[[int], Run]) -> None:
    meant = {name for one in ALL.of(batch) for name in (one.requirement, *one.also)}
    assert run_of(batch).red() == meant


def test_second_plan_names_what_was_changed_by_hand() -> None:
    changed = next(one for one in ALL.mistakes if one.id == "a-whole-second")
    with (
        Emulator(deployment.account_id(STACK, "staging")) as emulator,
        deployment.deploy(emulator, STACK, "staging") as deployed,
    ):
        Account(emulator.session(), ALL.lookups).make([changed])
        assert deployed.second_plan() == ["update aws_cloudwatch_metric_alarm.api_response_time"]


@pytest.mark.parametrize("batch", BATCHES)
def test_nothing_goes_unjudged(batch: int, run_of: Callable[[int], Run]) -> None:
    run = run_of(batch)
    assert [one for one in run.tests if one["outcome"] == "invalid"] == []
    assert run.code == 1, run.output[-3000:]


# Proven in other ways: by a plan, above, and by what a container prints.
ELSEWHERE = {"TF-05", "ECS-14"}


def test_every_requirement_of_the_deployed_tier_has_a_mistake() -> None:
    every = {r.id for r in catalogue.load().requirements if Place.deployed in r.proven}
    assert every - {one.requirement for one in ALL.mistakes} == ELSEWHERE


@pytest.mark.parametrize("lookup", ALL.lookups)
def test_every_lookup_is_used(lookup: str) -> None:
    assert re.search(rf"\{{{lookup}\}}|start: {lookup}\b", PATH.read_text(encoding="utf-8"))
