"""The command judges what is left, takes what may be taken, and ends with the right code."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.mutants import __main__ as command
from tests.mutants import record
from tests.selftest.mutants.scripted import SSL_POLICY, Scripted, told_of

pytestmark = pytest.mark.selftest


def test_survivor_is_told_and_fails_the_run(
    small_run: list[str], scripted: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted.outcomes[SSL_POLICY] = "survived"
    assert command.main(small_run) == 1
    assert f"survived  {SSL_POLICY}  (network.tf:" in capsys.readouterr().out


def test_run_passes_when_everything_is_noticed(small_run: list[str], scripted: Scripted) -> None:
    assert command.main(small_run) == 0
    assert SSL_POLICY in scripted.asked


def test_what_could_not_be_judged_is_no_pass(small_run: list[str], scripted: Scripted) -> None:
    scripted.outcomes[SSL_POLICY] = "unjudged"
    assert command.main(small_run) == 3


@pytest.mark.parametrize("outcome", ["invalid", "unjudged"])
def test_run_that_judged_nothing_is_no_pass(
    outcome: str, small_run: list[str], scripted: Scripted
) -> None:
    scripted.outcomes[SSL_POLICY] = outcome
    assert command.main([*small_run, f"--id={SSL_POLICY}"]) == 3


def test_run_with_a_kill_passes_whatever_is_invalid(
    small_run: list[str], scripted: Scripted
) -> None:
    scripted.outcomes[SSL_POLICY] = "invalid"
    assert command.main(small_run) == 0


def test_kill_of_an_earlier_suite_is_taken_and_said(
    small_run: list[str], scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.outcomes[SSL_POLICY] = "survived"
    command.main(small_run)
    scripted.asked = []
    monkeypatch.setattr(record, "key", lambda _stack: "another")
    command.main([*small_run, "--survivors"])
    assert set(scripted.asked) == {"", SSL_POLICY}
    (said,) = told_of(tmp_path)["provenance"]["narrowed"][1:]
    assert said == "--survivors, 2 kills by an earlier suite"


@pytest.mark.parametrize("outcome", ["survived", "invalid", "unjudged"])
def test_nothing_but_a_kill_is_taken_of_an_earlier_suite(
    outcome: str, small_run: list[str], scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.outcomes[SSL_POLICY] = outcome
    command.main(small_run)
    scripted.asked = []
    monkeypatch.setattr(record, "key", lambda _stack: "another")
    command.main([*small_run, "--survivors"])
    assert SSL_POLICY in scripted.asked


def test_kill_on_another_stack_is_not_taken(
    small_run: list[str], scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.main(small_run)
    first, scripted.asked = scripted.asked, []
    (tmp_path / "terraform" / "more.tf").write_text("# Nothing moves.\n", encoding="utf-8")
    monkeypatch.setattr(record, "key", lambda _stack: "another")
    command.main([*small_run, "--survivors"])
    assert sorted(scripted.asked) == sorted(first)


def test_resumed_run_is_as_whole_as_one_in_a_piece(
    small_run: list[str], scripted: Scripted, tmp_path: Path
) -> None:
    scripted.outcomes[SSL_POLICY] = "interrupt"
    command.main(small_run)
    scripted.outcomes.clear()
    command.main([*small_run, "--resume"])
    assert told_of(tmp_path)["provenance"]["narrowed"] == ["--operator weaken-tls"]


def test_resumed_run_judges_what_is_left(small_run: list[str], scripted: Scripted) -> None:
    scripted.outcomes[SSL_POLICY] = "interrupt"
    assert command.main(small_run) == 3
    before, scripted.asked = set(scripted.asked) - {SSL_POLICY, ""}, []
    scripted.outcomes.clear()
    assert command.main([*small_run, "--resume"]) == 0
    assert before.isdisjoint(scripted.asked)
    assert SSL_POLICY in scripted.asked


def test_what_could_not_be_judged_is_asked_anew(small_run: list[str], scripted: Scripted) -> None:
    scripted.outcomes[SSL_POLICY] = "unjudged"
    command.main(small_run)
    scripted.asked = []
    scripted.outcomes.clear()
    assert command.main([*small_run, "--resume"]) == 0
    assert set(scripted.asked) - {""} == {SSL_POLICY}


def test_result_is_forgotten_when_the_edit_is_another(
    small_run: list[str], scripted: Scripted, tmp_path: Path
) -> None:
    command.main(small_run)
    scripted.asked = []
    file = tmp_path / "terraform" / "network.tf"
    file.write_text("# Everything is further down.\n" + file.read_text(encoding="utf-8"))
    command.main([*small_run, "--resume"])
    assert set(scripted.asked) == {"", SSL_POLICY}


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--operator=none-such", "no operator is called none-such; there are: "),
        ("--jobs=0", "--jobs 0: from 1 to 16"),
        ("--sample=0", "--sample 0: at least 1"),
        ("--stack=/none/such", "--stack /none/such: no such directory, or no .tf file in it"),
        ("--id=none-such", "--id none-such: there is no such mutant; --list names them"),
    ],
)
def test_bad_option_is_refused_in_one_line(
    option: str, said: str, small_run: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([*small_run, option]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {said}")
    assert told.count("\n") == 1


def test_list_judges_nothing(
    small_run: list[str], scripted: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([*small_run, "--list"]) == 0
    assert SSL_POLICY in capsys.readouterr().out
    assert scripted.asked == []
    # As Python has it: with the default, whatever writes to a closed pipe later ends the process.
    assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN


@pytest.mark.parametrize("place", ["file", "loop"])
def test_reports_that_cannot_be_written_are_refused_before_a_mutant_is_judged(
    place: str, small_run: list[str], scripted: Scripted, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert command.main([*small_run, f"--reports={tmp_path / place}"]) == 2
    assert capsys.readouterr().err.startswith(f"error: --reports {tmp_path / place}: ")
    assert scripted.asked == []
