"""Every gap is real, and filled."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.selftest.emulator.probes import PROBES
from tests.support.emulator import EmulatorSession
from tests.support.emulator.registry import GAPS
from tests.support.emulator.server import load_gaps

load_gaps()


@pytest.mark.parametrize("gap_id", sorted(GAPS))
def test_emulator_answers_as_aws_does(gap_id: str, session: EmulatorSession) -> None:
    PROBES[gap_id](session)


@pytest.mark.parametrize("gap_id", sorted(GAPS))
def test_moto_still_lacks_it(gap_id: str, plain_session: EmulatorSession) -> None:
    """When this fails, moto has caught up: remove the gap and its probe."""
    with pytest.raises((AssertionError, ClientError, KeyError, IndexError, pytest.fail.Exception)):
        PROBES[gap_id](plain_session)


def test_every_gap_has_a_probe_and_no_probe_is_left_over() -> None:
    assert set(PROBES) == set(GAPS)


@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS)
def test_every_gap_says_what_is_missing_and_fills_an_operation(gap: object) -> None:
    assert gap.missing and gap.operations  # type: ignore[attr-defined]
