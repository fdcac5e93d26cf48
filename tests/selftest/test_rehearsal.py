"""Scripts are rehearsed as they would run, and expressions are read as GitHub reads them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.github_expressions import ExpressionError, condition, evaluate, render
from tests.support.outcomes import SuiteError
from tests.support.rehearsal import Answer, Call, Ending, rehearse

pytestmark = pytest.mark.selftest


def run(script: str, directory: Path, **answers: Answer) -> Ending:
    """Rehearse a script whose tools give these answers."""
    return rehearse(
        script, lambda call: answers[call.words[0]], list(answers), {"GIVEN": "x"}, directory
    )


def test_words_reach_the_tool_as_bash_makes_them(tmp_path: Path) -> None:
    script = 'value="a  b"\naws one "$value" $value \\\n  "$(printf "%s\\n" c)" \'$d\' "" "e\nf"\n'
    ending = run(script, tmp_path, aws=Answer())
    assert ending.calls == (Call(2, ("aws", "one", "a  b", "a", "b", "c", "$d", "", "e\nf")),)
    assert ending.status == 0


def test_call_is_told_from_the_scripts_own_line(tmp_path: Path) -> None:
    """Not from that of a function which is given the command to call."""
    script = 'given() {\n  "$@"\n}\ngiven aws one\ngiven aws \\\n  two && aws three\n'
    ending = run(script, tmp_path, aws=Answer())
    assert [call.line for call in ending.calls] == [4, 5, 6]


def test_answers_reach_the_script(tmp_path: Path) -> None:
    script = 'got="$(aws ask)"; echo "<$got>"; aws ask || echo "status $?"'
    ending = run(script, tmp_path, aws=Answer("yes\n", 3, "no\n"))
    assert (ending.status, ending.output) == (3, "no\n")
    assert run(f"set +e\n{script}", tmp_path, aws=Answer("yes\n", 3)).output == (
        "<yes>\nyes\nstatus 3\n"
    )


def test_tools_of_a_pipeline_do_not_take_each_others_answers(tmp_path: Path) -> None:
    script = "for _ in 1 2 3 4 5; do aws password | docker login; done"
    ending = run(script, tmp_path, aws=Answer("secret"), docker=Answer("docker\n"))
    assert (ending.status, ending.output) == (0, "docker\n" * 5)
    assert len(ending.calls) == 10


@pytest.mark.parametrize(
    ("script", "status", "output"),
    [
        ("curl https://example.com", 127, "line 1: curl: command not found"),
        ("set -u\necho $GIVEN $HOME", 1, "line 2: HOME: unbound variable"),
        ("if aws", 2, "syntax error"),
        ("aws one | python3 -c 'import sys; print(sys.stdin.read())'", 0, "answer"),
    ],
)
def test_script_sees_nothing_but_what_it_is_given(
    script: str, status: int, output: str, tmp_path: Path
) -> None:
    ending = run(script, tmp_path, aws=Answer("answer"))
    assert ending.status == status
    assert output in ending.output


def test_error_of_an_answer_ends_the_rehearsal(tmp_path: Path) -> None:
    asked = []

    def refuse(call: Call) -> Answer:
        asked.append(call)
        raise SuiteError("no such answer")

    with pytest.raises(SuiteError, match="no such answer"):
        rehearse("aws one; aws two", refuse, ["aws"], {}, tmp_path)
    assert len(asked) == 1


def test_endless_script_is_ended(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(SuiteError, match=r"still running after 0\.3 s"):
        rehearse("while :; do :; done", lambda _: Answer(), [], {}, tmp_path, seconds=0.3)
    assert time.monotonic() - begun < 10


def test_missing_bash_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SuiteError, match="bash is not on the PATH"):
        run("true", tmp_path)


CONTEXTS: dict[str, Any] = {
    "github": {"ref_name": "main", "event_name": "push"},
    "needs": {"a": {"result": "success"}, "b": {"result": "failure"}},
    "env": {},
}
WELL = {"success": True, "failure": False, "cancelled": False}
FAILED = {"success": False, "failure": True, "cancelled": False}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.ref_name == 'MAIN'", True),
        ("github['ref_name']", "main"),
        ("github.nowhere.further", None),
        ("github.ref_name == 'x' && 'yes' || 'no'", "no"),
        ("!(true && false)", True),
        ("'it''s'", "it's"),
        ("null == 0", True),
        ("'1' == 1", True),
        ("'x' == 0", False),
        ("contains(needs.*.result, 'failure')", True),
        ("contains('deploy', 'ploy')", True),
        ("startsWith(github.ref_name, 'ma')", True),
        ("fromJSON('{\"main\": [1, 2]}')[github.ref_name][1]", 2),
        ("format('{0}-{1}', 'a', 2)", "a-2"),
    ],
)
def test_expression_has_its_value(expression: str, value: object) -> None:
    assert evaluate(expression, CONTEXTS, WELL) == value


@pytest.mark.parametrize(
    ("text", "status", "holds"),
    [
        ("github.ref_name == 'main'", WELL, True),
        # Without a status function, success() is meant as well.
        ("github.ref_name == 'main'", FAILED, False),
        ("${{ always() }}", FAILED, True),
        ("!cancelled() && github.ref_name == 'main'", FAILED, True),
        ("failure()", WELL, False),
    ],
)
def test_condition_asks_for_success_unless_it_says_otherwise(
    text: str, status: dict[str, bool], holds: bool
) -> None:
    assert condition(text, CONTEXTS, status) is holds


def test_templates_are_rendered_within_a_text() -> None:
    text = "${{ github.ref_name }}: ${{ github.nowhere }}${{ 'a}}b' }} ${{ true }}"
    assert render(text, CONTEXTS, WELL) == "main: a}}b true"


@pytest.mark.parametrize("text", ["github.", "a b", "nobody()", "unknown.x", "1 <", "'open", "(1"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, CONTEXTS, WELL)


def test_open_template_is_refused() -> None:
    with pytest.raises(ExpressionError, match="never closed"):
        render("${{ github.ref_name", CONTEXTS, WELL)
