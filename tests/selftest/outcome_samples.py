"""Tests that end in every way that a test can; other tests run them in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.outcomes import Invalid, NotProvable, Violation

# What the endless test starts; it touches the file $BEGUN then.
WAITS = "import time; time.sleep(600)"


def test_pass(pytestconfig: pytest.Config) -> None:
    gathers = pytestconfig.pluginmanager.hasplugin("mantisnxt-outcomes")
    assert gathers is not hasattr(pytestconfig, "workerinput")


@pytest.mark.requirement("ECS-05")
@pytest.mark.source
def test_violation() -> None:
    raise Violation("terraform/ecs.tf", "one thing", "another")


def test_failure() -> None:
    pytest.fail("it is not so")


def test_invalid() -> None:
    raise Invalid("nothing to judge by")


def test_not_provable() -> None:
    raise NotProvable("not represented")


def test_skipped_by_hand() -> None:
    pytest.skip("for no reason")


def test_warned_of() -> None:
    warnings.warn("this will go", DeprecationWarning, stacklevel=1)


@pytest.fixture
def untidy() -> Iterator[None]:
    """Fails after the test."""
    yield
    raise Invalid("nothing was put back")


@pytest.mark.usefixtures("untidy")
def test_untidy() -> None:
    """The test itself passes."""


def test_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_endless() -> None:
    # In a session of its own, as Terraform: no signal reaches it but through this process.
    with subprocess.Popen([sys.executable, "-c", WAITS], start_new_session=True) as child:
        try:
            Path(os.environ["BEGUN"]).touch()
            child.wait()
        finally:
            child.kill()
