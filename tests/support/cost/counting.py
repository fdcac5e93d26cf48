"""What those who count a plan's resources have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.support.cost.assumptions import Amount, Assumptions
from tests.support.cost.estimate import Quantity
from tests.support.cost.load import DAY_HOURS, Load
from tests.support.cost.prices import Prices
from tests.support.outcomes import Invalid
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.traffic import Traffic

KB_PER_GB = 1e6
MILLION = 1e6
THOUSAND = 1e3


@dataclass(frozen=True)
class Month:
    """A month of an environment: its plan, and what is assumed about its use."""

    environment: str
    plan: Plan
    prices: Prices
    assumptions: Assumptions
    traffic: Traffic

    def assumed(self, amount: Amount) -> float:
        """What is assumed for this environment."""
        return amount.of(self.environment)

    @property
    def hours(self) -> float:
        """Hours in a month."""
        return self.assumed(self.assumptions.hours)

    @property
    def days(self) -> float:
        """Days in a month."""
        return self.hours / DAY_HOURS

    @cached_property
    def load(self) -> Load:
        """The requests that reach the service."""
        assumptions = self.assumptions
        shares = {str(name): hours for name, hours in assumptions.share_of_peak.items()}
        return Load(
            peak=self.traffic.place(self.environment).peak_requests_per_second,
            shares=shares[self.environment],
            other_share=self.assumed(assumptions.share_of_peak_on_other_days),
            working_days=self.assumed(assumptions.working_days),
            days=self.days,
        )

    @property
    def edge_requests(self) -> float:
        """Requests a month that reach CloudFront: those to the service, and those for assets."""
        return self.load.requests * self.assumed(self.assumptions.edge_requests_per_request)

    def quantity(
        self, resource: Resource, item: str, amount: float, region: str | None = None
    ) -> Quantity:
        """So much of an item because of a resource, in its region if not in another."""
        return Quantity(item, region or self.plan.region_of(resource), amount, resource.where)


Counter = Callable[[Month, Resource], Iterable[Quantity]]


def chosen(resource: Resource, path: str, default: Any) -> Any:
    """The value at `path`, or AWS's default where the configuration leaves it to AWS.

    Raises Invalid where the configuration sets it to something known only after apply.
    """
    if not resource.sets(path):
        return default
    value = resource.value(path)
    return default if value is None else value


def blocks(resource: Resource, path: str) -> list[Resource]:
    """The nested blocks at `path`; none where the configuration leaves them to AWS.

    Raises Invalid where they are set and not even their number is known.
    """
    left_out = resource.symbolic(path) is None and not resource.sets(path)
    return [] if left_out else resource.nested(path)


def unpriced(resource: Resource, what: str) -> Invalid:
    """The error for something that costs money and that the estimate has no price for."""
    return Invalid(f"{resource.where}: {what} is charged for, and the estimate does not price it")
