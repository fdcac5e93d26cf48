"""Small repositories around a stack, and what the source tests say of what lies beside it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from tests.selftest.breaking import STACK
from tests.support.project import ROOT

WORKFLOW = ".github/workflows/deploy.yml"
RUNBOOKS = "docs/runbooks.md"
REQUIREMENT = re.compile(r"^([A-Z]+-\d\d) \[", re.MULTILINE)


class Mistake(BaseModel):
    """One mistake: `find` becomes `replace`, in the file or in one `job` of it.

    `test` must fail on it with a message that matches `says`, and no requirement may fail but
    `requirement` and those in `also`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    requirement: str
    test: str
    says: str = Field(min_length=4)
    find: str = Field(min_length=4)
    replace: str
    job: str = ""
    also: tuple[str, ...] = ()

    def made_in(self, text: str) -> str:
        """The text with the mistake; AssertionError if its place is not there exactly once."""
        begin = text.index(f"\n  {self.job}:\n") + 1 if self.job else 0
        following = re.compile(r"^  \w+:$", re.MULTILINE).search(text, begin + 4)
        end = following.start() if self.job and following else len(text)
        return text[:begin] + changed(text[begin:end], self.find, self.replace) + text[end:]


def mistakes(about: str) -> tuple[Mistake, ...]:
    """The mistakes in `about`_mistakes.yaml: the pipeline's, the runbook's, how a runbook waits."""
    path = Path(__file__).with_name(f"{about}_mistakes.yaml")
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["mistakes"]
    return tuple(Mistake.model_validate(entry) for entry in entries)


class Failures:
    """A pytest plugin that keeps the message of each test that fails, by the test's name."""

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.messages[report.nodeid.partition("::")[2]] = report.longreprtext

    @property
    def requirements(self) -> set[str]:
        """The requirements that failed; what could not be judged has none."""
        return {name for text in self.messages.values() for name in REQUIREMENT.findall(text)}

    def of(self, test: str) -> str:
        """The message of a test that failed; AssertionError if it did not."""
        assert test in self.messages, sorted(self.messages)
        return self.messages[test]


def written(name: str) -> str:
    """A file of this repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def changed(text: str, old: str, new: str) -> str:
    """The text with `old` replaced, which must stand in it exactly once."""
    assert text.count(old) == 1, f"{text.count(old)} times: {old}"
    return text.replace(old, new)


def repository(directory: Path, files: dict[str, str]) -> Path:
    """A repository of these files around what of the stack they are about; returns the stack."""
    stack = directory / "terraform"
    shutil.copytree(STACK / "environments", stack / "environments")
    shutil.copy(STACK / "pipeline.tf", stack)
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return stack


def judge(stack: Path, tests: str, tier: str = "unit") -> Failures:
    """Run the files of a tier that `tests` matches on a stack, in this process."""
    failures = Failures()
    arguments = [
        "-q",
        "--no-header",
        "-p",
        "no:cacheprovider",
        *map(str, sorted((ROOT / "tests" / tier).glob(tests))),
    ]
    pytest.main([*arguments, f"--stack={stack}", f"--rootdir={ROOT}"], plugins=[failures])
    return failures
