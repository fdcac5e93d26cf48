"""`python -m tests.mutants`: every mistake that fits the stack, and which test notices it.

Ends with 0 when every mutant was noticed or is listed as equivalent, with 1 when one survived or
the list of equivalents is wrong, with 2 for wrong usage and with 3 when something could not be
judged or nothing was: no mutant was killed and none survived.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.mutants import deployed, equivalents, record, report, run
from tests.mutants.enumeration import UnknownOperatorError, mutants, sample
from tests.mutants.mutant import Mutant
from tests.support import provenance, telling, workspace
from tests.support.catalogue import Place
from tests.support.outcomes import SuiteError
from tests.support.project import CACHE, ROOT, prove_writable

JOURNAL = CACHE / "mutants" / "results.jsonl"
MOST_JOBS = 16
# What the mutants go through.
PLACES = (Place.source, Place.policy, Place.plan)


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=str(__doc__).partition("\n")[0]
    )
    found.add_argument("--stack", type=Path, default=ROOT / "terraform", help="Terraform tree")
    found.add_argument("--operator", action="append", default=[], help="only this; may be repeated")
    found.add_argument("--rare", action="store_true", help="by the less common operators as well")
    found.add_argument("--id", action="append", default=[], help="only this mutant; repeatable")
    found.add_argument("--sample", type=int, help="so many of them, chosen by --seed")
    found.add_argument("--seed", type=int, default=0, help="of the sample (default: %(default)s)")
    found.add_argument("--jobs", type=int, default=2, help="side by side (default: %(default)s)")
    found.add_argument("--list", action="store_true", help="say what there is; judge nothing")
    found.add_argument(
        "--resume", action="store_true",
        help="take the results of earlier runs on the same stack by the same suite",
    )  # fmt: skip
    found.add_argument(
        "--survivors", action="store_true",
        help="as --resume, but take the kills of an earlier suite on the same stack as well",
    )  # fmt: skip
    found.add_argument("--reports", type=Path, default=ROOT / "reports", help="where reports go")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code."""
    options = parser().parse_args(arguments)
    # Also where whoever started this in the background had Ctrl-C ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        if options.jobs not in range(1, MOST_JOBS + 1):
            raise UsageError(f"--jobs {options.jobs}: from 1 to {MOST_JOBS}")
        if options.sample is not None and options.sample < 1:
            raise UsageError(f"--sample {options.sample}: at least 1")
        if not list(options.stack.glob("*.tf")):
            raise UsageError(f"--stack {options.stack}: no such directory, or no .tf file in it")
        every = mutants(options.stack.resolve(), options.operator, options.rare or bool(options.id))
        chosen = sample(_named(every, options.id), options.sample, options.seed)
        if options.list:
            for mutant in chosen:
                telling.say(f"{mutant.id}  [{mutant.category}] {mutant.change}")
            telling.say(f"{len(chosen)} mutants")
            return 0
        # Now, not after an hour of judging.
        _refuse_unwritable(options.reports)
        return judge(options, every, chosen)
    except (UsageError, UnknownOperatorError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("stopped; --resume goes on from here", file=sys.stderr)
        return 3


class UsageError(SuiteError):
    """An option that cannot be used."""


def _refuse_unwritable(directory: Path) -> None:
    try:
        prove_writable(directory)
    except OSError as error:
        raise UsageError(f"--reports {directory}: {error.strerror}") from error


def judge(options: argparse.Namespace, every: Sequence[Mutant], chosen: Sequence[Mutant]) -> int:
    """Judge what is not known yet, and report on all that was chosen."""
    stack = options.stack.resolve()
    begun = provenance.begin(stack)
    excuses = equivalents.load() if stack == ROOT / "terraform" else {}
    key = record.key(stack)
    journal = record.Journal(JOURNAL, key, workspace.digest_of(stack))
    edits = {m.id: m.edits_key for m in every}
    known = _of(journal.results(), edits) if options.resume or options.survivors else {}
    earlier = _killed(_of(journal.latest(), edits)) if options.survivors else {}
    # What could not be judged is asked anew: most of that passes.
    known = {name: one for name, one in known.items() if one["outcome"] != "unjudged"}
    left = [m for m in chosen if m.id not in {**earlier, **known}]
    seconds = 0.0
    try:
        seconds = run.run(stack, left, options.jobs, journal, say)
        deploy(stack, chosen, journal)
    finally:
        results = {**earlier, **known, **_only(journal, left)}
        borrowed = len({m.id for m in chosen} & earlier.keys() - known.keys())
        told = provenance.describe(begun, PLACES, narrowed=_narrowed(options, borrowed))
        about = {"provenance": told, "key": key, "seed": options.seed,
                 "seconds_each": round(seconds, 2),
                 "kills_of_an_earlier_suite": borrowed}  # fmt: skip
        found = report.document(chosen, results, equivalents.reasons(excuses, chosen), about)
        path = report.write(options.reports, found)
    # Also those that this run has left out.
    whole = mutants(stack, rare=True) if excuses else ()
    return conclude(found, path, equivalents.problems(excuses, whole, results))


def _narrowed(options: argparse.Namespace, borrowed: int) -> list[str]:
    """What keeps the report from being one of every mutant, judged by the suite as it is.

    Results that --resume takes up are no part of it: they have the very key of this run, which
    changes with whatever is judged and judges (`record.key`), so they are what it would find anew.
    """
    asked = {"sample": options.sample, "id": ", ".join(options.id),
             "operator": ", ".join(options.operator)}  # fmt: skip
    found = [f"--{name} {value}" for name, value in asked.items() if value]
    return found + ([f"--survivors, {borrowed} kills by an earlier suite"] if borrowed else [])


def deploy(stack: Path, chosen: Sequence[Mutant], journal: record.Journal) -> None:
    """Have the deployed tier look at the survivors that only it can tell from the tree."""
    same = deployed.load() if stack == ROOT / "terraform" else {}
    results = journal.results()
    alive = [m for m in chosen if m.id in results and results[m.id]["outcome"] == "survived"]
    for result in deployed.judge(stack, alive, same).values():
        journal.add({**results[result["id"]], **result})


def conclude(found: dict[str, Any], path: Path, problems: Sequence[str]) -> int:
    """Say what came out; the exit code."""
    survivors = report.survivors(found)
    for line in [*survivors, *(f"equivalent.yaml: {one}" for one in problems)]:
        telling.say(line)
    telling.say(report.table(found))
    telling.say(f"{path}")
    sums = found["summary"]["all"]
    if sums["survived"] or problems:
        return 1
    if not sums["killed"]:
        telling.say("no mutant was killed and none survived, so this tells nothing of the tests")
        return 3
    return 3 if sums["unjudged"] or not found["complete"] else 0


def say(line: str) -> None:
    """Progress, apart from the result."""
    print(line, file=sys.stderr, flush=True)


def _named(every: Sequence[Mutant], ids: Sequence[str]) -> list[Mutant]:
    if missing := sorted(set(ids) - {m.id for m in every}):
        raise UsageError(f"--id {missing[0]}: there is no such mutant; --list names them")
    return [m for m in every if not ids or m.id in ids]


Results = dict[str, dict[str, Any]]


def _of(results: Results, edits: dict[str, str]) -> Results:
    """The results that are of these mutants as they are now."""
    return {k: one for k, one in results.items() if one.get("edits_key") == edits.get(k)}


def _killed(results: Results) -> Results:
    return {k: one for k, one in results.items() if one["outcome"] == "killed"}


def _only(journal: record.Journal, left: Sequence[Mutant]) -> Results:
    wanted = {m.id for m in left}
    return {k: one for k, one in journal.results().items() if k in wanted}


if __name__ == "__main__":
    sys.exit(main())
