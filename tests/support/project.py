"""The project's own places on the disk, and what is said of a place."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.support.outcomes import SuiteError

ROOT = Path(__file__).resolve().parents[2]
# The suite's own scratch space, beside the tree under test and ignored by git.
CACHE = ROOT / ".cache"


def unwritable(path: Path, error: OSError) -> SuiteError:
    """What to do about a place that cannot be written to."""
    reason = error.strerror or str(error)
    return SuiteError(
        f"cannot write {shown(path)}: {reason}; free some disk space or check its permissions"
    )


def prove_writable(directory: Path) -> None:
    """Make the directory, and find out now whether a file can be written there; raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        pass


def write_whole(path: Path, text: str) -> None:
    """Write by rename, so that no reader sees half of it; what was there stays if that fails."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def shown(path: Path) -> str:
    """A path as a person would type it: relative to the project where it lies inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
