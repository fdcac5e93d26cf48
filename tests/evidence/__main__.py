"""`python -m tests.evidence`: one page, one JSON and OSCAL from what the tiers have reported.

Reads static.json, integration.json, load.json and mutants.json; what is not there is shown as
missing. Exit codes: 0 when the evidence was written, whatever it says; 1 when it could not be.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.evidence import judging, mutation, reading, rendering
from tests.evidence.judging import Source
from tests.evidence.model import Checkout, Evidence, Standing
from tests.support import catalogue, provenance, waivers
from tests.support.outcomes import SuiteError
from tests.support.project import ROOT, shown, unwritable, write_whole
from tests.support.telling import say

PAGE, DATA, OSCAL = "evidence.html", "evidence.json", "oscal-assessment-results.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the evidence; returns the exit code."""
    options = _parser().parse_args(arguments)
    # Not Path.resolve, which a loop of links makes a fault of this program's.
    directories = [Path(os.path.realpath(path)) for path in options.reports or [ROOT / "reports"]]
    try:
        _remove(directories[0])
        found = gather(directories, Path(os.path.realpath(options.stack)), datetime.now(UTC))
        _write(found, directories[0])
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 1
    _tell(found, directories[0])
    return 0


def gather(directories: Sequence[Path], stack: Path, made: datetime) -> Evidence:
    """The evidence that the reports in these directories give for the stack.

    Mutants are looked for in the first. SuiteError in one line for what cannot be read, and for a
    further directory in which there is no report.
    """
    if not list(stack.glob("*.tf")):
        raise SuiteError(f"--stack {stack}: no such directory, or no .tf file in it")
    checkout = Checkout(**asdict(provenance.checkout(stack)))
    read = reading.mutants(directories[0])
    return judging.evidence(
        catalogue.load(),
        list(_sources(directories)),
        checkout,
        made,
        waivers.beside(stack),
        mutation.mutation(read, checkout, made) if read else None,
    )


def _sources(directories: Sequence[Path]) -> Iterator[Source]:
    """Every tier's report of the first directory, and those that the others have."""
    first, *further = dict.fromkeys(directories)
    for tier in reading.TIERS:
        yield Source(tier, f"{tier}.json", reading.tier(first, tier))
    for directory in further:
        found = {tier: reading.tier(directory, tier) for tier in reading.TIERS}
        if not any(found.values()):
            *names, last = (f"{tier}.json" for tier in reading.TIERS)
            raise SuiteError(
                f"--reports {shown(directory)}: there is no {', '.join(names)} or {last} in it"
            )
        name = _name(directory, [other for other in further if other != directory])
        yield from (
            Source(tier, f"{name}/{tier}.json", report) for tier, report in found.items() if report
        )


def _name(directory: Path, others: Sequence[Path]) -> str:
    """As many of the directory's last parts as no other ends with."""
    ends = (directory.parts[-length:] for length in range(1, len(directory.parts)))
    own = (end for end in ends if all(other.parts[-len(end) :] != end for other in others))
    return "/".join(next(own, directory.parts))


def _remove(directory: Path) -> None:
    """Remove earlier evidence, lest it be taken for this."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in (PAGE, DATA, OSCAL):
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(directory, error) from error


def _write(found: Evidence, directory: Path) -> None:
    try:
        from tests.evidence import oscal  # trestle is not in the suite's own environment
    except ImportError as error:
        raise SuiteError(f"{error}; run tox -e evidence, which has it") from error
    texts = {
        DATA: found.model_dump_json(indent=1) + "\n",
        OSCAL: oscal.document(found),
        PAGE: rendering.page(found),
    }
    try:
        for name, text in texts.items():
            write_whole(directory / name, text)
    except OSError as error:
        raise unwritable(directory, error) from error
    oscal.validate(directory / OSCAL)


def _tell(found: Evidence, directory: Path) -> None:
    counts = ", ".join(
        f"{count} {rendering.MEANINGS[standing].label}"
        for standing, count in found.totals.items()
        if count and standing is not Standing.proven
    )
    say(f"{found.totals[Standing.proven]} of {len(found.requirements)} requirements proven")
    say(f"not proven: {counts or 'none'}")
    for run in found.runs:
        reasons = ["there is no such report"] if run.missing else [*run.stale, *run.partial]
        if reasons:
            say(f"{run.report}: {'; '.join(reasons)}")
    say(f"written: {shown(directory / PAGE)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.evidence", description=__doc__)
    parser.add_argument(
        "--reports",
        type=Path,
        action="append",
        metavar="DIR",
        help="where the tiers' reports are and the evidence goes (default: reports); given again, "
        "further reports, such as those of a run on staging",
    )
    parser.add_argument(
        "--stack", type=Path, default=ROOT / "terraform", help="the Terraform tree (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
