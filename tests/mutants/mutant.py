"""A mutant: one defect, as exact edits of a tree's text."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.outcomes import SuiteError


@dataclass(frozen=True, order=True)
class Edit:
    """Characters `start` to `end` of a file, relative to the stack, become `text`."""

    file: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """One defect. `id` is `operator:file:address/path`, with `:n` behind it where that repeats.

    `environments` are the only ones that it concerns, none meaning all; `families` the heads of
    the ids of the requirements that may notice it, none meaning any. `passage` is a hash of the
    blocks that it edits, before and after: unlike places in a file, it stays where they move.
    """

    id: str
    operator: str
    category: str
    line: int
    change: str
    edits: tuple[Edit, ...]
    environments: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    needs_init: bool = False
    passage: str = ""

    @property
    def file(self) -> str:
        """The first file that it changes."""
        return self.edits[0].file

    @property
    def source_only(self) -> bool:
        """Whether it changes nothing that a plan or Checkov reads."""
        return bool(self.edits) and all(e.file.endswith(".tfbackend") for e in self.edits)

    @property
    def edits_key(self) -> str:
        """Changes with what it changes, and with what decides where and by whom it is judged."""
        judged = (self.edits, self.environments, self.families, self.needs_init)
        return hashlib.sha256(repr(judged).encode()).hexdigest()[:12]

    def described(self) -> dict[str, Any]:
        """What a report says of it."""
        return {
            "id": self.id,
            "operator": self.operator,
            "category": self.category,
            "where": f"{self.file}:{self.line}",
            "change": self.change,
            "environments": list(self.environments),
            "edits": self.passage,
        }


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text of one file after its edits, which must not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def changed_files(stack: Path, edits: Sequence[Edit]) -> dict[str, str]:
    """The new text of each file that the edits change. SuiteError where a file is gone."""
    texts = {}
    for file in {edit.file for edit in edits}:
        try:
            before = (stack / file).read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SuiteError(f"{stack / file}: {error}") from error
        texts[file] = edited(before, [edit for edit in edits if edit.file == file])
    return texts


@contextlib.contextmanager
def with_texts(tree: Path, texts: Mapping[str, str]) -> Iterator[None]:
    """The tree with these files' texts; afterwards each is what it was, byte by byte."""
    before = {file: (tree / file).read_bytes() for file in texts}
    try:
        for file, text in texts.items():
            (tree / file).write_bytes(text.encode())
        yield
    finally:
        for file, content in before.items():
            (tree / file).write_bytes(content)
