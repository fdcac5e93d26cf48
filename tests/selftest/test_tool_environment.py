"""A tool's environment is made once, whole or not at all, and costs nothing afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import tool_environment
from tests.support.outcomes import SuiteError

pytestmark = pytest.mark.selftest


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the list of a tool that needs no package."""
    directory = tmp_path_factory.mktemp("home")
    (directory / "tool.txt").write_text("# nothing\n", encoding="utf-8")
    return directory


def ensure(home: Path, said: list[str] | None = None) -> Path:
    """Ensure the tool; what is said goes into the list."""
    say = (said if said is not None else []).append
    return tool_environment.ensure("tool", say, home, home / "tools")


@pytest.fixture(scope="module")
def made(home: Path) -> tuple[list[Path], list[str]]:
    """The places that two runs side by side are given, and what they said."""
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ensure, [home, home], [said, said])), said


def test_environment_is_made_once_for_runs_side_by_side(made: tuple[list[Path], list[str]]) -> None:
    [first, second], said = made
    assert first == second
    assert (first / "python").exists()
    assert len(said) == 1


@pytest.mark.usefixtures("made")
def test_environment_that_is_there_is_used_as_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.tool_environment.subprocess.run", None)
    assert (ensure(home) / "python").exists()


@pytest.mark.usefixtures("made")
def test_half_made_environment_is_made_anew(home: Path) -> None:
    place = ensure(home)
    (place.parent / tool_environment.FINISHED).unlink()
    (place / "left-over").touch()
    assert not (ensure(home) / "left-over").exists()


def test_installation_that_fails_is_one_error_and_leaves_nothing_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tool.txt").write_text("no-such-package==1.0\n", encoding="utf-8")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SuiteError, match=r"(?s)tool\.txt failed \(ERROR: .*PIP_INDEX_URL"):
        ensure(tmp_path)
    [place] = (tmp_path / "tools").glob("tool-*")
    assert not (place / tool_environment.FINISHED).exists()


def test_other_requirements_ask_for_another_environment(home: Path, tmp_path: Path) -> None:
    (tmp_path / "tool.txt").write_text("# still nothing\n", encoding="utf-8")
    marks = {tool_environment.fingerprint(path / "tool.txt") for path in (home, tmp_path)}
    assert len(marks) == 2


def test_tool_that_nobody_listed_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"tool\.txt: No such file"):
        tool_environment.ensure("tool", print, tmp_path, tmp_path / "tools")


def test_place_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "tool.txt").touch()
    with pytest.raises(SuiteError, match="set SUITE_TOOLS_DIR"):
        tool_environment.ensure("tool", print, tmp_path, tmp_path / "tool.txt" / "below")
