"""The runbooks where what they wait for never comes: they stop, and say what to look at.

The tools are stood in for, since an emulator has at once whatever AWS takes its time for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import expect, expect_equal, expect_none, found
from tests.support.outcomes import Violation
from tests.support.rehearsal import Answer
from tests.support.runbook import Runbook, RunbookCall
from tests.support.target import DEFAULT_ENVIRONMENT

pytestmark = [pytest.mark.runbook, pytest.mark.usefixtures("stood_in")]

PREFIX = f"mantisnxt-{DEFAULT_ENVIRONMENT}"
# The AWS CLI's exit status of a waiter that gave up: after its last look, at a status that is
# final, or at an error that it does not expect.
GAVE_UP = 255
AWAIT = re.compile(r"\s*await ")
AWAITED = [
    "damaged instance",
    "damaged cluster",
    "restored cluster",
    "restored instance",
    "copied snapshot",
    "deleted group",
    "new group",
]


@pytest.fixture(scope="module")
def runbook(stack: Path) -> Runbook:
    """The runbooks of the repository that the stack lies in."""
    return Runbook.of_stack(stack)


@dataclass(frozen=True)
class Waited:
    """A section carried out to the end of the block that waits in vain.

    `attempts` are the calls that asked, `slept` the seconds between them, `after` what that block
    called once it had given up.
    """

    attempts: list[RunbookCall]
    slept: int
    after: list[str]
    last_line: str


def refused_for_good(asks: str, most: int) -> Callable[[RunbookCall], Answer]:
    """AWS, where one command is never answered as hoped; a Violation at one attempt too many."""
    asked = []

    def answer(call: RunbookCall) -> Answer:
        if call.text != asks:
            return Answer("" if call.words[0] == "sleep" else "answer\n")
        asked.append(call)
        if len(asked) > most:
            raise Violation(call.where, f"at most {most} attempts", f"one more of {call.text}")
        return Answer("", GAVE_UP, "Waiter failed: An error occurred (NotFound)\n")

    return answer


def carried_out(runbook: Runbook, section: str, asks: str, most: int, directory: Path) -> Waited:
    """The section's blocks, up to and with the one that asks."""
    blocks = found(runbook.name, f"block in the section {section}", runbook.section(section))
    answer = refused_for_good(asks, most)
    calls, _ = runbook.rehearse(
        blocks, DEFAULT_ENVIRONMENT, lambda _: Answer("answer\n"), directory
    )
    line = found(runbook.name, f"call of {asks}", [c.line for c in calls if c.text == asks])[0]
    until = [block for block in blocks if block.line <= line]
    calls, ending = runbook.rehearse(until, DEFAULT_ENVIRONMENT, answer, directory)
    last = max(number for number, call in enumerate(calls) if call.text == asks)
    sleeps = [call for call in calls if call.words[0] == "sleep"]
    return Waited(
        [call for call in calls if call.text == asks],
        sum(int(call.words[1]) for call in sleeps),
        [f"{call.where}: {call.text}" for call in calls[last + 1 :] if call not in sleeps],
        ending.output.splitlines()[-1],
    )


@pytest.fixture(scope="module", params=AWAITED)
def waited(
    request: pytest.FixtureRequest,
    runbook: Runbook,
    catalogue: Catalogue,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Waited, dict[str, str]]:
    """What happened, and what the catalogue says of it."""
    expected, directory = catalogue.requirement("RUN-10").expected, tmp_path_factory.mktemp("wait")
    own = {key: text.format(PREFIX) for key, text in expected["awaited"][request.param].items()}
    ended = carried_out(runbook, own["section"], own["asks"], expected["attempts"], directory)
    return ended, own


@pytest.mark.requirement("RUN-10")
def test_every_wait_is_looked_at(runbook: Runbook, requirement: Requirement) -> None:
    lines = [line for block in runbook.blocks for line in block.text.splitlines()]
    waits = [line for line in lines if AWAIT.match(line)]
    wanted = len(requirement.expected["awaited"])
    expect_equal(runbook.name, "places that wait with await", len(waits), wanted)


@pytest.mark.requirement("RUN-10")
def test_waiting_stops_after_a_time(
    waited: tuple[Waited, dict[str, str]], requirement: Requirement
) -> None:
    ended, _ = waited
    where, expected = ended.attempts[0].where, requirement.expected
    expect_equal(where, "attempts", len(ended.attempts), expected["attempts"])
    expect_equal(where, "seconds between them", ended.slept, expected["longest"])


@pytest.mark.requirement("RUN-10")
def test_last_line_says_what_did_not_come_and_where_to_look(
    waited: tuple[Waited, dict[str, str]], requirement: Requirement
) -> None:
    ended, own = waited
    wanted = requirement.expected["says"].format(
        what=re.escape(own["what"]),
        look=re.escape(own["look"]),
        attempts=requirement.expected["attempts"],
    )
    where = ended.attempts[0].where
    expect(where, bool(re.fullmatch(wanted, ended.last_line)), wanted, ended.last_line)


@pytest.mark.requirement("RUN-10")
def test_nothing_is_done_after_waiting_in_vain(waited: tuple[Waited, dict[str, str]]) -> None:
    ended, _ = waited
    expect_none(
        ended.attempts[0].where, "command of the same block given all the same", ended.after
    )
