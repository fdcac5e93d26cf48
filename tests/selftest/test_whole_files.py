"""A file is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import write_whole

pytestmark = pytest.mark.selftest

# UTF-8 has no such letter: it fails when much has been written.
UNWRITABLE = "x" * 1_000_000 + "\ud800"


def test_what_was_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("a longer text")
    write_whole(tmp_path / "report.json", "Ω")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "report.json": "Ω".encode()
    }


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("earlier")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "report.json", UNWRITABLE)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "report.json": "earlier"
    }


def test_nothing_is_left_when_the_place_is_taken(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "report.json", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
