"""A run that went wrong can be looked at after the next one has written its own record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.selftest.breaking import STACK
from tests.selftest.test_side_by_side import SAMPLES
from tests.support.run_record import FAILURES, MOST_FAILURES
from tests.support.tier import run_tier

pytestmark = pytest.mark.selftest


def kept(reports: Path, samples: str) -> list[str]:
    """What is kept of runs that went wrong after a run of these samples, oldest first."""
    run_tier("static", STACK, reports, [SAMPLES, "-k", samples])
    found = sorted((reports / FAILURES).glob("static-*.json"))
    return [one.read_text(encoding="utf-8") for one in found]


@pytest.mark.parametrize("samples", ["failure", "invalid"])
def test_record_of_a_run_that_went_wrong_is_kept(samples: str, tmp_path: Path) -> None:
    assert kept(tmp_path, samples) == [(tmp_path / "static.json").read_text(encoding="utf-8")]


@pytest.mark.parametrize("samples", ["test_pass", "not_provable"])
def test_record_of_a_run_that_went_right_is_not(samples: str, tmp_path: Path) -> None:
    assert kept(tmp_path, samples) == []
    assert (tmp_path / "static.json").exists()


def earlier(reports: Path) -> list[str]:
    """As many records as are kept, oldest first."""
    moments = [f"2000010{one // 10}T00000{one % 10}Z" for one in range(MOST_FAILURES)]
    (reports / FAILURES).mkdir()
    for moment in moments:
        (reports / FAILURES / f"static-{moment}.json").write_text(moment, encoding="utf-8")
    return moments


def test_so_many_are_kept_and_no_more(tmp_path: Path) -> None:
    before = earlier(tmp_path)
    assert kept(tmp_path, "failure")[:-1] == before[1:]
