"""The list of mutants, for people and for pipes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.project import ROOT

pytestmark = pytest.mark.selftest


def test_a_reader_of_the_first_line_gets_it_without_a_complaint() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.mutants", "--list"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as listing:  # fmt: skip
        assert listing.stdout is not None
        assert listing.stderr is not None
        assert "[" in listing.stdout.readline()
        listing.stdout.close()
        assert listing.stderr.read() == ""
