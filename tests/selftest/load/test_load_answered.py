"""What visitors were answered must have come from the deployed tasks, or from the host asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.load.living.clock import Clock
from tests.load.plan import Plan
from tests.load.report import conclusion
from tests.load.report.conclusion import answered_by_tasks
from tests.load.service.region_client import Living
from tests.selftest.load.observations import ALARM, FIND, SITUATION, STEADY, run
from tests.selftest.load.regions import WORK
from tests.selftest.load.test_load_claims import SPOILS
from tests.support import traffic

pytestmark = pytest.mark.selftest

LIVING = Living("http://127.0.0.1:1", "staging", "http://127.0.0.1:2", Clock(), WORK,
                revisions={"arn:app:1": 19})  # fmt: skip
STAGING = "https://admin.staging.mantisnxt.com"
PLAN = Plan("staging", STAGING, SITUATION, STEADY, traffic.load(), ALARM, None, None, Clock(),
            Path("reports"))  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "answered", "outcome"),
    [
        (0, 100, 100, "pass"),
        (0, 99, 100, "fail"),
        (500, 600, 100, "pass"),
        (500, 599, 100, "fail"),
        (0, 100, 0, "invalid"),
    ],
    ids=[
        "all",
        "some-came-from-elsewhere",
        "all-of-a-later-scenario",
        "some-of-a-later-scenario-came-from-elsewhere",
        "nothing-was-answered",
    ],
)
def test_the_run_measured_the_tasks_when_they_gave_every_answer(
    before: int, after: int, answered: int, outcome: str
) -> None:
    around = [replace(LIVING, served=count) for count in (before, after)]
    judgement = answered_by_tasks(around[0], around[1], "steady", answered)
    assert judgement.outcome == outcome
    assert "arn:app:1 (19 variables)" in judgement.actual


@pytest.mark.parametrize(
    ("spoil", "measures"),
    [
        ("nothing", ("pass", f"{STAGING}, its certificate verified")),
        ("refused", ("invalid", "no request was answered: nobody showed a certificate")),
    ],
)
def test_a_host_that_answers_nothing_has_shown_no_certificate(
    spoil: str, measures: tuple[str, str]
) -> None:
    judged = conclusion.conclude(PLAN, SPOILS[spoil](run(STEADY)), FIND, False)
    seen = {one.requirement: (one.outcome, one.actual) for one in judged.results}
    assert seen["LOAD-01"] == measures
