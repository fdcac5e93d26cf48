"""What a command has to say ends it neither where nobody listens nor where it cannot be shown."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

SAID = "from tests.support.telling import say; say('a → b'); say('c')"
LISTED = "-m tests.mutants --list --operator weaken-tls"
COMMANDS = [pytest.param(["-c", SAID], id="say"), pytest.param(LISTED.split(), id="mutants")]
SECONDS = 60


@pytest.mark.parametrize("command", COMMANDS)
def test_character_that_cannot_be_shown_is_told_by_its_number(command: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert r" \u2192 " in run.stdout


def test_what_nobody_listens_to_is_not_told() -> None:
    listens, tells = os.pipe()
    os.close(listens)
    with os.fdopen(tells, "wb") as closed:
        run = subprocess.run(
            [sys.executable, "-c", SAID], cwd=ROOT, stdout=closed,
            stderr=subprocess.PIPE, timeout=SECONDS, check=False,
        )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, b"")
