"""Every mistake in breaks.yaml turns its requirement red, for its own reason and no other's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from tests.selftest.breaking import Break, broken_stack, load
from tests.selftest.documented import given
from tests.support.tier import Run, run_tier

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

BREAKS = load()


@dataclass(frozen=True)
class Tier:
    """A tier's run on a broken stack: which mistakes it must see, and what it may see besides."""

    name: str
    arguments: tuple[str, ...]
    mistakes: tuple[Break, ...]
    incidental: frozenset[str] = frozenset()


def seen_in(*places: str, plannable: bool = True) -> tuple[Break, ...]:
    """The mistakes that must be seen in one of these places, and may be made together."""
    together = [b for b in BREAKS if b.plannable is plannable and not b.apart]
    return tuple(b for b in together if set(places) & set(b.places))


SOURCE = ("tests/unit", *given("tox -e static -- -m source"))
STATIC = ("tests/unit", "--environment", "production")
# What only carrying the runbooks out shows has its own mistakes (runbook_run_mistakes.yaml).
DEPLOYED = ("tests/integration", "-m", "deployed")
# The built-in checks see many of the mistakes as well.
INCIDENTAL = frozenset({"POL-01"})


def looked_at(mistake: Break) -> tuple[str, ...]:
    """Where to look for a mistake made apart."""
    return SOURCE if mistake.places == ("source",) else STATIC


TIERS = {
    "source": Tier("static", SOURCE, seen_in("source", plannable=False)),
    "static": Tier("static", STATIC, seen_in("source", "plan", "policy"), INCIDENTAL),
    **{b.id: Tier("static", looked_at(b), (b,), INCIDENTAL) for b in BREAKS if b.apart},
    "integration": Tier("integration", DEPLOYED, seen_in("deployed")),
}
CASES = [
    pytest.param(name, place, mistake, id=f"{mistake.requirement}-{place}-{mistake.id}")
    for name, tier in TIERS.items()
    for mistake in tier.mistakes
    for place in mistake.places
    if (place == "deployed") == (name == "integration")
]


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """The run of a tier on the stack with all of its mistakes; once for each tier."""

    @cache
    def run(name: str) -> Run:
        directory, tier = tmp_path_factory.mktemp(name), TIERS[name]
        stack = broken_stack(tier.mistakes, directory)
        return run_tier(tier.name, stack, directory / "reports", tier.arguments)

    return run


@pytest.mark.parametrize(("tier", "place", "mistake"), CASES)
def test_mistake_turns_its_requirement_red(
    tier: str, place: str, mistake: Break, run_of: Callable[[str], Run]
) -> None:
    run = run_of(tier)
    messages = run.failing(mistake.requirement, place)
    assert any(re.search(mistake.says, message, re.DOTALL) for message in messages), (
        f"{mistake.requirement} must fail in {place} and say {mistake.says!r}; it said "
        f"{messages or 'nothing: it did not fail'}\n{run.output[-1500:]}"
    )


@pytest.mark.parametrize("tier", TIERS)
def test_nothing_else_turns_red(tier: str, run_of: Callable[[str], Run]) -> None:
    meant = {name for b in TIERS[tier].mistakes for name in (b.requirement, *b.also)}
    assert run_of(tier).red() - TIERS[tier].incidental - meant == set()


@pytest.mark.parametrize("tier", TIERS)
def test_nothing_goes_unjudged(tier: str, run_of: Callable[[str], Run]) -> None:
    assert run_of(tier).tests
    reasons = {t["message"] for t in run_of(tier).tests if t["outcome"] == "invalid"}
    assert {reason for reason in reasons if "known only after apply" not in reason} == set()
