"""The price table: what AWS charges for one unit of an item, where that is said, and when.

`prices.yaml` is written by people from AWS's pricing pages. A price that nobody has looked at for a
year says nothing about today's bill: the table refuses to be used.
"""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tests.support.cost.schema import Strict, read
from tests.support.outcomes import Invalid, SuiteError
from tests.support.project import shown

PATH = Path(__file__).with_name("prices.yaml")
LONGEST = datetime.timedelta(days=366)
ANYWHERE = "any"


class Price(Strict):
    """US dollars for one `unit` of an item in a region (`any`: the same in all).

    `line` is the heading under which a bill's reader looks for it, `free` the units a month that
    AWS charges to nobody, `source` the page of AWS that says it, `date` the day on which it was
    written down. `verified` is the day on which it was looked up, in what `seen_in` names, or `no`
    where it is from memory.
    """

    item: str = Field(pattern=r"^[a-z0-9_-]+(\.[A-Za-z0-9_-]+)+$")
    line: str = Field(min_length=3)
    region: str = Field(pattern=r"^(any|[a-z]{2}-[a-z]+-\d)$")
    unit: str = Field(min_length=2)
    usd: float = Field(gt=0)
    free: float = Field(default=0, ge=0)
    source: str = Field(min_length=10)
    date: datetime.date
    verified: datetime.date | Literal["no"]
    seen_in: str | None = Field(default=None, min_length=10)

    @model_validator(mode="after")
    def _says_where_it_was_seen(self) -> Self:
        if (self.verified == "no") != (self.seen_in is None):
            raise ValueError("a verified price says where it was seen, another one does not")
        return self


class Free(Strict):
    """Resource types that AWS charges nothing for, and `because` of what."""

    because: str = Field(min_length=20)
    types: tuple[str, ...] = Field(min_length=1)


class Support(Strict):
    """Until when the versions of an engine are sold without AWS's surcharge for old ones.

    `until` maps a version, as far as it is compared, to its last day.
    """

    source: str = Field(min_length=10)
    until: dict[str, datetime.date] = Field(min_length=1)


class Table(Strict):
    """The file `prices.yaml`."""

    prices: tuple[Price, ...] = Field(min_length=1)
    free: tuple[Free, ...] = ()
    standard_support: dict[str, Support]

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> Self:
        keys = Counter(f"{price.item} in {price.region}" for price in self.prices)
        keys.update(one for group in self.free for one in group.types)
        if repeated := [key for key, times in keys.items() if times > 1]:
            raise ValueError(f"said twice: {', '.join(repeated)}")
        return self


@dataclass(frozen=True)
class Prices:
    """The table on a day. `name` is what messages call the file."""

    table: Table
    today: datetime.date
    name: str = "tests/support/cost/prices.yaml"

    def of(self, item: str, region: str, where: str) -> Price:
        """The price of an item in a region; Invalid, naming both and `where`, if there is none."""
        for place in (region, ANYWHERE):
            for price in self.table.prices:
                if (price.item, price.region) == (item, place):
                    return price
        raise Invalid(f"{where}: no price of {item} in {region}: add it to {self.name}")

    def frees(self, resource_type: str) -> bool:
        """Whether the table names the type as free of charge."""
        return any(resource_type in group.types for group in self.table.free)

    def require_support(self, engine: str, version: str, where: str) -> None:
        """Raise Invalid if AWS may charge a surcharge for the version, which is not priced."""
        until = self.table.standard_support.get(engine)
        major = version.partition(".")[0]
        last = until.until.get(major) if until else None
        if last is None or last < self.today:
            raise Invalid(
                f"{where}: {engine} {version} is not known to be in standard support on "
                f"{self.today}: AWS charges extra for older versions; see standard_support in "
                f"{self.name}"
            )

    @property
    def oldest(self) -> Price:
        """The price that was written down first."""
        return min(self.table.prices, key=lambda price: price.date)


def load(today: datetime.date, path: Path = PATH) -> Prices:
    """The table as it holds on a day.

    SuiteError names file and line where the file is not of its schema or is dated in the future.
    Invalid when a price is older than a year.
    """
    name = shown(path)
    prices = Prices(read(path, Table), today, name)
    for price in prices.table.prices:
        if price.date > today:
            raise SuiteError(f"{name}: {price.item}: {price.date} is yet to come")
        if today - price.date > LONGEST:
            raise Invalid(
                f"{name}: the price of {price.item} is from {price.date}, more than a year ago: "
                f"look it up again on {price.source} and date it"
            )
    return prices
