"""The files beside the stack: the pipeline that deploys it and the runbooks of those who run it."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

# What only a whole repository has beside its stack.
SIGNS = (".git", ".github", "docs")


def find(stack: Path, relative: str) -> Path:
    """The file `relative` of the repository that `stack` lies in; SuiteError if it has none.

    A copy of the stack alone, with no repository around it, goes with this repository's files.
    """
    repository = stack.resolve().parent
    if not any((repository / sign).exists() for sign in SIGNS):
        repository = ROOT
    path = repository / relative
    if not path.is_file():
        raise SuiteError(f"{path}: no such file; it belongs to the stack and is judged with it")
    return path


def name(path: Path) -> str:
    """A path as messages show it: from the directory of the run if it lies below, else whole."""
    shown = os.path.relpath(path)
    return str(path) if shown.startswith("..") else Path(shown).as_posix()
