"""A GitHub Actions workflow: what starts it, which of its jobs run, and what they are given.

Follows GitHub's "Workflow syntax" and "Contexts": triggers, needs, conditions, permissions and
templates. Nothing is run here; job_rehearsal.py does that.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import yaml_lines
from tests.support.github_expressions import ExpressionError, condition, render
from tests.support.outcomes import SuiteError

SIGN_IN = "aws-actions/configure-aws-credentials"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ALL_WELL = {"success": True, "failure": False, "cancelled": False}


@dataclass(frozen=True)
class Event:
    """A push to a branch, or a pull request into it (`push`, `pull_request`); one of many runs."""

    name: str
    branch: str
    run: int = 1

    @property
    def github(self) -> dict[str, str]:
        """The `github` context, as far as the suite knows it."""
        pushed = self.name == "push"
        return {
            "event_name": self.name,
            "ref": f"refs/heads/{self.branch}" if pushed else "refs/pull/1/merge",
            "ref_name": self.branch if pushed else "1/merge",
            "sha": COMMIT,
            "run_id": str(self.run),
            "run_number": str(self.run),
        }


@dataclass(frozen=True)
class Step:
    """One step, by its keys; `where` names file and line."""

    where: str
    keys: Mapping[str, Any]

    @property
    def action(self) -> str:
        """The action that the step uses, without its version; empty for a script."""
        return str(self.keys.get("uses", "")).partition("@")[0]

    @property
    def script(self) -> str:
        """The script that the step runs; empty for an action."""
        return str(self.keys.get("run", ""))


@dataclass(frozen=True)
class Job:
    """One job, by its keys; `where` names file and line."""

    name: str
    where: str
    keys: Mapping[str, Any]
    steps: tuple[Step, ...]
    needs: tuple[str, ...]

    @property
    def sign_ins(self) -> list[Step]:
        """The steps that sign in to AWS."""
        return [step for step in self.steps if step.action == SIGN_IN]


class Workflow:
    """A workflow file; `name` is its path as messages show it."""

    def __init__(self, name: str, document: Any) -> None:
        self.name, self.keys = name, _mapping(document, name, "a workflow")
        jobs = _mapping(self.keys.get("jobs"), name, "jobs")
        self.jobs = {key: self._job(key, jobs.line_of(key), jobs[key]) for key in jobs}
        for job in self.jobs.values():
            for need in job.needs:
                if need not in self.jobs:
                    raise SuiteError(f"{job.where}: {job.name} needs {need}, which is no job")

    @classmethod
    def load(cls, path: Path, name: str) -> Workflow:
        """Read a workflow; SuiteError names the file and the line of what cannot be read."""
        return cls(name, yaml_lines.load(path, name))

    def _job(self, key: str, line: int, value: Any) -> Job:
        where = f"{self.name}:{line}"
        keys = _mapping(value, where, f"job {key}")
        items = [_mapping(item, where, f"a step of job {key}") for item in keys.get("steps") or ()]
        steps = [Step(f"{self.name}:{item.line}", item) for item in items]
        needs = keys.get("needs") or ()
        return Job(
            key, where, keys, tuple(steps), (needs,) if isinstance(needs, str) else tuple(needs)
        )

    def jobs_running(self, command: str) -> list[Job]:
        """The jobs that have the command in a script."""
        return [
            job for job in self.jobs.values() if any(command in step.script for step in job.steps)
        ]

    def branches(self, event: str) -> Sequence[str]:
        """The branches for which an event starts the workflow; empty if it starts for none."""
        triggers = self.keys.get("on")
        if not isinstance(triggers, Mapping):
            return ()
        return (triggers.get(event) or {}).get("branches") or ()

    def filters(self, event: str) -> set[str]:
        """What else than the branch decides whether an event starts the workflow."""
        triggers = self.keys.get("on")
        given = triggers.get(event) if isinstance(triggers, Mapping) else None
        return set(given or ()) - {"branches"}

    def results(self, event: Event, ended: Mapping[str, str] | None = None) -> dict[str, str]:
        """The result of each job if the event happens; empty if it does not start the workflow.

        A job that runs succeeds, unless `ended` says failure or cancelled; else it is skipped.
        """
        if not any(fnmatch.fnmatch(event.branch, known) for known in self.branches(event.name)):
            return {}
        results: dict[str, str] = {}
        for job in sorted(self.jobs.values(), key=lambda job: len(self.ancestors(job))):
            # GitHub's success() asks every job of the chain, not only those that are needed.
            happened = {results[ancestor] for ancestor in self.ancestors(job)}
            status = {
                "success": happened <= {"success"},
                "failure": "failure" in happened,
                "cancelled": "cancelled" in happened,
            }
            needs = {name: {"result": results[name], "outputs": {}} for name in job.needs}
            with explained(job.where):
                runs = condition(_if(job.keys), _contexts(event, needs), status)
            results[job.name] = (ended or {}).get(job.name, "success") if runs else "skipped"
        return results

    def ancestors(self, job: Job) -> set[str]:
        """The names of the jobs that end before `job` is looked at; SuiteError for a circle."""
        found: set[str] = set()
        ahead = list(job.needs)
        while ahead:
            name = ahead.pop()
            if name not in found:
                found.add(name)
                ahead.extend(self.jobs[name].needs)
        if job.name in found:
            raise SuiteError(f"{job.where}: {job.name} needs itself")
        return found

    def contexts(
        self, event: Event, job: Job, step: Step, outputs: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The contexts of a step's keys. `outputs` is the `steps` context.

        `env` holds what the workflow, the job and the step set. Secrets and variables are empty,
        as are the outputs of other jobs.
        """
        contexts = _contexts(event, {name: {"outputs": {}} for name in job.needs})
        contexts["steps"] = outputs or {}
        for keys, where in (
            (self.keys, self.name),
            (job.keys, job.where),
            (step.keys, step.where),
        ):
            with explained(where):
                values = {
                    name: render(_text(value), contexts, ALL_WELL)
                    for name, value in (keys.get("env") or {}).items()
                }
            contexts["env"] = {**contexts["env"], **values}
        return contexts

    def given(self, event: Event, job: Job, step: Step, key: str) -> str | None:
        """What the step gives to its action as `key`; None if it gives nothing."""
        value = (step.keys.get("with") or {}).get(key)
        if value is None:
            return None
        with explained(step.where):
            return render(_text(value), self.contexts(event, job, step), ALL_WELL)

    def concurrency(self, event: Event, job: Job) -> tuple[str, bool]:
        """The group that the job's run waits for, and whether a newer run cancels it.

        An empty group where none is set: such runs wait for nobody.
        """
        for keys in (self.keys, job.keys):
            if setting := keys.get("concurrency"):
                setting = {"group": setting} if isinstance(setting, str) else setting
                contexts = _contexts(event, {})
                with explained(job.where):
                    group = render(_text(setting.get("group", "")), contexts, ALL_WELL)
                    cancels = render(
                        _text(setting.get("cancel-in-progress", False)), contexts, ALL_WELL
                    )
                return group, cancels == "true"
        return "", False

    def permission(self, job: Job, name: str) -> str:
        """`none`, `read` or `write`, or `default` where nobody says; a job's own replace all."""
        granted = job.keys.get("permissions", self.keys.get("permissions", "default"))
        return granted if isinstance(granted, str) else (granted or {}).get(name, "none")


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Say where an expression stands that cannot be evaluated."""
    try:
        yield
    except ExpressionError as error:
        raise SuiteError(f"{where}: {error}") from error


def runs(keys: Mapping[str, Any], contexts: Mapping[str, Any], status: Mapping[str, bool]) -> bool:
    """Whether the `if:` of a job or a step holds."""
    return condition(_if(keys), contexts, status)


def _if(keys: Mapping[str, Any]) -> str:
    return _text(keys.get("if", "success()"))


def _contexts(event: Event, needs: Mapping[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {
        name: {} for name in ("env", "vars", "inputs", "secrets", "steps", "job", "runner")
    }
    return {**empty, "github": event.github, "needs": needs}


def _mapping(value: Any, where: str, what: str) -> yaml_lines.Mapping:
    if not isinstance(value, yaml_lines.Mapping) or not value:
        raise SuiteError(f"{where}: {what} must be a mapping with keys")
    return value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
