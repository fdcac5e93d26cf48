"""Whether the waivers of requirements still hold; runs when every rule that may need one has."""

from __future__ import annotations

import pytest

from tests.support.expectations import expect_none
from tests.support.waivers import Ledger

pytestmark = pytest.mark.source


@pytest.mark.requirement("POL-02")
def test_every_waiver_of_a_requirement_still_holds(ledger: Ledger, whole: bool) -> None:
    problems = ledger.problems(whole=whole)
    expect_none("tests/waivers.yaml", "waiver that does not hold", problems)
