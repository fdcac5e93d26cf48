"""The second emulator, made ready beside the first: what goes wrong is told, and nothing stays."""

from __future__ import annotations

from typing import NoReturn

import psutil
import pytest

from tests.integration.emulated import Sandbox
from tests.selftest.breaking import STACK
from tests.selftest.emulator.conftest import ACCOUNT
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError

pytestmark = pytest.mark.selftest

SECONDS = 60


def refuse(_: Emulator) -> NoReturn:
    """Do not start."""
    raise SuiteError("the port is taken")


def test_one_that_does_not_start_is_told_to_whoever_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Emulator, "start", refuse)
    with Sandbox(ACCOUNT) as sandbox:
        deployed = sandbox.deploy(STACK, "staging")
        with pytest.raises(SuiteError, match="the port is taken"):
            deployed.result(SECONDS)


def test_one_that_is_left_at_once_leaves_no_process() -> None:
    before = set(psutil.Process().children(recursive=True))
    with Sandbox(ACCOUNT):
        pass
    assert set(psutil.Process().children(recursive=True)) - before == set()
