"""Mistakes put into a copy of the stack."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tests.support.project import ROOT

STACK = ROOT / "terraform"
WAIVERS = ROOT / "tests" / "waivers.yaml"
PATH = Path(__file__).with_name("breaks.yaml")

Place = Literal["source", "plan", "policy", "deployed"]


class Break(BaseModel):
    """One mistake: `find` in `file` becomes `replace`, and `requirement` must fail for it.

    `places` are where it must fail, `says` a regular expression that one of its messages matches
    there, `also` other requirements that the same mistake breaks. With one that is not `plannable`
    only the source can be looked at; one that would hide others is made `apart`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    requirement: str
    places: tuple[Place, ...] = Field(min_length=1)
    says: str
    file: str
    find: str = Field(min_length=1)
    replace: str
    occurrence: Literal["only", "first", "last"] = "only"
    deviation: int | None = None
    also: tuple[str, ...] = ()
    plannable: bool = True
    apart: bool = False

    def apply(self, stack: Path) -> None:
        """Make the mistake; AssertionError when the place to make it is not there, or not once."""
        path = stack / self.file
        text = path.read_text(encoding="utf-8")
        count = text.count(self.find)
        assert count == 1 or (count > 1 and self.occurrence != "only"), (
            f"{self.id}: `find` stands {count} times in {self.file}; it must stand there once, or "
            "`occurrence` must choose the first or the last"
        )
        cut = text.rfind(self.find) if self.occurrence == "last" else text.find(self.find)
        changed = text[:cut] + self.replace + text[cut + len(self.find) :]
        path.write_text(changed, encoding="utf-8")


def load() -> tuple[Break, ...]:
    """Every mistake in breaks.yaml."""
    entries = yaml.safe_load(PATH.read_text(encoding="utf-8"))["breaks"]
    return tuple(Break.model_validate(entry) for entry in entries)


def broken_stack(breaks: Iterable[Break], directory: Path) -> Path:
    """A copy of the stack, below `directory`, with the mistakes made."""
    stack = directory / "terraform"
    shutil.copytree(STACK, stack, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    (directory / "tests").mkdir()
    shutil.copy(WAIVERS, directory / "tests")
    for mistake in breaks:
        mistake.apply(stack)
    return stack
