"""The two servers that the emulator's own tests compare."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator, EmulatorSession

ACCOUNT = "222233334444"


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """The emulator as the suite uses it."""
    with Emulator(ACCOUNT) as running:
        yield running


@pytest.fixture(scope="session")
def session(emulator: Emulator) -> EmulatorSession:
    """A session on the emulator."""
    return emulator.session()


@pytest.fixture(scope="session")
def plain_session() -> Iterator[EmulatorSession]:
    """A session on moto without any gap filled."""
    with Emulator(ACCOUNT, gaps=False) as running:
        yield running.session()
