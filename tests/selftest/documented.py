"""The commands that README and docs tell people to give, and how each is run by the suite itself.

A command is a line of a bash block, or a code span that begins with a program's name. The runbooks
are carried out by tests of their own.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.project import ROOT

KNOWN = Path(__file__).with_suffix(".yaml")
_PROGRAM = r"(?:[A-Z_]+=\S+ )*(?:aws|bash|checkov|eval|locust|python3?|pytest|terraform|tox)\b"
_SETTING = re.compile(r"[A-Z_]+=")
_SPAN = re.compile(rf"`({_PROGRAM} [^`]+)`")
_LINE = re.compile(rf"^{_PROGRAM} .+$")
_OUTPUT = re.compile(r'^eval "\$\((.+)\)"$')
_FENCE = re.compile(r"^ *```(\w*)$")
# Carried out by tests of their own; or telling why and when, not what to do.
ELSEWHERE = frozenset({"runbooks.md", "surprises.md"})


@dataclass(frozen=True)
class Documented:
    """A command, and the document and line that tell it."""

    where: str
    text: str


def documents() -> list[Path]:
    """README and docs, without those whose commands other tests carry out."""
    docs = sorted((ROOT / "docs").glob("*.md"))
    return [ROOT / "README.md", *[path for path in docs if path.name not in ELSEWHERE]]


def commands(path: Path) -> Iterator[Documented]:
    """The commands of a document, comments left out."""
    language: str | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence:
            language = fence[1] if language is None else None
            continue
        found = [] if language is not None else _SPAN.findall(line)
        if language == "bash":
            found = [line.partition("  #")[0].strip()] if _LINE.match(line.strip()) else []
        for text in found:
            yield Documented(f"{path.relative_to(ROOT)}:{number}", text)


def everything() -> list[Documented]:
    """Every command of every document."""
    return [one for path in documents() for one in commands(path)]


def known() -> dict[str, dict[str, Any]]:
    """How each command is run: documented.yaml."""
    read: dict[str, dict[str, Any]] = yaml.safe_load(KNOWN.read_text(encoding="utf-8"))
    return read


def given(text: str) -> list[str]:
    """The words that a test gives for a documented command: what follows its program, or tox's --.

    ValueError where no document tells the command: then it is another one that people give.
    """
    if text not in known():
        raise ValueError(f"no document tells people to give {text}")
    words = [word for word in shlex.split(_OUTPUT.sub(r"\1", text)) if not _SETTING.match(word)]
    return words[words.index("--") + 1 :] if words[0] == "tox" else words[1:]


def gives(path: Path, text: str) -> bool:
    """Whether a file of tests gives that command's words."""
    return any(
        isinstance(call, ast.Call)
        and ast.unparse(call.func) == given.__name__
        and [getattr(argument, "value", None) for argument in call.args] == [text]
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def tox_environments(command: str) -> list[str]:
    """The environments that a tox command names."""
    words = shlex.split(command)
    return words[words.index("-e") + 1].split(",")
