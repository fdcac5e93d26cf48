"""Runbooks in Markdown: the bash blocks of each chapter, and what they would do.

A rehearsal runs the blocks with stand-ins for their tools. In the script that it runs, everything
but the blocks is a blank line, so a line of the script is a line of the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import beside
from tests.support.aws_cli import parse
from tests.support.aws_cli_values import BadCommandError
from tests.support.outcomes import SuiteError
from tests.support.rehearsal import Answer, Ending, line_of, rehearse

FENCE = re.compile(r"(?P<indent> *)```(?P<language>\w*) *$")
HEADING = re.compile(r"(?P<level>##|###) +(?P<title>.*\S)")
COMMAND = re.compile(r"(?<![\w./$-])(?:aws +[a-z]\S* +(?:wait +)?|terraform +)[a-z][\w-]*")
FUNCTION = re.compile(r"^\w+\(\) *\{", re.MULTILINE)
COMMENT = re.compile(r"(?:^|\s)#.*")
# A loop that ends only when what it asks answers as it hopes; `for` over a list ends by itself.
ENDLESS = re.compile(
    r"(?:^|[;&|({!`]|\b(?:do|then|else)\b)\s*((?:until|while)\b.*|for\s*\(\([^;]*;\s*;.*)"
)
# What the blocks may call. bash's own commands need no entry, but how long one waits is looked at.
TOOLS = ("aws", "curl", "date", "docker", "git", "sleep", "terraform", "tox")
# An unset variable ends the script; a failing command does not: people read on.
OPTIONS = ("-u", "-o", "pipefail")
# Terraform's subcommands and their options, from `terraform <subcommand> -help` of 1.11.
TERRAFORM: dict[str, set[str]] = {
    "init": {"-backend-config", "-migrate-state", "-reconfigure", "-upgrade"},
    "plan": {"-destroy", "-detailed-exitcode", "-out", "-replace", "-target", "-var-file"},
    "apply": {"-replace", "-target", "-var-file"},
    "destroy": {"-target", "-var-file"},
    "output": {"-json", "-raw"},
    "import": {"-var-file"},
    "validate": set(),
}


@dataclass(frozen=True)
class Block:
    """A fenced bash block: its first line, counted from 1, and the chapter (`## `) it is in.

    `section` is the last `### ` heading of the chapter before it, empty if there is none.
    """

    line: int
    chapter: str
    section: str
    text: str


@dataclass(frozen=True)
class RunbookCall:
    """A command that a block called; `where` names file and line, `piped` what it was piped."""

    where: str
    words: tuple[str, ...]
    piped: str = field(default="", repr=False)

    @property
    def line(self) -> int:
        """The line of the document."""
        return int(self.where.rpartition(":")[2])

    @property
    def text(self) -> str:
        """The command's words, joined."""
        return " ".join(self.words)

    @property
    def command(self) -> str:
        """The tool with its subcommand: `terraform plan`, `aws ecs update-service`."""
        return " ".join(self.words[: 3 if self.words[0] == "aws" else 2])

    def option(self, name: str) -> str:
        """The word after an option, given with its dashes; empty if it is not there."""
        _, *after = "\0".join(self.words).partition(f"\0{name}\0")
        return after[-1].partition("\0")[0]


class Runbook:
    """A runbook; `name` is its path as messages show it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.blocks = list(_blocks(name, text))
        if not self.blocks:
            raise SuiteError(f"{name}: no bash block in it")

    @classmethod
    def read(cls, path: Path, name: str) -> Runbook:
        """Read a runbook; SuiteError names file and line of a block that is not closed."""
        try:
            return cls(name, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SuiteError(f"{name}: {error}") from error

    @classmethod
    def of_stack(cls, stack: Path) -> Runbook:
        """The runbooks of the repository that the stack lies in. Raises SuiteError."""
        path = beside.find(stack, "docs/runbooks.md")
        return cls.read(path, beside.name(path))

    def chapter(self, title: str) -> list[Block]:
        """The blocks of a chapter; empty if there is no such chapter."""
        return [block for block in self.blocks if block.chapter == title]

    def section(self, title: str) -> list[Block]:
        """The blocks of a section; empty if there is no such section."""
        return [block for block in self.blocks if block.section == title]

    def written(self) -> list[tuple[int, str]]:
        """Line and beginning of every aws and terraform command in the blocks."""
        return [
            (block.line + number, found[0])
            for block in self.blocks
            for number, line in enumerate(block.text.splitlines())
            for found in COMMAND.finditer(line.partition("#")[0])
        ]

    def endless(self) -> list[str]:
        """Where a loop is that nothing ends but the answer it waits for."""
        return [
            f"line {block.line + number}: {loop}"
            for block in self.blocks
            for number, line in enumerate(block.text.splitlines())
            for loop in ENDLESS.findall(COMMENT.sub("", line))
        ]

    def functions(self) -> list[Block]:
        """The blocks before the first chapter that define what every section may call."""
        return [block for block in self.chapter("") if FUNCTION.search(block.text)]

    def rehearse(
        self,
        blocks: list[Block],
        environment: str,
        answer: Callable[[RunbookCall], Answer],
        directory: Path,
    ) -> tuple[list[RunbookCall], Ending]:
        """Run the blocks for an environment, with their tools stood in for by `answer`.

        The functions that every section may call are defined first.
        """
        calls = []

        def keep(call: RunbookCall) -> Answer:
            calls.append(call)
            return answer(call)

        script = _script([*(b for b in self.functions() if b not in blocks), *blocks])
        ending = rehearse(
            script,
            lambda c: keep(RunbookCall(f"{self.name}:{line_of(c, script)}", c.words, c.piped)),
            TOOLS,
            {"ENVIRONMENT": environment},
            directory,
            OPTIONS,
        )
        return calls, ending


def _script(blocks: list[Block]) -> str:
    lines: list[str] = []
    for block in blocks:
        lines += [""] * (block.line - 1 - len(lines)) + block.text.splitlines()
    return "\n".join(lines) + "\n"


def _blocks(name: str, text: str) -> Iterator[Block]:
    chapter, section, language, opened, indent = "", "", "", 0, 0
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if opened and fence and not fence["language"]:
            if language == "bash":
                yield Block(opened + 1, chapter, section, "\n".join(inside))
            opened = 0
        elif opened:
            inside.append(line[indent:] if line[:indent].isspace() else line)
            if language != "bash" and COMMAND.search(line):
                raise SuiteError(f"{name}:{number}: a command in a block that is not marked bash")
        elif fence:
            opened, language, inside = number, fence["language"], []
            indent = len(fence["indent"])
        elif heading := HEADING.match(line):
            section = heading["title"] if heading["level"] == "###" else ""
            chapter = chapter if section else heading["title"]
    if opened:
        raise SuiteError(f"{name}:{opened}: the block is never closed")


def refusal(call: RunbookCall, stack: Path) -> str | None:
    """Where and why the call's tool would refuse it; None if it would not.

    Files are those of `stack`, where the runbooks' commands are given.
    """
    try:
        if call.words[0] == "aws":
            parse(call.words, stack)
        elif call.words[0] == "terraform":
            _check_terraform(call.words[1], call.words[2:], stack)
    except BadCommandError as error:
        return f"{call.where}: {error}"
    return None


def _check_terraform(subcommand: str, words: Sequence[str], stack: Path) -> None:
    if subcommand not in TERRAFORM:
        raise BadCommandError(f"terraform {subcommand} is none of {', '.join(TERRAFORM)}")
    for word in words:
        option, _, value = word.partition("=")
        if word.startswith("-") and option not in TERRAFORM[subcommand]:
            raise BadCommandError(f"terraform {subcommand} has no option {option}")
        if option in ("-backend-config", "-var-file") and not (stack / value).is_file():
            raise BadCommandError(f"terraform {subcommand} {word}: no such file")
