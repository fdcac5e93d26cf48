"""Providers find room for their sockets, however long the path of the temporary files is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import sockets
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

# 103 less /terraform-12345678, /provider-12345678 and /plugin4294967295, or the last two alone.
LONGEST = {sockets.TERRAFORM: 49, sockets.PROVIDER: 68}


@pytest.fixture
def base() -> Iterator[str]:
    """A short directory of this test's own."""
    with tempfile.TemporaryDirectory(prefix="s-", dir="/tmp") as made:
        yield made


def below(base: str, length: int) -> Path:
    """A new directory whose path has that many bytes."""
    place = Path(base) / ("x" * (length - len(base) - 1))
    place.mkdir()
    assert len(str(place)) == length
    return place


@pytest.mark.parametrize("prefix", LONGEST)
def test_temporary_files_stay_where_they_belong(
    prefix: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = below(base, LONGEST[prefix])
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with sockets.scratch(prefix) as made:
        assert Path(made).parent == place
        assert Path(made).name.startswith(prefix)


@pytest.mark.parametrize("prefix", LONGEST)
def test_one_byte_more_goes_elsewhere(
    prefix: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(below(base, LONGEST[prefix] + 1)))
    short = below(base, 30)
    monkeypatch.setattr(sockets, "SHORT", (Path(base) / "nowhere", short))
    with sockets.scratch(prefix) as made:
        assert Path(made).parent == short


def test_no_room_is_one_error(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = below(base, 80)
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(sockets, "SHORT", (Path(base) / "nowhere",))
    with pytest.raises(SuiteError) as raised:
        sockets.scratch(sockets.TERRAFORM)
    assert str(raised.value) == (
        f"TMPDIR={place} is too long for the sockets of Terraform's providers: "
        "set it to a directory of at most 49 bytes"
    )


@pytest.mark.provider
def test_plan_is_made_below_a_long_path(base: str, tmp_path: Path) -> None:
    """At this length neither Terraform's provider nor the one below it could open a socket."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--fresh"]
    tests = ["tests/unit/test_plan_edge.py", f"--reports={tmp_path}"]
    long = below(base, 120)
    run = subprocess.run(
        [*command, *tests],
        cwd=ROOT,
        env={**os.environ, "SUITE_TIER": "static", "TMPDIR": str(long)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == pytest.ExitCode.OK, run.stdout[-3000:]
    assert list(long.iterdir()) == []
