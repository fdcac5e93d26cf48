"""The estimates for people and programs: `cost.md` and `cost.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cost.estimate import Charge, Estimate, Line
from tests.support.cost.prices import Prices
from tests.support.outcomes import Invalid
from tests.support.project import write_whole

LARGEST = 3
CENT = 0.01


@dataclass(frozen=True)
class Estimates:
    """Each environment's estimate, or why there is none."""

    prices: Prices
    by_environment: Mapping[str, Estimate | Invalid]

    def of(self, environment: str) -> Estimate:
        """The environment's estimate. Raises the Invalid that kept it from being made."""
        found = self.by_environment[environment]
        if isinstance(found, Invalid):
            raise found
        return found


def write(directory: Path, estimates: Estimates) -> None:
    """Write `cost.json` and `cost.md` into the directory, each by rename."""
    directory.mkdir(parents=True, exist_ok=True)
    write_whole(directory / "cost.json", json.dumps(as_document(estimates), indent=1) + "\n")
    write_whole(directory / "cost.md", as_text(estimates))


def as_document(estimates: Estimates) -> dict[str, Any]:
    """The estimates as plain data, money in US dollars a month, rounded to cents."""
    return {
        "currency": "USD",
        "period": "month",
        "oldest_price": str(estimates.prices.oldest.date),
        "environments": {
            name: {"invalid": str(found)} if isinstance(found, Invalid) else _environment(found)
            for name, found in estimates.by_environment.items()
        },
    }


def _environment(found: Estimate) -> dict[str, Any]:
    return {
        "total": round(found.usd, 2),
        "largest": [line.name for line in found.lines[:LARGEST]],
        "lines": [
            {"name": line.name, "usd": round(line.usd, 2), "charges": [*map(_charge, line.charges)]}
            for line in found.lines
        ],
    }


def _charge(charge: Charge) -> dict[str, Any]:
    price = charge.price
    return {
        "item": price.item,
        "region": price.region,
        "unit": price.unit,
        "amount": round(charge.amount, 4),
        "free": charge.free,
        "usd_per_unit": price.usd,
        "usd": round(charge.usd, 2),
        "source": price.source,
        "verified": str(price.verified),
        "resources": list(charge.resources),
    }


def as_text(estimates: Estimates) -> str:
    """The estimates as Markdown."""
    parts = [
        "# Estimated cost of a month, in US dollars",
        f"Before tax, on demand, at prices of {estimates.prices.oldest.date} or later. Where the "
        "numbers come from: docs/cost.md.",
    ]
    for name, found in estimates.by_environment.items():
        parts.append(f"## {name}")
        parts.append(f"No estimate: {found}" if isinstance(found, Invalid) else _text(found))
    return "\n\n".join(parts) + "\n"


def _text(found: Estimate) -> str:
    largest = ", ".join(f"{line.name} {line.usd:.2f}" for line in found.lines[:LARGEST])
    rows = ["| line | a month | of what |", "|---|---:|---|", *map(_row, found.lines)]
    total = f"**{found.usd:.2f}**; the {LARGEST} largest lines: {largest}."
    return "\n".join([total, "", *rows])


def _row(line: Line) -> str:
    told = [
        f"{charge.amount:,.2f} {charge.price.unit} of {charge.price.item}"
        for charge in line.charges
        if charge.usd >= CENT
    ]
    return f"| {line.name} | {line.usd:.2f} | {'; '.join(told) or 'less than a cent'} |"
