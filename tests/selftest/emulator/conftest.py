"""A running emulator for the suite's tests of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.emulator import Emulator, EmulatorSession
from tests.support.emulator.server import HOST

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


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server((HOST, 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def asked(session: EmulatorSession) -> Iterator[set[str]]:
    """The operations asked for during the test, as `service:Operation`."""
    operations: set[str] = set()

    def note(model: Any, **_: Any) -> None:
        operations.add(f"{model.service_model.service_name}:{model.name}")

    session.events.register("before-call", note)
    yield operations
    session.events.unregister("before-call", note)


@pytest.fixture(scope="session")
def session(emulator: Emulator) -> EmulatorSession:
    """A session on the emulator."""
    return emulator.session()
