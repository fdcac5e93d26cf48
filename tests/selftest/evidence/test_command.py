"""`python -m tests.evidence` writes what the reports prove, or says in one line why it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.evidence.__main__ import DATA, OSCAL, PAGE, main
from tests.selftest.documented import given
from tests.selftest.evidence.documents import outcome, report
from tests.support import provenance
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

STACK = ROOT / "terraform"
WRITTEN = {PAGE, DATA, OSCAL}
SECONDS = 120
Capture = pytest.CaptureFixture[str]


def put(directory: Path, *reports: dict[str, Any]) -> Path:
    """The directory with these reports in it."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = {f"{one['tier']}.json": json.dumps(one) for one in reports}
    assert all((directory / name).write_text(text, "utf-8") for name, text in texts.items())
    return directory


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A checkout without uncommitted changes, as the report of a run tells it that ends now."""
    real = asdict(provenance.checkout(STACK)) | {"dirty": False, "commit": "a" * 40}
    monkeypatch.setattr(provenance, "checkout", lambda _: provenance.Checkout(**real))
    return real | {"started": provenance.now(), "ended": provenance.now()}


def written(directory: Path) -> dict[str, Any]:
    """The evidence that lies in the directory."""
    found: dict[str, Any] = json.loads((directory / DATA).read_text("utf-8"))
    return found


def test_evidence_is_written_beside_the_reports(tmp_path: Path, capsys: Capture) -> None:
    directory = put(tmp_path / "reports", report("static", outcome(requirement="TF-01")))
    assert main(["--reports", str(directory)]) == 0
    assert {path.name for path in directory.iterdir()} == {*WRITTEN, "static.json"}
    assert "integration.json: there is no such report" in capsys.readouterr().out


def test_whole_run_on_a_clean_checkout_proves(tmp_path: Path, clean: dict[str, Any]) -> None:
    test = outcome(requirement="TF-01", test="tests/unit/test_stack.py::test_stack_is_valid")
    put(tmp_path, report("static", test, provenance=clean))
    assert main(["--reports", str(tmp_path)]) == 0
    assert written(tmp_path)["totals"]["proven"] == 1


def test_stale_report_proves_nothing(tmp_path: Path, clean: dict[str, Any]) -> None:
    old = report("static", outcome(requirement="TF-01"), provenance=clean | {"commit": "0" * 40})
    assert main(["--reports", str(put(tmp_path, old))]) == 0
    assert (written(tmp_path)["totals"]["proven"], written(tmp_path)["totals"]["stale"]) == (0, 1)


def test_nothing_is_proven_without_reports(tmp_path: Path, capsys: Capture) -> None:
    assert main(["--reports", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out.startswith("0 of ")
    assert [run["missing"] for run in written(tmp_path / "none")["runs"]] == [True] * 3


def test_further_reports_add_what_they_show(
    tmp_path: Path, clean: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"requirement": "TF-05", "test": "test_second_plan"}
    first = report("integration", outcome("deployed", "not_provable", **seen), provenance=clean)
    on_aws = {**clean, "target": "staging"}
    then = report("integration", outcome("deployed", target="staging", **seen), provenance=on_aws)
    here = put(tmp_path / "reports", first)
    put(tmp_path / "staging-reports", then)
    monkeypatch.chdir(tmp_path)
    assert main(given("tox -e evidence -- --reports reports --reports staging-reports")) == 0
    assert [run["report"] for run in written(here)["runs"]][3:] == [
        "staging-reports/integration.json"
    ]
    assert written(here)["totals"]["proven"] == 1


FAILED = report("integration", outcome("deployed", "fail", requirement="TF-05"))


@pytest.mark.parametrize("further", ["stagin-reports", "empty"])
def test_further_directory_without_a_report_is_refused(
    further: str, tmp_path: Path, capsys: Capture
) -> None:
    put(tmp_path / "staging-reports", FAILED)
    put(tmp_path / "empty")
    here = tmp_path / "reports"
    assert main(["--reports", str(here), "--reports", str(tmp_path / further)]) == 1
    told = capsys.readouterr().err
    assert f"{further}: there is no static.json, integration.json or load.json in it" in told
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("further", "names"),
    [
        (["a/reports", "b/reports"], ["a/reports", "b/reports"]),
        (["a/reports", "b/reports", "c"], ["a/reports", "b/reports", "c"]),
        (["a/reports", "c/a/reports"], ["reports/a/reports", "c/a/reports"]),
        (["reports"], ["reports"]),
    ],
    ids=["two-of-a-name", "and-another", "longer", "that-of-the-first"],
)
def test_every_run_has_a_name_of_its_own(
    further: list[str], names: list[str], tmp_path: Path
) -> None:
    here = put(tmp_path / "reports", report("integration"))
    places = [put(here / one, FAILED) for one in further]
    assert main([word for place in (here, *places) for word in ("--reports", str(place))]) == 0
    found = [run["report"] for run in written(here)["runs"]]
    assert found[3:] == [f"{one}/integration.json" for one in names]


def test_directory_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    here = str(put(tmp_path, FAILED))
    assert main(["--reports", here, "--reports", f"{here}/"]) == 0
    assert len(written(tmp_path)["runs"]) == 3


SPOILT: dict[str, Callable[[Path], object]] = {
    "no-json": lambda place: (place / "load.json").write_text("{", "utf-8"),
    "mutants-no-json": lambda place: (place / "mutants.json").write_text("[]", "utf-8"),
    "a-directory-for-a-page": lambda place: (place / PAGE / "x").mkdir(parents=True),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_bad_input_is_one_line_and_leaves_no_old_evidence(
    spoil: Callable[[Path], object], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / DATA).touch()
    spoil(tmp_path)
    assert main(["--reports", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert (told.startswith("error: "), told.count("\n")) == (True, 1)
    assert not (tmp_path / DATA).exists() or (tmp_path / PAGE).is_dir()


def test_places_in_a_loop_of_links_are_refused(tmp_path: Path, capsys: Capture) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert main(["--reports", str(loop)]) == 1
    assert capsys.readouterr().err.startswith(f"error: cannot write {loop}: ")
    assert main(["--reports", str(tmp_path), "--stack", str(loop)]) == 1
    assert f"--stack {loop}: no such directory" in capsys.readouterr().err


def test_interrupt_ends_without_a_traceback(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(provenance, "checkout", interrupted)
    assert main(["--reports", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "error: interrupted\n"


def test_directory_without_a_stack_is_refused(tmp_path: Path, capsys: Capture) -> None:
    assert main(["--reports", str(tmp_path), "--stack", str(tmp_path)]) == 1
    assert "no .tf file in it" in capsys.readouterr().err


def test_command_says_which_environment_has_what_it_needs(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['trestle'] = None; from tests.evidence.__main__ import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{hidden}sys.exit(main(['--reports', sys.argv[1]]))", tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "run tox -e evidence" in done.stderr


def test_evidence_names_no_place_of_this_machine(tmp_path: Path) -> None:
    message = f"FileNotFoundError: {ROOT}/.cache/x and {Path.home()}/.aws"
    put(
        tmp_path, report("static", outcome("plan", "invalid", requirement="TF-01", message=message))
    )
    main(["--reports", str(tmp_path)])
    texts = [(tmp_path / name).read_text("utf-8") for name in WRITTEN]
    assert [place in text for text in texts for place in (f"{ROOT}/", f"{Path.home()}/.aws")] == [
        False
    ] * 6
