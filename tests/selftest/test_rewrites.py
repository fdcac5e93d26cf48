"""No false alarm: what changes nothing in the stack changes nothing in the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from tests.selftest.breaking import broken_stack
from tests.support.tier import run_tier

pytestmark = [pytest.mark.selftest, pytest.mark.provider]


class Edit(BaseModel):
    """A text to find in a file, or in all that match, and what to put there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    find: str = Field(min_length=3)
    replace: str
    all: bool = False

    def apply(self, stack: Path) -> None:
        """Make the edit; AssertionError if its place is not there, or not once."""
        found = {path: path.read_text(encoding="utf-8") for path in stack.glob(self.file)}
        count = sum(text.count(self.find) for text in found.values())
        assert count == 1 or (self.all and count > 1), f"{count} times {self.find!r}"
        for path, text in found.items():
            path.write_text(text.replace(self.find, self.replace), encoding="utf-8")


class Move(BaseModel):
    """A file whose content goes to the end of another, or a directory that gets another name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(alias="from")
    target: str = Field(alias="to")

    def apply(self, stack: Path) -> None:
        """Make the move."""
        source, target = stack / self.source, stack / self.target
        if source.is_dir():
            source.rename(target)
            return
        with target.open("a", encoding="utf-8") as end:
            end.write("\n" + source.read_text(encoding="utf-8"))
        source.unlink()


class Rewrite(BaseModel):
    """Edits and moves that together change nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    edits: tuple[Edit, ...] = ()
    moves: tuple[Move, ...] = ()

    def apply(self, stack: Path) -> None:
        """Make them all."""
        for edit in self.edits:
            edit.apply(stack)
        for move in self.moves:
            move.apply(stack)


def load() -> tuple[Rewrite, ...]:
    """Every rewrite in rewrites.yaml."""
    text = Path(__file__).with_name("rewrites.yaml").read_text(encoding="utf-8")
    return tuple(Rewrite.model_validate(entry) for entry in yaml.safe_load(text)["rewrites"])


@pytest.mark.parametrize("rewrite", load(), ids=lambda rewrite: rewrite.id)
def test_rewrite_raises_no_alarm(rewrite: Rewrite, tmp_path: Path) -> None:
    stack = broken_stack([], tmp_path)
    rewrite.apply(stack)
    run = run_tier(
        "static", stack, tmp_path / "reports", ["tests/unit", "--environment=production"]
    )
    alarms = [t["message"] for t in run.tests if t["outcome"] in ("fail", "invalid")]
    assert alarms == [], run.output[-2000:]
    assert run.code == 0, run.output[-2000:]
