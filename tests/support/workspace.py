"""A private, initialised copy of a stack, so that nothing is written into the tree under test.

The copy has a local state in place of the stack's own backend. Copies are kept below `.cache/` by
a hash of everything they depend on, so that an unchanged stack is initialised once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.outcomes import SuiteError
from tests.support.project import CACHE, shown, unwritable
from tests.support.terraform import Completed, Terraform

INIT_SECONDS = 300.0
KEPT = 12
# Longer than a run of the static tier uses what it has found.
IN_USE_SECONDS = 600.0
_IGNORED = shutil.ignore_patterns(
    ".terraform", "__pycache__", "*.tfstate", "*.tfstate.*", "*.tfplan"
)
_OVERRIDE = "suite_override.tf"
_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


def prepare(stack: Path, terraform: Terraform) -> Path:
    """The kept copy of `stack`, made and initialised if it is not there yet.

    Raises SuiteError naming file and line when the configuration cannot be loaded, and saying what
    to do when the AWS provider cannot be had.
    """
    kept = CACHE / "stacks" / fingerprint(stack, terraform)
    if not kept.is_dir():
        with making(kept):
            if not kept.is_dir():
                with scratch_copy(stack) as copy:
                    initialise(copy, stack, terraform)
                    keep(copy, kept, KEPT)
        if not kept.is_dir():
            raise SuiteError(f"cannot write {kept}: free some disk space or check its permissions")
    os.utime(kept)
    return kept


@contextlib.contextmanager
def making(kept: Path, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Make what is to be kept while nobody else makes the same: look, inside, whether it is there.

    Whoever comes second is told and waits for the first; the lock goes with its holder, however
    that ends. SuiteError where none can be had.
    """
    path = kept.parent.parent / "locks" / f"{kept.parent.name}-{kept.name}"
    with contextlib.ExitStack() as held:
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = held.enter_context(path.open("w"))
            except OSError as error:
                raise unwritable(path.parent, error) from error
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell(f"waiting for another run, which is making {shown(kept)}")
                fcntl.flock(lock, fcntl.LOCK_EX)
            # The last holder removed its file: whoever waited for that one holds nothing yet.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                    break
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def scratch(cache: Path = CACHE) -> Iterator[Path]:
    """An empty directory on the same disk as what is kept in `cache`, removed on leaving."""
    base = cache / "scratch"
    try:
        base.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(dir=base, ignore_cleanup_errors=True)
    except OSError as error:
        raise unwritable(base, error) from error
    with made as directory:
        yield Path(directory)


@contextlib.contextmanager
def scratch_copy(stack: Path, override: str = "", local_state: bool = True) -> Iterator[Path]:
    """A copy of the stack for one use, removed on leaving; `override` is HCL that is merged in.

    Without `local_state` it keeps the stack's own backend.
    """
    with scratch() as directory:
        copy = directory / "stack"
        backend = _BACKEND if local_state else ""
        try:
            shutil.copytree(stack, copy, ignore=_IGNORED)
            (copy / _OVERRIDE).write_text(backend + override, encoding="utf-8")
        except OSError as error:
            raise unwritable(directory, error) from error
        yield copy


def initialise(copy: Path, stack: Path, terraform: Terraform, *arguments: str) -> None:
    """`terraform init` in a copy of `stack`."""
    done = terraform.run(
        "init", "-json", "-input=false", *arguments, cwd=copy, timeout_seconds=INIT_SECONDS
    )
    if done.code != 0:
        raise failure(done, stack, "init", terraform)


def provider_binary(copy: Path) -> Path:
    """The AWS provider's program in an initialised copy. SuiteError when there is none."""
    found = sorted(copy.glob(".terraform/providers/*/hashicorp/aws/*/*/terraform-provider-aws*"))
    if not found:
        raise SuiteError(f"{shown(copy)}: initialised without an AWS provider; the stack needs one")
    return found[-1]


def failure(done: Completed, stack: Path, command: str, terraform: Terraform) -> SuiteError:
    """What a command that failed has to say, in one line."""
    errors = done.errors()
    if not errors:
        said = " ".join(done.output.split())[-300:] or f"exit code {done.code}"
        return SuiteError(f"terraform {command} failed on {shown(stack)}: {said}")
    first = errors[0]
    if "provider" in first.summary.lower() and not first.where:
        return SuiteError(
            f"no AWS provider to be had ({terraform.providers}): {first.summary}. Put "
            "hashicorp/aws ~> 5.100 into a filesystem mirror and name it in TERRAFORM_PLUGIN_DIR, "
            f"or give this machine access to the registry. Terraform says: {_brief(first.detail)}"
        )
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return SuiteError(first.text(stack) + more)


def _brief(text: str) -> str:
    return " ".join(text.split())[:200]


def fingerprint(stack: Path, terraform: Terraform) -> str:
    """A hash of the stack's files and of the Terraform and provider that read them."""
    digest = hashlib.sha256((terraform.fingerprint() + digest_of(stack)).encode())
    return digest.hexdigest()[:24]


def digest_of(directory: Path) -> str:
    """A hash of the names and the content of a directory's files, without what Terraform leaves."""
    digest = hashlib.sha256()
    for path in sorted(_files(directory)):
        digest.update(f"\0{path.relative_to(directory)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(stack: Path) -> Iterator[Path]:
    seen: set[str] = set()
    # Terraform follows links, and so does a copy; one that leads back is followed once.
    for folder, folders, names in os.walk(stack, followlinks=True):
        if (real := os.path.realpath(folder)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(set(folders) - _IGNORED(folder, folders))
        for name in set(names) - _IGNORED(folder, names):
            yield Path(folder) / name


def keep(made: Path, kept: Path, most: int) -> None:
    """Move a finished directory to `kept`; whoever was first there wins.

    Of the directories beside it the `most` used last stay, and those that another run may be using.
    """
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        made.rename(kept)
    if not kept.parent.is_dir():
        return
    for path in sorted(kept.parent.iterdir(), key=_used)[:-most]:
        if time.time() - _used(path) > IN_USE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _used(path: Path) -> float:
    """When a kept directory was last used; what another run has removed meanwhile was long ago."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0
