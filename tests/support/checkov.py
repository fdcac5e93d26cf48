"""Checkov on a stack: its own checks of AWS and the policies in `policies/`, without a network.

Checkov runs in an environment of its own (tool_environment.py), in a process that is started early
and asked for its result late, so that it works beside Terraform. Whatever it could not do raises:
a file it could not read, a policy that did not load, a module it did not follow, a resource that a
policy could not judge. None of these is a pass, though Checkov itself ends with code 0 on most.

A run on the suite's own policies is kept by a hash of everything that it depends on: what Checkov
wrote, not what was made of it. An unchanged stack is not given to Checkov again.

The stack is judged with production's variables where it has them: a value that is not known is
not judged by most of Checkov's own checks.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import tool_environment, workspace
from tests.support.checkov_loaded import last_line, loaded, policy_files, refuse_errors
from tests.support.findings import Finding, Policy, Resource, Result
from tests.support.outcomes import Invalid, SuiteError
from tests.support.project import CACHE, ROOT

POLICIES = ROOT / "policies"
CENSUS = Path(__file__).with_name("checkov_census")
KEPT = 12
WRITTEN = ("found.json", "found.sarif", "found.xml", "census.json", "stderr")
SUM = "sha256"
RUN_SECONDS = 300.0
STOP_SECONDS = 5.0
# Settings of Checkov's that lie beside the stack would silence checks.
SETTINGS = (".checkov.yaml", ".checkov.yml")
MODULE_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.\.?/[^"]*)"', re.MULTILINE)
MODULE_CALL = re.compile(r'^module\s+"([^"]+)"', re.MULTILINE)


class Scan:
    """A run of Checkov on a directory. It starts at once; trouble shows in `result`.

    `kept` is where what Checkov wrote is kept: if it is there already, Checkov is not started.
    """

    def __init__(
        self,
        stack: Path,
        policies: Path = POLICIES,
        program: Path | None = None,
        kept: Path | None = None,
    ) -> None:
        self.stack, self.policies, self.kept = stack.resolve(), policies.resolve(), kept
        self._scratch = Path(tempfile.mkdtemp(prefix="checkov-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._outcome: Result | SuiteError | Invalid | None = None
        atexit.register(self.stop)
        try:
            self._refuse_bad_input()
            if not self._found_kept():
                self._start(program or tool_environment.ensure("checkov") / "checkov")
        except SuiteError as error:
            self._outcome = error

    def result(self, timeout_seconds: float = RUN_SECONDS) -> Result:
        """Wait for the end and return what was found.

        Raises SuiteError when Checkov or a policy did not work, Invalid when part of the stack was
        not seen.
        """
        if self._outcome is None:
            try:
                self._outcome = self._finish(timeout_seconds)
            except (SuiteError, Invalid) as error:
                self._outcome = error
            finally:
                self.stop()
        if isinstance(self._outcome, Result):
            return self._outcome
        raise self._outcome

    def stop(self) -> None:
        """End Checkov and whatever it started. Safe to call twice."""
        process, self._process = self._process, None
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process is not None and process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_SECONDS)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _refuse_bad_input(self) -> None:
        if not self.stack.is_dir():
            raise SuiteError(f"{self.stack}: no such directory")
        if not policy_files(self.policies):
            raise SuiteError(f"{self.policies}: no policy in it, or no such directory")
        for path in (place / name for place in (self.stack, ROOT) for name in SETTINGS):
            if path.exists():
                raise SuiteError(
                    f"{path}: Checkov would take its settings from it and may leave checks out; "
                    "remove it, and accept findings in tests/waivers.yaml"
                )

    def _found_kept(self) -> bool:
        """Whether what Checkov once wrote is there, whole; it is copied before others remove it."""
        if self.kept is None:
            return False
        try:
            for name in WRITTEN:
                shutil.copyfile(self.kept / name, self._scratch / name)
            whole = (self.kept / SUM).read_text(encoding="utf-8") == self._sum()
            self.kept.touch()
        except (OSError, UnicodeDecodeError):
            return False
        return whole

    def _sum(self) -> str:
        return hashlib.sha256(
            b"".join((self._scratch / name).read_bytes() for name in WRITTEN)
        ).hexdigest()

    def _keep(self) -> None:
        """Keep what Checkov wrote. Where it cannot be kept, the next run starts Checkov again."""
        if self.kept is None or self._process is None:
            return
        with suppress(OSError), workspace.scratch(self.kept.parent.parent) as made:
            whole = made / "whole"
            whole.mkdir()
            for name in WRITTEN:
                shutil.copyfile(self._scratch / name, whole / name)
            (whole / SUM).write_text(self._sum(), encoding="utf-8")
            shutil.rmtree(self.kept, ignore_errors=True)
            workspace.keep(whole, self.kept, KEPT)

    def _start(self, program: Path) -> None:
        command = [str(program), "--directory", str(self.stack), "--framework", "terraform"]
        command += ["--external-checks-dir", str(self.policies)]
        command += ["--external-checks-dir", str(CENSUS)]
        command += ["--skip-download", "--download-external-modules", "False"]
        command += ["--output", "json", "--output", "sarif", "--output", "junitxml"]
        outputs = (self._scratch / name for name in ("found.json", "found.sarif", "found.xml"))
        command += ["--output-file-path", ",".join(map(str, outputs))]
        variables = self.stack / "environments" / "production.tfvars"
        command += ["--var-file", str(variables)] if variables.is_file() else []
        with (self._scratch / "stderr").open("wb") as stderr:
            try:
                self._process = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    start_new_session=True,
                )
            except OSError as error:
                raise SuiteError(f"{program}: {error.strerror}") from error

    def _environment(self) -> dict[str, str]:
        """Nothing of the user's: neither credentials nor settings that leave checks out."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._scratch),
            "LANG": "C.UTF-8",
            "LOG_LEVEL": "WARNING",
            "CKV_SKIP_PACKAGE_UPDATE_CHECK": "True",
            "CKV_CACHE_DIR": str(self._scratch / "cache"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CHECKOV_CENSUS": str(self._scratch / "census.json"),
        }

    def _finish(self, timeout_seconds: float) -> Result:
        try:
            code = self._process.wait(timeout_seconds) if self._process else 0
        except subprocess.TimeoutExpired as error:
            raise SuiteError(
                f"Checkov was stopped: no result within {timeout_seconds:g} s"
            ) from error
        log = (self._scratch / "stderr").read_text(encoding="utf-8", errors="replace")
        if code not in (0, 1) or not (self._scratch / "census.json").exists():
            raise SuiteError(f"Checkov ended with code {code}: {last_line(log)}")
        census = self._read("census.json")
        policies = loaded(self.policies, census, log)
        refuse_errors(log)
        found = self._read("found.json")
        results = found.get("results") or {}
        if results.get("parsing_errors"):
            files = ", ".join(self._below(path) for path in sorted(results["parsing_errors"]))
            raise SuiteError(f"Checkov cannot read {files}: terraform validate names the line")
        if not census["resources"]:
            raise SuiteError(f"{self.stack}: Checkov found no resource in it")
        self._refuse_unseen_modules(census)
        self._keep()
        return Result(
            findings=tuple(self._findings(results, policies)),
            passed=frozenset((r["check_id"], _resource(r)) for r in results["passed_checks"]),
            policies=policies,
            resources={Resource(r["address"], r["file"]): r["type"] for r in census["resources"]},
            sarif=self._read("found.sarif"),
            junit=(self._scratch / "found.xml").read_text(encoding="utf-8"),
        )

    def _read(self, name: str) -> dict[str, Any]:
        try:
            document = json.loads((self._scratch / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SuiteError(f"Checkov wrote no readable {name}: {error}") from error
        if not isinstance(document, dict):
            raise SuiteError(f"Checkov wrote no object into {name}")
        return document

    def _findings(self, results: dict[str, Any], policies: tuple[Policy, ...]) -> Iterable[Finding]:
        requirements = {policy.id: policy.requirement for policy in policies}
        for key in ("failed_checks", "skipped_checks"):
            for record in results[key]:
                first, last = record["file_line_range"]
                yield Finding(
                    check_id=record["check_id"],
                    check_name=record["check_name"],
                    resource=_resource(record),
                    line_range=(first, last),
                    stack=self.stack.name,
                    requirement=requirements.get(record["check_id"]),
                    details=tuple(record.get("details") or ()),
                    silenced=key == "skipped_checks",
                )

    def _refuse_unseen_modules(self, census: dict[str, Any]) -> None:
        """A module that Checkov cannot follow, such as one of the registry, is passed over."""
        addresses = [resource["address"] for resource in census["resources"]]
        for file in sorted(self.stack.glob("*.tf")):
            for name in MODULE_CALL.findall(file.read_text(encoding="utf-8")):
                called = re.compile(rf"module\.{re.escape(name)}[.\[]")
                if not any(map(called.match, addresses)):
                    raise Invalid(
                        f"{self._below(file)}: Checkov saw no resource of module.{name}; it "
                        "follows modules on this disk only"
                    )

    def _below(self, path: str | Path) -> str:
        return os.path.relpath(path, self.stack.parent)


@cache
def running(stack: Path, fresh: bool) -> Scan:
    """The run on this stack with the suite's policies; the first call starts it.

    With `fresh` nothing that was kept is used.
    """
    try:
        kept = CACHE / "checkov" / fingerprint(stack)
    except (OSError, UnicodeDecodeError):  # Checkov itself tells what cannot be read
        return Scan(stack)
    if fresh:
        shutil.rmtree(kept, ignore_errors=True)
    return Scan(stack, kept=kept)


def fingerprint(stack: Path) -> str:
    """A hash of what a run depends on: stack and its path, policies, census, Checkov, this code."""
    checkov = tool_environment.fingerprint(ROOT / "requirements" / "checkov.txt")
    digest = hashlib.sha256(f"{stack} {checkov}".encode())
    for directory in (stack, *_called_outside(stack), POLICIES, CENSUS):
        digest.update(workspace.digest_of(directory).encode())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:24]


def _called_outside(stack: Path) -> list[Path]:
    """The directories of the modules that the stack calls and that lie beside it, not in it."""
    found: list[Path] = []
    for directory in (waiting := [stack]):
        for file in sorted(directory.rglob("*.tf")):
            for source in MODULE_SOURCE.findall(file.read_text(encoding="utf-8")):
                called = (file.parent / source).resolve()
                if not any(called.is_relative_to(known) for known in waiting):
                    waiting.append(called)
                    found.append(called)
    return found


def _resource(record: dict[str, Any]) -> Resource:
    return Resource(record["resource"], record["file_path"].lstrip("/"))
