"""A tier's report says of what it is, and what kept the run from being a whole one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.selftest.breaking import STACK
from tests.support import provenance
from tests.support.catalogue import Place
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

SECONDS = 120
FILE, NAMED = "tests/unit/test_source.py", "are_pinned"
PLANNED, DEPLOYED = "stacks/one", "deployments/two/stack"
LOCKED = ".terraform/providers/registry.terraform.io/hashicorp/aws/{}/linux_amd64"


def git(directory: Path, *arguments: str) -> None:
    """Run git there, as nobody in particular."""
    who = ["-c", "user.name=suite", "-c", "user.email=suite@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=directory, check=True, timeout=SECONDS)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, a stack in it."""
    root = tmp_path / "repository"
    (root / "terraform").mkdir(parents=True)
    (root / "terraform" / "main.tf").write_text("locals {}\n", encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    return root


def look(root: Path) -> provenance.Checkout:
    """What is checked out in the repository."""
    return provenance.checkout(root / "terraform", root)


def test_clean_checkout_is_a_commit(repository: Path) -> None:
    found = look(repository)
    assert (len(found.commit or ""), found.dirty, found.stack) == (40, False, "terraform")


@pytest.mark.parametrize("name", ["terraform/main.tf", "terraform/more.tf", "tests.py"])
def test_change_that_is_not_committed_is_told(name: str, repository: Path) -> None:
    clean = look(repository)
    (repository / name).write_text("locals { a = 1 }\n", encoding="utf-8")
    assert look(repository).dirty
    assert (look(repository).stack_hash != clean.stack_hash) == name.startswith("terraform")


def test_new_file_is_told_whatever_git_is_configured_to_show(repository: Path) -> None:
    git(repository, "config", "status.showUntrackedFiles", "no")
    (repository / "more.py").touch()
    assert look(repository).dirty


def test_what_git_ignores_is_no_change(repository: Path) -> None:
    (repository / ".git" / "info" / "exclude").write_text("reports/\n", encoding="utf-8")
    (repository / "reports").mkdir()
    (repository / "reports" / "static.json").touch()
    assert not look(repository).dirty


def test_what_git_cannot_tell_counts_as_changed(tmp_path: Path) -> None:
    found = provenance.checkout(STACK, tmp_path)
    assert (found.commit, found.dirty) == (None, True)


def test_files_that_change_during_a_run_are_told(tmp_path: Path) -> None:
    stack = tmp_path / "terraform"
    stack.mkdir()
    before = provenance.Checkout("a" * 40, False, "terraform", "b" * 64)
    begun = provenance.Begun(provenance.now(), stack, before)
    assert provenance.describe(begun, set())["dirty"]


@pytest.mark.parametrize(
    ("places", "target", "tools"),
    [
        pytest.param({Place.source}, None, {"Python"}, id="source"),
        pytest.param({Place.policy}, None, {"Python", "Checkov"}, id="policies"),
        pytest.param({Place.source}, "staging", {"Python", "boto3"}, id="staging"),
    ],
)
def test_versions_are_those_of_the_tools_used(
    places: set[Place], target: str | None, tools: set[str]
) -> None:
    found = provenance.describe(provenance.begin(STACK), places, target, "staging")
    assert set(found["versions"]) == tools


def test_account_is_told_where_something_deployed_was_looked_at() -> None:
    begun = provenance.begin(STACK)
    assert provenance.describe(begun, set(), None, "staging")["account"] is None
    assert len(provenance.describe(begun, set(), "emulator", "staging")["account"]) == 12


Copy = tuple[str, str, int]


def keep(cache: Path, place: str, version: str, content: str, used: int) -> Path:
    """A copy that Terraform has initialised, last used at that second."""
    copy = cache / place
    program = copy / LOCKED.format(version) / f"terraform-provider-aws_v{version}"
    program.parent.mkdir(parents=True)
    program.touch()
    (copy / "main.tf").write_text(content, encoding="utf-8")
    os.utime(copy.parent if copy.name == "stack" else copy, (used, used))
    return copy


@pytest.mark.parametrize(
    ("copies", "version"),
    [
        pytest.param({PLANNED: ("5.100.0", "locals {}", 2)}, "5.100.0", id="planned"),
        pytest.param({DEPLOYED: ("5.101.0", "locals {}", 1)}, "5.101.0", id="deployed"),
        pytest.param(
            {PLANNED: ("5.100.0", "locals {}", 1), DEPLOYED: ("5.101.0", "locals {}", 2)},
            "5.101.0",
            id="later-one",
        ),
        pytest.param({PLANNED: ("5.100.0", "locals { a = 1 }", 2)}, None, id="another-stack"),
        pytest.param({}, None, id="none"),
    ],
)
def test_provider_is_that_of_the_copy_used_last(
    copies: dict[str, Copy], version: str | None, tmp_path: Path
) -> None:
    stack, cache = tmp_path / "terraform", tmp_path / "cache"
    stack.mkdir()
    (stack / "main.tf").write_text("locals {}", encoding="utf-8")
    assert all(keep(cache, place, *one) for place, one in copies.items())
    assert provenance.provider_version(stack, cache) == version


def test_provider_of_no_stack_is_none(tmp_path: Path) -> None:
    keep(tmp_path / "cache", PLANNED, "5.100.0", "locals {}", 1)
    (tmp_path / "terraform").mkdir()
    assert provenance.provider_version(tmp_path / "terraform", tmp_path / "cache") is None


def tier(reports: Path, *arguments: str) -> dict[str, Any]:
    """The record of a run of the static tier."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    subprocess.run(
        [*command, f"--reports={reports}"],
        cwd=ROOT,
        env={**os.environ, "SUITE_TIER": "static"},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    found: dict[str, Any] = json.loads((reports / "static.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tests/unit", "-m", "source", "-k", NAMED], ["-m source", f"-k {NAMED}"]),
        (
            [FILE, "-k", NAMED],
            [f"-k {NAMED}", f"only {FILE}"],
        ),
        (
            ["tests/unit", "-m", "source", "-k", NAMED, "--environment", "staging"],
            ["-m source", f"-k {NAMED}", "--environment staging"],
        ),
    ],
    ids=["markers", "one-file", "one-environment"],
)
def test_run_says_what_left_tests_out(
    arguments: list[str], says: list[str], tmp_path: Path
) -> None:
    assert tier(tmp_path, *arguments)["provenance"]["narrowed"] == says


@pytest.mark.parametrize(("more", "complete"), [([], True), (["-x"], False)], ids=["all", "x"])
def test_run_that_stops_at_the_first_failure_is_not_complete(
    more: list[str], complete: bool, tmp_path: Path
) -> None:
    guide = ROOT / "tests" / "selftest" / "guide_stack"
    found = tier(tmp_path, FILE, f"--stack={guide}", *more)
    assert "fail" in {one["outcome"] for one in found["tests"]}
    assert found["complete"] is complete


def test_record_names_no_place_of_this_machine(tmp_path: Path) -> None:
    found = tier(tmp_path, str(ROOT / FILE), "-k", NAMED)
    assert str(ROOT) not in json.dumps(found["provenance"])


def test_load_tier_says_of_what_it_is_and_what_was_left_out(tmp_path: Path) -> None:
    # It has a file, so that it is a stack, and no environment that could be deployed.
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "main.tf").touch()
    command = [sys.executable, "-m", "tests.load", f"--stack={tmp_path / 'none'}", "--rate=3"]
    subprocess.run(
        [*command, f"--reports={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    told = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))["provenance"]
    assert (told["target"], told["environment"], told["stack"]) == ("emulator", "staging", "none")
    assert told["narrowed"] == ["--rate 3.0"]
