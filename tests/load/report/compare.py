"""What got worse since an earlier run: two reports' figures side by side.

Pure: two documents as load.json has them in, plain data out. What was run under other settings is
said to be, and not compared: its figures would differ for that reason.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.outcomes import SuiteError
from tests.support.report import Verdict

# A change of less than that is noise from one run to the next.
NOTICEABLE_PERCENT = 5.0
_ORDER = (Verdict.passed, Verdict.waived, Verdict.not_provable, Verdict.invalid, Verdict.failed)
SAME, WORSE, USAGE = 0, 1, 2

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A figure in both runs, where a higher one is worse unless `more_is_better`.

    `name` has its unit.
    """

    name: str
    before: float
    after: float
    more_is_better: bool = False

    @property
    def percent(self) -> float | None:
        """By how many percent it grew; None from nothing."""
        return 100 * (self.after - self.before) / self.before if self.before else None

    @property
    def worse(self) -> bool:
        """Whether it changed for the worse by more than noise."""
        grown = self.before - self.after if self.more_is_better else self.after - self.before
        return grown * 100 > NOTICEABLE_PERCENT * abs(self.before)


@dataclass(frozen=True)
class Compared:
    """A scenario of both runs: what was set otherwise, or else the figures and the outcomes.

    `differing` are name, earlier and later value; `outcomes` are claims that got worse, each as
    requirement, earlier and later outcome.
    """

    scenario: str
    differing: tuple[tuple[str, Any, Any], ...] = ()
    changes: tuple[Change, ...] = ()
    outcomes: tuple[tuple[str, str, str], ...] = ()

    @property
    def worse(self) -> bool:
        """Whether anything that was compared got worse."""
        return bool(self.outcomes) or any(change.worse for change in self.changes)


def compare(earlier: Document, later: Document) -> list[Compared]:
    """The scenarios of the later run, in its order, that the earlier one had too.

    Raises SuiteError where a report lacks what it must have.
    """
    both = [name for name in later["scenarios"] if name in earlier["scenarios"]]
    try:
        return [_compared(name, earlier, later) for name in both]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SuiteError(f"an incomplete report of a load run: {error!r}") from error


def told(one: Compared) -> str:
    """A scenario's comparison for people."""
    lines = [f"{one.scenario}:"]
    if one.differing:
        lines += ["  not compared, for it was run otherwise:"]
        lines += [
            f"    {name}: {before} then, {after} now" for name, before, after in one.differing
        ]
    lines += [
        f"  {'WORSE ' if change.worse else 'as before ' if not _better(change) else 'better '}"
        f"{change.name}: {change.before:.4g} → {change.after:.4g}{_percent(change)}"
        for change in one.changes
    ]
    lines += [f"  WORSE {name}: {before} → {after}" for name, before, after in one.outcomes]
    return "\n".join(lines)


def read(path: Path) -> Document:
    """A load.json. Raises SuiteError for what is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SuiteError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{path}: no JSON: give an earlier run's load.json") from error
    if not isinstance(document, dict) or not isinstance(document.get("scenarios"), dict):
        raise SuiteError(f"{path}: no report of a load run: give an earlier run's load.json")
    try:
        compare(document, document)
    except SuiteError as error:
        raise SuiteError(f"{path}: {error}") from error
    return document


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what got worse; returns 1 when anything did, 2 for what cannot be compared."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.load.report.compare", description=__doc__
    )
    parser.add_argument("earlier", type=Path, help="an earlier run's load.json")
    parser.add_argument("later", type=Path, help="a later run's")
    options = parser.parse_args(arguments)
    try:
        found = compare(read(options.earlier), read(options.later))
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    if not found:
        print("error: the two runs have no scenario in common", file=sys.stderr)
        return USAGE
    print("\n".join(told(one) for one in found))
    return WORSE if any(one.worse for one in found) else SAME


def _compared(name: str, earlier: Document, later: Document) -> Compared:
    before, after = earlier["scenarios"][name], later["scenarios"][name]
    differing = tuple(_differing(before["settings"], after["settings"]))
    if differing:
        return Compared(name, differing)
    old = dict(_figures(before))
    changes = [
        Change(key, old[key], value, more_is_better=key.startswith("left of"))
        for key, value in _figures(after)
        if key in old
    ]
    return Compared(name, (), tuple(changes), tuple(_worsened(name, earlier, later)))


def _differing(before: Document, after: Document) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _figures(section: Document) -> Iterator[tuple[str, float]]:
    """What is compared, by name with unit; what a run does not have is left out."""
    judged = _judged(section)
    means = [one["alarm_point"] for one in judged if one["alarm_point"] is not None]
    if means:
        yield "highest minute mean, s", max(means)
    for fraction, time in section["distribution"]:
        if fraction in (0.5, 0.95, 0.99):
            yield f"response time p{100 * fraction:g}, s", time
    sent = sum(one["sent"] for one in section["periods"])
    if sent:
        failed = sum(sum(one["errors"].values()) for one in section["periods"])
        yield "failed requests, %", 100 * failed / sent
    for key, value in (section["headroom"] or {}).items():
        if value is not None:
            yield f"left of the {key.removesuffix('_percent')}, %", value
    for stage in section["stages"]:
        if stage["measured"] and stage["measured"]["tasks"] is not None:
            yield f"tasks at the end of {stage['name']}", stage["measured"]["tasks"]


def _judged(section: Document) -> list[Document]:
    """The minutes of the judged stages."""
    periods: list[Document] = section["periods"]
    return [
        one
        for stage in section["stages"]
        if stage["judged"]
        for one in periods[stage["begin"] : stage["begin"] + stage["minutes"]]
    ]


def _worsened(name: str, earlier: Document, later: Document) -> Iterator[tuple[str, str, str]]:
    before = {one["requirement"]: one["outcome"] for one in _of(name, earlier)}
    for one in _of(name, later):
        old, new = before.get(one["requirement"]), one["outcome"]
        if old is not None and _ORDER.index(Verdict(new)) > _ORDER.index(Verdict(old)):
            yield one["requirement"], old, new


def _of(name: str, document: Document) -> list[Document]:
    return [one for one in document["tests"] if one["scenario"] == name]


def _better(change: Change) -> bool:
    """Whether it changed for the better by more than noise."""
    return Change(change.name, change.before, change.after, not change.more_is_better).worse


def _percent(change: Change) -> str:
    return "" if change.percent is None else f" ({change.percent:+.0f} %)"


if __name__ == "__main__":
    sys.exit(main())
