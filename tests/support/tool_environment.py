"""Tools that cannot share the suite's environment, each in a virtual environment of its own.

Checkov pins an old boto3 and ships a fork of hcl2 under python-hcl2's import name, yet the static
tier starts it. An environment is made once from `requirements/<name>.txt` and kept under a name
that holds the hash of what it was made from; nothing is downloaded when it is already there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.outcomes import SuiteError
from tests.support.project import ROOT

# A virtual environment cannot be moved into place when it is finished, so a file says that it is.
FINISHED = ".finished"
INSTALL_SECONDS = 900.0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def ensure(
    name: str,
    say: Callable[[str], None] = _say,
    requirements: Path = ROOT / "requirements",
    home: Path | None = None,
) -> Path:
    """Return the directory of the tool's programs, making its environment if there is none.

    `name` is a file of `requirements` without its ending. The environment lies in `home`, by
    default $SUITE_TOOLS_DIR or `.tox/.tools`. `say` gets one line when something has to be
    installed. Raises SuiteError when the file is missing or the installation fails; whoever comes
    second waits for the first.
    """
    listed = requirements / f"{name}.txt"
    home = home or Path(os.environ.get("SUITE_TOOLS_DIR") or ROOT / ".tox" / ".tools")
    place = home / f"{name}-{fingerprint(listed)}"
    if not (place / FINISHED).exists():
        with _locked(home / f".{place.name}.lock"):
            if not (place / FINISHED).exists():
                say(f"installing {name} into {place} (once) …")
                _install(listed, place)
    return place / "bin"


def fingerprint(listed: Path) -> str:
    """Changes with the requirements and with the Python that the environment would be tied to."""
    try:
        content = listed.read_bytes()
    except OSError as error:
        raise SuiteError(f"{listed}: {error.strerror}; it must list the tool's packages") from error
    interpreter = f"{sys.base_prefix} {sys.version} {platform.machine()}"
    return hashlib.sha256(content + interpreter.encode()).hexdigest()[:12]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock; the system drops it when the holder dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("w")
    except OSError as error:
        raise SuiteError(
            f"{path.parent}: {error.strerror}; set SUITE_TOOLS_DIR to a directory to write to"
        ) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install(listed: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    _run(
        f"making {place}",
        [sys.executable, "-m", "venv", str(place)],
        "install Python's venv module (python3-venv)",
    )
    pip = [str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    _run(
        f"installing {listed}",
        [*pip, "install", "--quiet", "--retries", "2", "--timeout", "15", "-r", str(listed)],
        "make a package index reachable that has these versions (PIP_INDEX_URL), or point "
        f"SUITE_TOOLS_DIR at a directory that already holds {place.name}",
    )
    (place / FINISHED).touch()


def _run(step: str, command: list[str], advice: str) -> None:
    """Run an installation step; SuiteError with its last complaint and `advice` if it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SuiteError(f"{step} took more than {INSTALL_SECONDS:.0f} s: {advice}") from error
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR")] or said or ["no output"]
        raise SuiteError(f"{step} failed ({errors[-1]}): {advice}")
