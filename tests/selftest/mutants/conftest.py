"""Runs of the command on a small tree, with a worker that says what it is told to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.mutants import __main__ as command
from tests.mutants import record, run
from tests.selftest.mutants.scripted import SMALL, Scripted


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """The worker of every run of the test."""
    worker = Scripted({})
    monkeypatch.setattr(run, "Worker", lambda _stack: worker)
    return worker


@pytest.fixture
def small_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options of a run on a copy of the small tree, with a journal of its own."""
    shutil.copytree(SMALL, tmp_path / "terraform")
    monkeypatch.setattr(command, "JOURNAL", tmp_path / "results.jsonl")
    monkeypatch.setattr(record, "key", lambda _stack: "key")
    where = [f"--stack={tmp_path / 'terraform'}", f"--reports={tmp_path}"]
    return [*where, "--operator=weaken-tls", "--jobs=1"]
