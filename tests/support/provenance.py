"""Where and when a tier's results came to be: commit, stack, target, account, tools and time.

Every tier writes this into its JSON, so that a reader can tell results of what is checked out from
those of something else. Nothing in it is a path of the machine or a secret.
"""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.support import staging, terraform, workspace
from tests.support.catalogue import Place
from tests.support.outcomes import SuiteError
from tests.support.planning import account_id
from tests.support.project import CACHE, ROOT
from tests.support.target import EMULATORS

GIT_SECONDS = 20.0
NEED_TERRAFORM = {Place.plan, Place.deployed, Place.runbook, Place.load}
NEED_EMULATOR = NEED_TERRAFORM - {Place.plan}


@dataclass(frozen=True)
class Checkout:
    """What is checked out.

    `commit` is that of the suite and None where git cannot tell; `dirty` says whether the files
    differ from it, and is True where that cannot be told. `stack_hash` covers the stack's files.
    """

    commit: str | None
    dirty: bool
    stack: str
    stack_hash: str


@dataclass(frozen=True)
class Begun:
    """A run's beginning: when (UTC, ISO 8601), on which stack, from what checkout."""

    started: str
    stack: Path
    checkout: Checkout


def now() -> str:
    """This second in UTC, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def checkout(stack: Path, root: Path = ROOT) -> Checkout:
    """What is checked out now."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    # Whatever git is configured to show: new files are changes, ignored ones are none.
    changes = _git(root, "status", "--porcelain", "--untracked-files=all", "--ignored=no")
    return Checkout(commit, changes != "", stack.resolve().name, workspace.digest_of(stack))


def begin(stack: Path) -> Begun:
    """Look, before the first test, at what the run is about to judge."""
    return Begun(now(), stack, checkout(stack))


def describe(
    begun: Begun,
    places: Collection[Place],
    target: str | None = None,
    environment: str | None = None,
    narrowed: Iterable[str] = (),
) -> dict[str, Any]:
    """The run as its JSON tells it, at its end.

    `places` are those that its results are about; they decide whose versions matter. `target` is
    `emulator` or `staging`, None where nothing deployed was looked at; where boto3 is led to an
    emulator, `staging` is told as that. `narrowed` names, in words of the command line, what left
    tests out.
    """
    target = staging.reached(target) if target else None
    # Files that change during the run are those of neither its commit nor any other.
    same = checkout(begun.stack) == begun.checkout
    return {
        **asdict(begun.checkout),
        "dirty": begun.checkout.dirty or not same,
        "started": begun.started,
        "ended": now(),
        "target": target,
        "environment": environment,
        "account": _account(begun.stack, environment) if target else None,
        "versions": dict(_versions(begun.stack, places, target)),
        "narrowed": list(narrowed),
    }


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints, None where it cannot tell."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _account(stack: Path, environment: str | None) -> str | None:
    """The environment's account by its variables; a real one was held to it on entering."""
    try:
        return account_id(stack, environment) if environment else None
    except SuiteError:
        return None


def _versions(
    stack: Path, places: Collection[Place], target: str | None
) -> Iterable[tuple[str, str]]:
    yield "Python", platform.python_version()
    yield from _installed("boto3", target is not None)
    if target in EMULATORS and NEED_EMULATOR & set(places):
        yield from _installed("moto", True) if target == "emulator" else [("moto", "unknown")]
    yield from _installed("locust", Place.load in places)
    if Place.policy in places and (pinned := _pinned("checkov")):
        yield "Checkov", pinned
    if NEED_TERRAFORM & set(places):
        yield from _of_terraform(stack)


def _installed(package: str, used: bool) -> Iterable[tuple[str, str]]:
    try:
        if used:
            yield package, version(package)
    except PackageNotFoundError:
        return


def _pinned(package: str) -> str | None:
    """The version in the tool's own requirements, from which its environment is made."""
    listed = (ROOT / "requirements" / f"{package}.txt").read_text("utf-8").splitlines()
    return next(
        (line.partition("==")[2] for line in listed if line.startswith(f"{package}==")), None
    )


def _of_terraform(stack: Path) -> Iterable[tuple[str, str]]:
    try:
        yield "Terraform", terraform.find().version
    except SuiteError:
        return
    if provider := provider_version(stack):
        yield "AWS provider", provider


def provider_version(stack: Path, cache: Path = CACHE) -> str | None:
    """The AWS provider of the copy of the stack that Terraform used last, None if there is none."""
    copies = [*cache.glob("stacks/*"), *cache.glob("deployments/*/stack")]
    for copy in sorted(copies, key=_used, reverse=True):
        try:
            if _holds(copy, stack):
                # …/hashicorp/aws/<version>/<platform>/<program>
                return workspace.provider_binary(copy).parents[1].name
        except (OSError, SuiteError):
            continue
    return None


def _used(copy: Path) -> float:
    """When the directory that is kept was used last."""
    try:
        return (copy.parent if copy.name == "stack" else copy).stat().st_mtime
    except OSError:
        return 0.0


def _holds(copy: Path, stack: Path) -> bool:
    """Whether the copy was made of the stack as it is."""
    own = [
        path for path in stack.glob("**/*.tf*") if ".terraform" not in path.parts and path.is_file()
    ]
    same = ((copy / path.relative_to(stack)).read_bytes() == path.read_bytes() for path in own)
    return bool(own) and all(same)
