"""What has been judged is kept, taken up again, and told as it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import __main__ as command
from tests.mutants import equivalents, record, report, run
from tests.mutants.enumeration import mutants
from tests.mutants.mutant import Edit, Mutant
from tests.support.outcomes import SuiteError

pytestmark = pytest.mark.selftest

SMALL = Path(__file__).parent / "stack"
KILL = {"test": "t", "requirement": "DB-02", "layer": "plan", "message": "m"}


def mutant(name: str) -> Mutant:
    """A mutant of which only the name matters."""
    return Mutant(name, "operator", "security", 1, "a → b", (Edit("a.tf", 0, 1, name),))


def result(name: str, outcome: str = "killed", **more: Any) -> dict[str, Any]:
    """What a worker says of it."""
    killed = KILL if outcome == "killed" else None
    return {"id": name, "outcome": outcome, "killed": killed, **more}


class Scripted:
    """A worker that says what it is told to, and remembers what it was asked."""

    asked: list[str]

    def __init__(self, outcomes: dict[str, str]) -> None:
        self.outcomes = outcomes
        self.asked = []

    def judge(self, one: Mutant) -> dict[str, Any]:
        self.asked.append(one.id)
        outcome = self.outcomes.get(one.id, "killed" if one.id else "survived")
        if outcome == "interrupt":
            raise SuiteError("a worker ended before it answered; --resume goes on")
        return result(one.id, outcome)

    def close(self) -> None:
        """Nothing to let go."""

    stop = close


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """The worker of every run of the test."""
    worker = Scripted({})
    monkeypatch.setattr(run, "Worker", lambda _stack: worker)
    return worker


def journal(directory: Path, key: str = "key") -> record.Journal:
    return record.Journal(directory / "results.jsonl", key)


def test_result_of_another_stack_or_suite_is_not_taken_up(tmp_path: Path) -> None:
    journal(tmp_path, "old").add(result("one"))
    journal(tmp_path, "new").add(result("two"))
    assert journal(tmp_path, "new").results().keys() == {"two"}


def test_torn_last_line_is_no_result(tmp_path: Path) -> None:
    journal(tmp_path).add(result("one"))
    with (tmp_path / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": "key", "id": "two", "outc')
    assert journal(tmp_path).results().keys() == {"one"}


def test_run_that_is_broken_off_keeps_what_it_judged(tmp_path: Path, scripted: Scripted) -> None:
    scripted.outcomes["three"] = "interrupt"
    every = [mutant(name) for name in ("one", "two", "three", "four")]
    with pytest.raises(SuiteError, match="--resume"):
        run.run(SMALL, every, 1, journal(tmp_path), lambda _line: None)
    judged = set(scripted.asked) - {"", "three"}
    assert journal(tmp_path).results().keys() == judged


def test_tree_that_does_not_pass_as_it_is_is_refused(tmp_path: Path, scripted: Scripted) -> None:
    scripted.outcomes[""] = "killed"
    with pytest.raises(SuiteError, match="does not pass, so no mutant can be judged: DB-02"):
        run.run(SMALL, [mutant("one")], 1, journal(tmp_path), lambda _line: None)


def test_progress_tells_how_far_and_how_long(tmp_path: Path, scripted: Scripted) -> None:
    scripted.outcomes["two"] = "survived"
    said: list[str] = []
    run.run(SMALL, [mutant("one"), mutant("two")], 1, journal(tmp_path), said.append)
    assert said[-1].startswith("2 of 2: 1 killed, 1 survived; ")
    assert said[-1].endswith("about 0 min left")


@pytest.fixture
def small_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options of a run on a copy of the small tree, with a journal of its own."""
    shutil.copytree(SMALL, tmp_path / "stack")
    monkeypatch.setattr(command, "JOURNAL", tmp_path / "results.jsonl")
    monkeypatch.setattr(record, "key", lambda _stack: "key")
    where = [f"--stack={tmp_path / 'stack'}", f"--reports={tmp_path}"]
    return [*where, "--operator=weaken-tls", "--jobs=1"]


SSL_POLICY = "weaken-tls:network.tf:aws_lb_listener.https/ssl_policy"


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


def test_resumed_run_judges_what_is_left(small_run: list[str], scripted: Scripted) -> None:
    scripted.outcomes[SSL_POLICY] = "interrupt"
    assert command.main(small_run) == 3
    before, scripted.asked = set(scripted.asked) - {SSL_POLICY, ""}, []
    scripted.outcomes.clear()
    assert command.main([*small_run, "--resume"]) == 0
    assert before.isdisjoint(scripted.asked)
    assert SSL_POLICY in scripted.asked


def test_result_is_forgotten_when_the_edit_is_another(
    small_run: list[str], scripted: Scripted, tmp_path: Path
) -> None:
    command.main(small_run)
    scripted.asked = []
    file = tmp_path / "stack" / "network.tf"
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
    assert command.main([*small_run, option]) in (2, 3)
    told = capsys.readouterr().err
    assert told.startswith(f"error: {said}")
    assert told.count("\n") == 1


def test_list_judges_nothing(
    small_run: list[str], scripted: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([*small_run, "--list"]) == 0
    assert SSL_POLICY in capsys.readouterr().out
    assert scripted.asked == []


# --- Equivalents and the report -------------------------------------------------------------


def test_equivalent_that_is_gone_or_killed_is_a_problem() -> None:
    reasons = dict.fromkeys(("gone", "dead", "alive"), "nobody can tell it from the tree")
    results = {"dead": result("dead"), "alive": result("alive", "survived")}
    assert equivalents.problems(reasons, {"dead", "alive"}, results) == [
        "gone: there is no such mutant",
        "dead: it is killed, so it is no equivalent",
    ]


def test_equivalent_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.yaml"
    path.write_text("equivalent:\n  - ids: [one]\n    reason: none\n", encoding="utf-8")
    with pytest.raises(SuiteError, match=r"equivalent\.yaml"):
        equivalents.load(path)


def test_every_equivalent_is_a_mutant_of_the_stack() -> None:
    stack = Path(__file__).resolve().parents[3] / "terraform"
    known = {m.id for m in mutants(stack, rare=True)}
    assert equivalents.problems(equivalents.load(), known, {}) == []


RESULTS = {
    "killed": result("killed", checkov=["CKV_AWS_1 a.b"]),
    "survived": result("survived", "survived"),
    "equivalent": result("equivalent", "survived"),
    "invalid": result("invalid", "invalid", rejected_by="validate"),
    "unjudged": result("unjudged", "unjudged", reason="the tests took too long"),
}


@pytest.fixture
def told() -> dict[str, Any]:
    """The report on one mutant of each outcome, and on one that was not run."""
    names = [*RESULTS, "not run"]
    return report.document([mutant(n) for n in names], RESULTS, {"equivalent": "why"}, {})


def test_each_mutant_has_its_outcome(told: dict[str, Any]) -> None:
    assert [entry["outcome"] for entry in told["mutants"]] == [*RESULTS, "not run"]


def test_score_is_of_the_valid_ones_that_are_not_equivalent(told: dict[str, Any]) -> None:
    sums = told["summary"]["all"]
    assert (sums["valid"], sums["killed"], sums["survived"]) == (3, 1, 1)
    assert sums["score_percent"] == 50.0
    assert sums["checkov_alone"] == 1


def test_report_that_lacks_a_mutant_says_so(told: dict[str, Any]) -> None:
    assert told["complete"] is False


def test_table_has_a_row_for_each_category_and_one_for_all(told: dict[str, Any]) -> None:
    assert report.table(told).splitlines()[2:] == [
        "| security | 6 | 1 | 1 | 1 | plan 1 | 1 | 1 | 0 |",
        "| **all** | 6 | 1 | 1 | 1 | plan 1 | 1 | 1 | 0 |",
    ]


def test_report_is_json(told: dict[str, Any], tmp_path: Path) -> None:
    written = report.write(tmp_path / "reports", told)
    assert json.loads(written.read_text(encoding="utf-8")) == told
