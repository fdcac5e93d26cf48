"""A workflow's job run with stand-ins for its tools: what it would call, and how it would end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.github_expressions import render
from tests.support.outcomes import SuiteError
from tests.support.rehearsal import STRICT, Answer, Call, line_of, rehearse
from tests.support.workflow import Event, Job, Step, Workflow, explained, runs
from tests.support.yaml_lines import Mapping

# Without `shell: bash` GitHub starts bash without pipefail: a failure inside a pipe goes unseen.
SHELLS = {None: ("-e",), "bash": STRICT}


@dataclass(frozen=True)
class Called:
    """A command that a job called; `where` names file and line."""

    where: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The command's words, joined."""
        return " ".join(self.words)


class JobRehearsal:
    """One run of a job for an event, in `directory`.

    `tools` are stood in for by `answer`. Actions are passed over, and so is what they would set.
    `result` is success or failure, `calls` holds what was called, in order, `output` what the
    scripts printed.
    """

    def __init__(
        self,
        workflow: Workflow,
        job: Job,
        event: Event,
        answer: Callable[[Called], Answer],
        tools: Sequence[str],
        directory: Path,
    ) -> None:
        self.workflow, self.job, self.event = workflow, job, event
        self.answer, self.tools, self.directory = answer, tools, directory
        self.result, self.output = "success", ""
        self.calls: list[Called] = []
        self.outputs: dict[str, Any] = {}
        for step in job.steps:
            if step.script:
                self._run(step)

    @property
    def last_words(self) -> str:
        """The result, with the last line that the scripts printed."""
        lines = [line for line in self.output.splitlines() if line.strip()]
        return ": ".join([self.result, *lines[-1:]])

    def values(self, option: str) -> set[str]:
        """Every value that the calls give to an option, such as --cluster."""
        pairs = (p for call in self.calls for p in zip(call.words, call.words[1:], strict=False))
        return {value for name, value in pairs if name == option}

    def of(self, command: str) -> list[Called]:
        """The calls that begin with these words."""
        return [call for call in self.calls if f"{call.text} ".startswith(f"{command} ")]

    def order(self, *commands: str) -> list[str]:
        """Those of the commands that were called, by their first call."""
        return list(dict.fromkeys(c for call in self.calls for c in commands if call in self.of(c)))

    def _run(self, step: Step) -> None:
        """Run the step if its condition holds, and keep what it sets."""
        failed = self.result == "failure"
        status = {"success": not failed, "failure": failed, "cancelled": False}
        contexts = self.workflow.contexts(self.event, self.job, step, self.outputs)
        contexts["job"] = {"status": self.result}
        with explained(step.where):
            if not runs(step.keys, contexts, status):
                return
            script = render(step.script, contexts, status)
        set_by_step = self.directory / "github-output"
        set_by_step.write_text("", encoding="utf-8")
        github = {f"GITHUB_{key.upper()}": value for key, value in self.event.github.items()}
        ending = rehearse(
            script,
            lambda call: self._answer(step, call),
            self.tools,
            {**github, **contexts["env"], "GITHUB_OUTPUT": str(set_by_step)},
            self.directory,
            self._options(step),
        )
        self.output += ending.output
        if ending.status and not step.keys.get("continue-on-error"):
            self.result = "failure"
        lines = set_by_step.read_text(encoding="utf-8").splitlines()
        values = dict(line.partition("=")[::2] for line in lines)
        self.outputs[str(step.keys.get("id"))] = {"outputs": values}

    def _answer(self, step: Step, call: Call) -> Answer:
        keys = step.keys
        first = keys.line_of("run") + 1 if isinstance(keys, Mapping) else 1
        line = first + line_of(call, step.script) - 1
        called = Called(f"{self.workflow.name}:{line}", call.words)
        self.calls.append(called)
        return self.answer(called)

    def _options(self, step: Step) -> tuple[str, ...]:
        """The options that GitHub starts the step's shell with."""
        shell = step.keys.get("shell")
        for keys in (self.job.keys, self.workflow.keys):
            shell = shell or ((keys.get("defaults") or {}).get("run") or {}).get("shell")
        if shell not in SHELLS:
            raise SuiteError(f"{step.where}: only bash can be rehearsed, not {shell}")
        return SHELLS[shell]
