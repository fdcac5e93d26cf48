"""load.html: a load run on one page that needs nothing else, made of what load.json holds.

`python -m tests.load.report.page reports/load.json [--compare EARLIER]` makes it anew beside the
file.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from tests.load.report import compare, plots
from tests.load.report.report import PAGE
from tests.support.outcomes import SuiteError
from tests.support.project import unwritable, write_whole
from tests.support.report import Verdict

LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent
# Beside the colour, which not everybody sees, a sign.
_SIGNS = {
    Verdict.passed: "✓",
    Verdict.failed: "✗",
    Verdict.invalid: "?",
    Verdict.not_provable: "⊘",
    Verdict.waived: "~",
}
USAGE = 2


@dataclass(frozen=True)
class _Scenario:
    """A scenario as the page shows it."""

    name: str
    section: Mapping[str, Any]
    plots: Sequence[tuple[str, Markup]]
    totals: Mapping[str, int]


def html(document: Mapping[str, Any], earlier: Mapping[str, Any] | None = None) -> str:
    """The page of a load.json, compared with an earlier run's where one is given."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"number": _number, "words": lambda one: str(one).replace("_", " ")}
    return environment.get_template("page.html").render(
        document=document,
        css=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        signs=_SIGNS,
        scenarios=[_scenario(name, one) for name, one in document["scenarios"].items()],
        compared=None if earlier is None else compare.compare(earlier, document),
    )


def write(path: Path, earlier: Path | None = None) -> Path:
    """Make the page of that load.json beside it; returns its path. SuiteError for what is none."""
    before = None if earlier is None else compare.read(earlier)
    made = path.with_name(PAGE)
    try:
        text = html(compare.read(path), before)
    except (KeyError, TypeError, jinja2.UndefinedError) as error:
        raise SuiteError(f"{path}: lacks {error}; run the load tier anew") from error
    try:
        write_whole(made, text)
    except OSError as error:
        raise unwritable(made, error) from error
    return made


def offered(path: Path) -> Path | None:
    """The page of that load.json, or None when it cannot be made: the verdict does not need it."""
    try:
        return write(path)
    except Exception:
        LOG.exception("the report's page could not be made")
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the page and say where it is; returns 2 for what is no report."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.report.page", description=__doc__)
    parser.add_argument("report", type=Path, help="a run's load.json")
    parser.add_argument("--compare", type=Path, help="an earlier run's load.json")
    options = parser.parse_args(arguments)
    try:
        print(write(options.report, options.compare))
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    return 0


def _scenario(name: str, section: Mapping[str, Any]) -> _Scenario:
    totals = Counter[str]()
    for period in section["periods"]:
        for key in ("offered", "sent", "dropped", "answered", "abandoned"):
            totals[key] += period[key]
    drawn = [
        (title, Markup(plots.svg(section, one, f"{name}-{one}")))
        for one, title in plots.TITLES.items()
    ]
    return _Scenario(name, section, drawn, totals)


def _number(value: object, digits: int = 3) -> str:
    """A number for people, a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
