"""Judges one mutant after another: `python -m tests.mutants.worker STACK`.

Each line of standard input is a mutant as JSON, each line of standard output its Result. The first
answer, to an empty mutant, is that of the tree as it is, which Checkov's findings are compared
with. It ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.mutants import children
from tests.mutants.mutant import Edit, Mutant, changed_files, with_texts
from tests.mutants.planner import Planned, Planner
from tests.mutants.rules import Answer, Request
from tests.support import planning, waivers, workspace
from tests.support.beside import SIGNS
from tests.support.outcomes import SuiteError
from tests.support.source import SourceTree

ENVIRONMENTS = ("production", "staging", "develop")


@dataclass
class Result:
    """What became of a mutant.

    `outcome` is killed, survived, invalid (Terraform rejects it: `reason`) or unjudged (something
    broke: `reason`). `killed` names test, requirement, layer and message, `elsewhere` requirements
    not concerned that failed. `checkov` are the findings of its built-in checks that the tree
    itself has not, `rejected_by` is validate, plan or init.
    """

    id: str
    outcome: str = "unjudged"
    killed: dict[str, str] | None = None
    reason: str = ""
    rejected_by: str = ""
    elsewhere: list[str] = field(default_factory=list)
    unjudged_tests: list[str] = field(default_factory=list)
    checkov: list[str] = field(default_factory=list)
    seconds: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)


class Judge:
    """One tree's mutants, one at a time."""

    def __init__(
        self, tree: Path, scratch: Path, planner: Planner, tests: children.Child,
        checkov: children.Child,
    ) -> None:  # fmt: skip
        self._tree, self._scratch, self._planner = tree, scratch, planner
        self._tests, self._checkov = tests, checkov
        self._baseline: set[tuple[str, str]] | None = None
        names = [p.stem for p in (tree / "environments").glob("*.tfvars")]
        self._environments = [name for name in ENVIRONMENTS if name in names]

    def judge(self, mutant: Mutant) -> Result:
        """Make the mistake, look, and take it back."""
        result, began = Result(mutant.id), time.monotonic()
        texts = changed_files(self._tree, mutant.edits)
        try:
            with (
                with_texts(self._tree, texts),
                self._planner.changed(texts, mutant.needs_init) as refusal,
            ):
                if refusal:
                    result.outcome, result.rejected_by = "invalid", "init"
                    result.reason = refusal
                else:
                    self._look(mutant, result)
        except SuiteError as error:
            # What the suite itself cannot read is no kill, and what broke is no refusal.
            result.outcome, result.killed, result.reason = "unjudged", None, str(error)
        result.seconds = round(time.monotonic() - began, 3)
        return result

    def _look(self, mutant: Mutant, result: Result) -> None:
        concerned = [e for e in self._environments if e in (mutant.environments or [e])]
        plans: dict[str, str] = {}
        if not mutant.source_only:
            with timed(result, "plan"):
                if not self._plan(concerned[:1], plans, result):
                    return
            with timed(result, "checkov"):
                found = self._scan(result)
            if found is None:
                return
        with timed(result, "rules"):
            layers = ("source",) if mutant.source_only else ("source", "policy", "plan")
            answer = self._ask(mutant, layers, plans, concerned[:1])
        if not answer.killed and not answer.error and not mutant.source_only:
            answer = self._rest(mutant, result, plans, concerned, answer)
        self._tell(answer, result)

    def _rest(
        self, mutant: Mutant, result: Result, plans: dict[str, str],
        concerned: Sequence[str], before: Answer,
    ) -> Answer:  # fmt: skip
        """What the other environments' plans, and those together, say of a survivor."""
        with timed(result, "plan"):
            others = [name for name in self._environments if name not in plans]
            if not self._plan(others, plans, result):
                return Answer(error="")
            diagnostics = tuple(self._planner.validate())
        with timed(result, "rules"):
            answer = self._ask(mutant, ("plan",), plans, others, diagnostics)
        answer.elsewhere = [*before.elsewhere, *answer.elsewhere]
        answer.unjudged = [*before.unjudged, *answer.unjudged]
        answer.ran += before.ran
        return answer

    def _plan(self, names: Sequence[str], plans: dict[str, str], result: Result) -> bool:
        """Plan these environments; False when Terraform refuses one."""
        source = SourceTree.load(self._tree)
        for name in names:
            account = str(source.variables(name).get("aws_account_id") or planning.ANY_ACCOUNT)
            planned: Planned = self._planner.plan(name, account)
            if planned.document is None:
                result.outcome, result.reason = "invalid", planned.refusal
                result.rejected_by = planned.first
                return False
            path = self._scratch / f"{name}.plan.json"
            path.write_text(json.dumps(planned.document), encoding="utf-8")
            plans[name] = str(path)
        return True

    def _scan(self, result: Result) -> set[tuple[str, str]] | None:
        out = self._scratch / "findings"
        shutil.rmtree(out, ignore_errors=True)
        if error := children.scanned(self._checkov, self._tree, out):
            result.outcome, result.reason = "unjudged", f"Checkov: {error}"
            return None
        found = children.findings(out)
        if self._baseline is None:
            self._baseline = found
        new = found - self._baseline
        result.checkov = sorted(f"{check} {address}" for check, address in new)
        return found

    def _ask(
        self, mutant: Mutant, layers: Sequence[str], plans: dict[str, str],
        environments: Sequence[str], diagnostics: tuple[dict[str, Any], ...] | None = None,
    ) -> Answer:  # fmt: skip
        request = Request(
            stack=str(self._tree),
            layers=tuple(layers),
            plans=plans,
            findings=str(self._scratch / "findings") if "policy" in layers else "",
            diagnostics=diagnostics,
            environments=tuple(environments),
            whole=diagnostics is not None,
            families=mutant.families,
        )
        return children.judged(self._tests, request)

    def _tell(self, answer: Answer, result: Result) -> None:
        result.elsewhere = sorted(set(answer.elsewhere))
        result.unjudged_tests = answer.unjudged[:20]
        if answer.killed:
            result.outcome, result.killed = "killed", answer.killed
        elif answer.error:
            result.outcome, result.reason = "unjudged", answer.error
        elif answer.error is None:
            result.outcome = "survived"


@contextlib.contextmanager
def timed(result: Result, step: str) -> Iterator[None]:
    """Add how long it takes to the step's seconds."""
    began = time.monotonic()
    try:
        yield
    finally:
        result.steps[step] = round(result.steps.get(step, 0) + time.monotonic() - began, 3)


@contextlib.contextmanager
def judging(stack: Path) -> Iterator[Judge]:
    """A Judge of the stack's mutants; everything it starts ends with it."""
    with contextlib.ExitStack() as started:
        scratch = started.enter_context(workspace.scratch())
        tree = copied(stack, scratch)
        planner = started.enter_context(Planner(tree))
        tests = started.enter_context(children.rules(tree))
        checkov = started.enter_context(children.checkov(tree))
        yield Judge(tree, scratch, planner, tests, checkov)


def copied(stack: Path, scratch: Path) -> Path:
    """A copy of the tree to make mistakes in, with what lies beside it and is judged with it."""
    around = scratch / "around"
    tree = around / stack.name
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan", "__pycache__")
    shutil.copytree(stack, tree, ignore=ignored)
    accepted = waivers.path_beside(stack)
    if accepted.is_file():
        (around / "tests").mkdir()
        shutil.copyfile(accepted, around / "tests" / accepted.name)
    for sign in SIGNS[1:]:
        if (stack.parent / sign).is_dir():
            (around / sign).symlink_to(stack.parent / sign)
    return tree


def read(line: str) -> Mutant:
    """A mutant as `asdict` and JSON make it."""
    fields = json.loads(line)
    fields["edits"] = tuple(Edit(**edit) for edit in fields["edits"])
    for name in ("environments", "families"):
        fields[name] = tuple(fields[name])
    return Mutant(**fields)


def main() -> int:
    """Answer until the input ends; Ctrl-C is the parent's to act on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with judging(Path(sys.argv[1]).resolve()) as judge:
            for line in sys.stdin:
                print(json.dumps(asdict(judge.judge(read(line)))), flush=True)
    except SuiteError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
