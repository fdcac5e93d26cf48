"""Plans of one changing tree, by a provider that stays: the tree's copy is initialised once."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.mutant import with_texts
from tests.support import offline_account, planning, terraform, workspace
from tests.support.outcomes import SuiteError
from tests.support.placeholders.provider import Stand
from tests.support.source import SourceTree
from tests.support.terraform import Completed, Diagnostic, Terraform

# What Terraform says, at a place in the tree, of a provider that broke rather than objected.
BROKEN = ("Plugin did not respond", "Plugin error", "Request cancelled")
# What `init` says, at no place, of a version that the tree asks for and that is not to be had.
UNAVAILABLE = re.compile(
    r"does not match configured version constraint|no available releases match"
)


@dataclass(frozen=True)
class Planned:
    """A plan's JSON, or why Terraform refuses to make one; `first` is whose refusal it is."""

    document: dict[str, Any] | None
    refusal: str = ""
    first: str = ""


class Planner:
    """Plans a tree whose files change. Use as a context manager: what it starts ends with it."""

    def __init__(self, stack: Path) -> None:
        self._stack = stack.resolve()
        self._initialised = True
        self._until = contextlib.ExitStack()
        self._stands: dict[str, tuple[dict[str, str], Stand]] = {}

    def __enter__(self) -> Planner:
        try:
            self._program: Terraform = terraform.find()
            self._source = SourceTree.load(self._stack)
            self._copy = self._until.enter_context(workspace.scratch_copy(self._stack))
            workspace.initialise(self._copy, self._stack, self._program)
            self._endpoint = self._until.enter_context(offline_account.serving())
        except BaseException:
            self._until.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._until.close()

    @contextlib.contextmanager
    def changed(self, texts: Mapping[str, str], initialise: bool = False) -> Iterator[str]:
        """The tree with these files' texts; what it says when `terraform init` refuses them.

        SuiteError when that breaks, or when the tree cannot be initialised again as it was: then
        nothing is changed any more until it can.
        """
        self._restore()
        try:
            with with_texts(self._copy, texts):
                self._initialised = not initialise
                done = self._init() if initialise else None
                yield self._refusal(done, "init") if done and done.code else ""
        finally:
            self._restore()

    def _restore(self) -> None:
        if not self._initialised:
            workspace.initialise(self._copy, self._stack, self._program)
            self._initialised = True

    def plan(self, environment: str, account: str) -> Planned:
        """The plan of one environment, in the account that its variables name.

        SuiteError when something else than a refusal of the tree ends it.
        """
        settings, stand = self._stand(account)
        stand.forget()
        done, document = self._run(environment, {**settings, **stand.environment()})
        if document is not None:
            return Planned(stand.name_symbols(document))
        if stand.named_in(" ".join(d.detail + d.summary for d in done.errors())):
            # A provider objects to a placeholder: the way that knows what to do then is slower.
            return self._again(environment, settings)
        return self._refused(done)

    def validate(self) -> list[dict[str, Any]]:
        """The diagnostics of `terraform validate`. SuiteError when a provider broke it off."""
        settings, stand = self._stand(planning.ANY_ACCOUNT)
        environment = {**settings, **stand.environment()}
        answer = self._program.run(
            "validate", "-json", cwd=self._copy, environment=environment,
            timeout_seconds=planning.VALIDATE_SECONDS,
        )  # fmt: skip
        try:
            found: list[dict[str, Any]] = json.loads(answer.output)["diagnostics"]
        except (ValueError, KeyError) as error:
            raise SuiteError(f"terraform validate did not answer with JSON: {error}") from error
        if broken := [one["summary"] for one in found if one["summary"] in BROKEN]:
            raise SuiteError(f"terraform validate: {broken[0]}")
        return found

    def _refused(self, done: Completed) -> Planned:
        """A plan's refusal, and whose it is: a plan repeats what a validation says."""
        invalid = any(d["severity"] == "error" for d in self.validate())
        return Planned(
            None, self._refusal(done, "plan", invalid), "validate" if invalid else "plan"
        )

    def _refusal(self, done: Completed, command: str, invalid: bool = False) -> str:
        """What a command that failed objects to in the tree, in one line.

        That is told by a place in the tree, or by a validation that finds it `invalid` as well.
        SuiteError when the command failed for something else.
        """
        errors = done.errors()
        broke = done.code != 1 or not errors or any(one.summary in BROKEN for one in errors)
        if broke or not (invalid or any(map(_speaks_of_the_tree, errors))):
            raise workspace.failure(done, self._stack, command, self._program)
        return errors[0].text(self._stack)

    def _again(self, environment: str, settings: dict[str, str]) -> Planned:
        """The plan made in the slower way, unless the tree is refused without placeholders too."""
        done, document = self._run(environment, settings)
        if document is None:
            return self._refused(done)
        return Planned(
            planning.plan(
                self._stack, self._source, environment, self._program, self._copy, self._endpoint
            )
        )

    def _run(
        self, environment: str, settings: dict[str, str]
    ) -> tuple[Completed, dict[str, Any] | None]:
        return planning.plan_once(self._stack, environment, self._program, self._copy, settings)

    def _stand(self, account: str) -> tuple[dict[str, str], Stand]:
        if account not in self._stands:
            settings = {
                **offline_account.credentials(account, self._endpoint),
                **planning.secret_variables(self._source),
            }
            standing = planning.standing_in_for(self._copy, self._source, self._program, settings)
            stand = self._until.enter_context(standing(frozenset()))
            self._stands[account] = (settings, stand)
        return self._stands[account]

    def _init(self) -> Completed:
        return self._program.run(
            "init", "-json", "-input=false", cwd=self._copy,
            timeout_seconds=workspace.INIT_SECONDS,
        )  # fmt: skip


def _speaks_of_the_tree(error: Diagnostic) -> bool:
    return bool(error.where or UNAVAILABLE.search(" ".join(error.detail.split())))
