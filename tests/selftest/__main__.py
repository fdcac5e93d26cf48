"""Runs the suite's own tests: two files at a time, then one by one those that measure by the clock.

`python -m tests.selftest [options of pytest]`; `-m` chooses among both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
REPORTS = "reports/selftest.xml", "reports/selftest-alone.xml"
PARTS = (("not alone", ("-n", "2", "--dist", "loadfile")), ("alone", ()))
OPTIONAL = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def main(arguments: Sequence[str], tests: Path = HERE) -> int:
    """Run both parts on `tests`; returns pytest's exit code, the first that tells of a failure.

    A part that the options leave without a test is none, as long as the other has one. Nothing is
    run after an interruption or a mistake in the options.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-m", dest="marked")
    chosen, others = parser.parse_known_args(arguments)
    codes: list[int] = []
    for (part, order), report in zip(PARTS, REPORTS, strict=True):
        marked = f"({chosen.marked}) and {part}" if chosen.marked else part
        options = ["-m", marked, *order, f"--junitxml={report}", *others]
        codes.append(pytest.main([str(tests), *options]))
        if codes[-1] not in (*OPTIONAL, pytest.ExitCode.TESTS_FAILED):
            break
    failed = [code for code in codes if code not in OPTIONAL]
    return failed[0] if failed else min(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
