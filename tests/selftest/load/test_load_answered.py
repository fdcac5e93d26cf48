"""What visitors were answered must have come from the deployed tasks."""

from __future__ import annotations

import pytest

from tests.load.living.clock import Clock
from tests.load.report.conclusion import answered_by_tasks
from tests.load.service.region_client import Living
from tests.selftest.load.regions import WORK

pytestmark = pytest.mark.selftest


@pytest.mark.parametrize(
    ("served", "answered", "outcome"),
    [(100, 100, "pass"), (99, 100, "fail"), (100, 0, "invalid")],
    ids=["all", "some-came-from-elsewhere", "nothing-was-answered"],
)
def test_the_run_measured_the_tasks_when_they_gave_every_answer(
    served: int, answered: int, outcome: str
) -> None:
    revisions = {"arn:app:1": 19}
    living = Living("http://127.0.0.1:1", "staging", "http://127.0.0.1:2", Clock(), WORK,
                    served=served, revisions=revisions)  # fmt: skip
    judgement = answered_by_tasks(living, "steady", answered)
    assert judgement.outcome == outcome
    assert "arn:app:1 (19 variables)" in judgement.actual
