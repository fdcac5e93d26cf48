"""What a month costs: amounts times prices. A pure function of plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tests.support.cost.prices import Price, Prices


@dataclass(frozen=True)
class Quantity:
    """So many units a month of a priced item in a region, because of the resource at `where`."""

    item: str
    region: str
    amount: float
    where: str


@dataclass(frozen=True)
class Charge:
    """What all resources use of an item at a price in a month; `free` units of it cost nothing."""

    price: Price
    amount: float
    free: float
    resources: tuple[str, ...]

    @property
    def usd(self) -> float:
        """US dollars a month."""
        return max(0.0, self.amount - self.free) * self.price.usd


@dataclass(frozen=True)
class Line:
    """The charges under one heading."""

    name: str
    charges: tuple[Charge, ...]

    @property
    def usd(self) -> float:
        """US dollars a month."""
        return sum(charge.usd for charge in self.charges)

    @property
    def resources(self) -> tuple[str, ...]:
        """Where the resources that are charged under it stand, each once, the dearest first."""
        dearest = sorted(self.charges, key=lambda charge: -charge.usd)
        return tuple(dict.fromkeys(where for charge in dearest for where in charge.resources))


@dataclass(frozen=True)
class Estimate:
    """A month of one environment."""

    charges: tuple[Charge, ...]

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the bill, the dearest first."""
        names = dict.fromkeys(charge.price.line for charge in self.charges)
        lines = [
            Line(name, tuple(charge for charge in self.charges if charge.price.line == name))
            for name in names
        ]
        return tuple(sorted(lines, key=lambda line: (-line.usd, line.name)))

    @property
    def usd(self) -> float:
        """US dollars a month."""
        return sum(charge.usd for charge in self.charges)

    def largest(self, count: int) -> str:
        """The dearest lines with what they cost and the resources behind them, for a message."""
        return "; ".join(
            f"{line.name} {line.usd:.2f} ({', '.join(line.resources)})"
            for line in self.lines[:count]
        )


def estimate(quantities: Iterable[Quantity], prices: Prices, free_share: float = 1) -> Estimate:
    """Price the quantities; `free_share` (0 to 1) of each free allowance is this environment's.

    Raises Invalid for an item that the table does not price.
    """
    used: dict[Price, list[Quantity]] = {}
    for quantity in quantities:
        price = prices.of(quantity.item, quantity.region, quantity.where)
        used.setdefault(price, []).append(quantity)
    return Estimate(
        tuple(
            Charge(
                price,
                sum(one.amount for one in found),
                price.free * free_share,
                tuple(dict.fromkeys(one.where for one in found)),
            )
            for price, found in used.items()
        )
    )
