"""A running emulator for the suite's tests of it."""

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
def lesser_emulator() -> Iterator[Emulator]:
    """Another one, for what its own tests must not meet."""
    with Emulator(ACCOUNT) as running:
        yield running


@pytest.fixture(scope="session")
def session(emulator: Emulator) -> EmulatorSession:
    """A session on the emulator."""
    return emulator.session()
