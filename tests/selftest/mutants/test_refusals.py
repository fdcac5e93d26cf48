"""Invalid is what Terraform rejects in a tree; whatever else goes wrong is unjudged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.planner import Planner
from tests.mutants.worker import Judge
from tests.support import planning
from tests.support.outcomes import SuiteError
from tests.support.terraform import Completed

pytestmark = pytest.mark.selftest


def error(summary: str, detail: str = "", line: int = 0) -> dict[str, Any]:
    """An error as Terraform tells it; without a line it has no place in the tree."""
    place = {"range": {"filename": "a.tf", "start": {"line": line}}} if line else {}
    return {"severity": "error", "summary": summary, "detail": detail, **place}


def ended(code: int, *errors: dict[str, Any], output: str = "") -> Completed:
    """A command that ended so."""
    events = tuple({"type": "diagnostic", "diagnostic": one} for one in errors)
    return Completed(code, events, output)


class Scripted:
    """Terraform that says what it is told to, command by command."""

    providers = "none"

    def __init__(self) -> None:
        self.says: dict[str, list[Completed]] = {}

    def run(self, command: str, *_arguments: str, **_options: Any) -> Completed:
        return self.says[command].pop(0)

    def validates(self, *errors: dict[str, Any]) -> None:
        """What it says when it is asked to validate."""
        self.says["validate"] = [Completed(0, (), json.dumps({"diagnostics": errors}))]


@pytest.fixture
def terraform() -> Scripted:
    """A Terraform that is content with every tree."""
    scripted = Scripted()
    scripted.validates()
    return scripted


@pytest.fixture
def planner(tmp_path: Path, terraform: Scripted) -> Any:
    """A planner that asks it; `placeholder` in an error names one of the stand-in's."""
    planner: Any = Planner(tmp_path)
    planner._program, planner._copy = terraform, tmp_path
    planner._source = planner._endpoint = None
    stand = SimpleNamespace(
        forget=lambda: None,
        environment=dict,
        named_in=lambda text: "placeholder" in text,
        name_symbols=lambda document: document,
    )
    planner._stand = lambda _account: ({}, stand)
    return planner


CYCLE = error("Cycle: local.a, local.b")
MISFIT = error("Invalid value for variable", "app_min_count must be at least 1.", 3)
PLACEHOLDER = error("Invalid value", "placeholder is none of these words", 3)


@pytest.mark.parametrize(
    ("refusal", "validation", "by"),
    [
        (MISFIT, [], "plan"),
        (MISFIT, [MISFIT], "validate"),
        (CYCLE, [CYCLE], "validate"),
    ],
    ids=["place", "place, by validate", "none, by validate"],
)
def test_error_in_the_tree_is_a_refusal(
    refusal: dict[str, Any], validation: list[dict[str, Any]], by: str,
    planner: Planner, terraform: Scripted,
) -> None:  # fmt: skip
    terraform.says["plan"] = [ended(1, refusal)]
    terraform.validates(*validation)
    planned = planner.plan("production", "1")
    assert (planned.document, planned.first) == (None, by)
    assert refusal["summary"] in planned.refusal


@pytest.mark.parametrize(
    "ending",
    [
        ended(-9),
        ended(-9, MISFIT),
        ended(1, output="Invalid TCP address"),
        ended(1, error("Failed to write plan file", "no space left on device")),
        ended(1, error("Plugin did not respond", "The plugin encountered an error", 3)),
        ended(1, MISFIT, error("Request cancelled", "The request was cancelled", 3)),
    ],
    ids=["killed", "killed later", "words", "disk", "provider ended", "provider stopped"],
)
def test_anything_else_that_ends_a_plan_is_no_refusal(
    ending: Completed, planner: Planner, terraform: Scripted
) -> None:
    terraform.says["plan"] = [ending]
    with pytest.raises(SuiteError):
        planner.plan("production", "1")


def test_validation_that_a_provider_broke_off_says_nothing_of_the_tree(
    planner: Planner, terraform: Scripted
) -> None:
    terraform.validates(error("Plugin did not respond", "", 3))
    with pytest.raises(SuiteError, match="Plugin did not respond"):
        planner.validate()


@pytest.mark.usefixtures("refused_placeholder")
def test_slower_plan_that_takes_too_long_is_no_refusal(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object) -> None:
        raise SuiteError("terraform plan: did not finish within 300 s and was stopped")

    monkeypatch.setattr(planning, "plan", late)
    with pytest.raises(SuiteError, match="did not finish"):
        planner.plan("production", "1")


@pytest.mark.usefixtures("refused_placeholder")
def test_slower_plan_is_made_where_only_a_placeholder_is_refused(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "plan", lambda *_: {"made": "again"})
    assert planner.plan("production", "1").document == {"made": "again"}


@pytest.fixture
def refused_placeholder(terraform: Scripted) -> None:
    """The provider refuses a placeholder, and takes the tree without."""
    terraform.says["plan"] = [ended(1, PLACEHOLDER), ended(0)]
    terraform.says["show"] = [Completed(0, (), "{}")]


def test_tree_that_is_refused_without_placeholders_too_is_invalid(
    planner: Planner, terraform: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise SuiteError("a.tf:3: Invalid value for variable")

    monkeypatch.setattr(planning, "plan", refused)
    terraform.says["plan"] = [ended(1, PLACEHOLDER), ended(1, MISFIT)]
    assert "Invalid value for variable" in planner.plan("production", "1").refusal


# --- The tree's copy ------------------------------------------------------------------------


UNAVAILABLE = error("Failed to query available provider packages", "locked provider "
                    "5.100.0 does not match configured\nversion constraint ~> 99.0")  # fmt: skip


@pytest.mark.parametrize("refusal", [MISFIT, UNAVAILABLE], ids=["place", "version"])
def test_init_that_objects_to_the_tree_is_a_refusal(
    refusal: dict[str, Any], planner: Planner, terraform: Scripted
) -> None:
    terraform.says["init"] = [ended(1, refusal), ended(0)]
    with planner.changed({}, initialise=True) as said:
        assert refusal["summary"] in said


@pytest.mark.parametrize(
    "ending",
    [
        ended(-9),
        ended(1, error("Failed to query available provider packages", "could not connect")),
        ended(1, error("Failed to install provider", "no space left on device")),
    ],
    ids=["killed", "registry", "disk"],
)
def test_anything_else_that_ends_an_init_is_no_refusal(
    ending: Completed, planner: Planner, terraform: Scripted
) -> None:
    terraform.says["init"] = [ending, ended(0)]
    with pytest.raises(SuiteError), planner.changed({}, initialise=True):
        pass
    with planner.changed({}) as said:
        assert said == ""


def test_copy_that_is_not_initialised_again_takes_no_mutant_until_it_is(
    planner: Planner, terraform: Scripted
) -> None:
    failed = ended(1, output="no space left on device")
    terraform.says["init"] = [ended(0), failed, failed, ended(0)]
    with pytest.raises(SuiteError, match="no space left"), planner.changed({}, initialise=True):
        pass
    with pytest.raises(SuiteError, match="no space left"), planner.changed({}):
        pytest.fail("looked at a broken copy")
    with planner.changed({}) as said:
        assert said == ""
    assert terraform.says["init"] == []


@pytest.mark.parametrize(
    "content", [b"a = 1\r\nb = 2\r\n", b"\xef\xbb\xbfa = 1\nb = 2\n"], ids=["CRLF", "BOM"]
)
def test_changed_file_is_restored_byte_by_byte(
    content: bytes, planner: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, planned = tmp_path / "own", tmp_path / "planned"
    own.mkdir()
    (own / "a.tf").write_bytes(content)
    planner._copy = shutil.copytree(own, planned)
    children: Any = (None, None)
    judge = Judge(own, tmp_path, planner, *children)
    files, seen = [own / "a.tf", planned / "a.tf"], list[bytes]()
    monkeypatch.setattr(judge, "_look", lambda *_: seen.extend(f.read_bytes() for f in files))
    judge.judge(Mutant("one", "", "", 1, "", (Edit("a.tf", 4, 5, "3"),)))
    assert [one.count(b"a = 3") for one in seen] == [1, 1]
    assert [file.read_bytes() for file in files] == [content, content]
