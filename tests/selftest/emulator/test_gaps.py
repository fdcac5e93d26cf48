"""Every gap is real, and filled."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.selftest.emulator.probes import PROBES
from tests.support.emulator import Emulator, EmulatorSession
from tests.support.emulator.registry import GAPS, Gap
from tests.support.emulator.server import load_gaps

load_gaps()


@pytest.mark.parametrize("gap_id", sorted(GAPS))
def test_emulator_answers_as_aws_does(
    gap_id: str, session: EmulatorSession, asked: set[str]
) -> None:
    """The probe asks for every operation that the gap fills: no handler goes untried."""
    PROBES[gap_id](session)
    filled = {f"{GAPS[gap_id].service}:{name}" for name in GAPS[gap_id].operations}
    assert filled <= asked


@pytest.mark.parametrize("gap_id", sorted(GAPS))
def test_moto_still_lacks_it(gap_id: str, lesser_emulator: Emulator) -> None:
    """When this fails, moto has caught up: remove the gap and its probe."""
    wrong = (AssertionError, ClientError, KeyError, IndexError, pytest.fail.Exception)
    with pytest.raises(wrong):
        PROBES[gap_id](lesser_emulator.session(without_gap=gap_id))


def test_every_gap_has_a_probe_and_no_probe_is_left_over() -> None:
    assert set(PROBES) == set(GAPS)


@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS)
def test_gap_says_what_is_missing(gap: Gap) -> None:
    assert gap.missing.endswith(".")


@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS)
def test_gap_fills_an_operation(gap: Gap) -> None:
    assert gap.operations
