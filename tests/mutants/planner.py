"""Plans of one changing tree, by a provider that stays: the tree's copy is initialised once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import offline_account, planning, terraform, workspace
from tests.support.outcomes import SuiteError
from tests.support.placeholders.provider import Stand
from tests.support.source import SourceTree
from tests.support.terraform import Completed, Terraform


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
        """The tree with these files' texts; what it says when `terraform init` refuses them."""
        before = {file: (self._copy / file).read_text(encoding="utf-8") for file in texts}
        refusal = ""
        try:
            self._write(texts)
            if initialise:
                done = self._init()
                refusal = _said(done, self._stack) if done.code else ""
            yield refusal
        finally:
            self._write(before)
            if initialise:
                self._init()

    def plan(self, environment: str, account: str) -> Planned:
        """The plan of one environment, in the account that its variables name."""
        settings, stand = self._stand(account)
        stand.forget()
        done, document = self._run(environment, {**settings, **stand.environment()})
        if document is not None:
            return Planned(stand.name_symbols(document))
        if stand.named_in(" ".join(d.detail + d.summary for d in done.errors())):
            # A provider objects to a placeholder: the way that knows what to do then is slower.
            return self._again(environment)
        return Planned(None, _said(done, self._stack), self._first())

    def validate(self) -> list[dict[str, Any]]:
        """The diagnostics of `terraform validate`."""
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
        return found

    def _first(self) -> str:
        """Whose refusal it is: a plan repeats what a validation says."""
        return "validate" if any(d["severity"] == "error" for d in self.validate()) else "plan"

    def _again(self, environment: str) -> Planned:
        try:
            document = planning._plan(
                self._stack, self._source, environment, self._program, self._copy, self._endpoint
            )
        except SuiteError as error:
            return Planned(None, str(error), "plan")
        return Planned(document)

    def _run(
        self, environment: str, settings: dict[str, str]
    ) -> tuple[Completed, dict[str, Any] | None]:
        return planning._run(self._stack, environment, self._program, self._copy, settings)

    def _stand(self, account: str) -> tuple[dict[str, str], Stand]:
        if account not in self._stands:
            settings = {
                **offline_account.credentials(account, self._endpoint),
                **planning.secret_variables(self._source),
            }
            standing = planning._standing_in(self._copy, self._source, self._program, settings)
            stand = self._until.enter_context(standing(frozenset()))
            self._stands[account] = (settings, stand)
        return self._stands[account]

    def _init(self) -> Completed:
        return self._program.run(
            "init", "-json", "-input=false", cwd=self._copy,
            timeout_seconds=workspace.INIT_SECONDS,
        )  # fmt: skip

    def _write(self, texts: Mapping[str, str]) -> None:
        for file, text in texts.items():
            (self._copy / file).write_text(text, encoding="utf-8")


def _said(done: Completed, stack: Path) -> str:
    """What Terraform objects to, in one line."""
    errors = done.errors()
    return errors[0].text(stack) if errors else " ".join(done.output.split())[-200:]
