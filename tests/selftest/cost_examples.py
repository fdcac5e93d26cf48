"""A month whose numbers can be reckoned by hand, and plans made of a few resources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tests.support import traffic
from tests.support.cost import prices
from tests.support.cost.assumptions import Assumption, Assumptions
from tests.support.cost.counting import Month
from tests.support.placeholders.symbols import symbols_in
from tests.support.plan import Plan

TODAY = date(2026, 12, 1)
REASON = "so that it can be reckoned by hand"


def assumptions(**changed: float) -> Assumptions:
    """One of everything a month, at half of the peak all the time, but for what is changed."""
    numbers = {
        name: {"all": changed.get(name, 1), "reason": REASON}
        for name, field in Assumptions.model_fields.items()
        if field.annotation is Assumption
    }
    half = {"all": 0.5, "reason": REASON}
    log = {"name": "^/app", "gb": {"all": 2}, "kb_per_request": 1.5, "kb_included": 0.5}
    return Assumptions.model_validate(
        {
            **numbers,
            "hours": {"all": 730, "reason": REASON},
            "share_of_peak": dict.fromkeys(("develop", "staging", "production"), (0.5,) * 24),
            "share_of_peak_on_other_days": half,
            "log_bytes_kept_share": half,
            "log_groups": [
                {**log, "reason": REASON},
                {**log, "name": "^/(b|bc)$", "reason": REASON},
                {**log, "name": "^/bc", "reason": REASON},
            ],
            "buckets": [
                {"name": "logs", "gb": {"all": 7}, "thousand_writes": {"all": 3}, "reason": REASON}
            ],
        }
    )


def month(plan: Plan, **changed: float) -> Month:
    """A month of production with a peak of ten requests a second."""
    place = traffic.Place(
        host="admin.example.com", peak_requests_per_second=10, most_requests_per_second=10
    )
    load = traffic.load().model_copy(update={"environments": {"production": place}})
    return Month("production", plan, prices.load(TODAY), assumptions(**changed), load)


def planned(
    resources: Mapping[str, Mapping[str, Any]], unknown: Mapping[str, Any] | None = None
) -> Plan:
    """A plan of resources by address, each with its values, and with what of it is `unknown`.

    A symbol such as ⟨aws_lb.main.arn⟩ among them is a reference. What is called `elsewhere` is made
    in us-west-2, everything else in us-east-1.
    """
    regions = {"aws": "us-east-1", "aws.dr": "us-west-2"}
    provider_config = {
        name: {"expressions": {"region": {"constant_value": region}}}
        for name, region in regions.items()
    }
    written = [
        {
            "address": address,
            "provider_config_key": "aws.dr" if address.endswith(".elsewhere") else "aws",
            "expressions": {name: _expression(value) for name, value in after.items()},
        }
        for address, after in resources.items()
    ]
    changes = [
        {
            "address": address,
            "mode": "managed",
            "change": {
                "actions": ["create"],
                "after": after,
                "after_unknown": (unknown or {}).get(address, {}),
            },
        }
        for address, after in resources.items()
    ]
    configuration = {"provider_config": provider_config, "root_module": {"resources": written}}
    return Plan({"resource_changes": changes, "configuration": configuration})


def _expression(value: Any) -> Any:
    match value:
        case [{}, *_]:
            return [{name: _expression(part) for name, part in one.items()} for one in value]
        case _ if named := [symbol.strip("⟨⟩") for symbol in symbols_in(value)]:
            return {"references": [part for one in named for part in (one, one.rpartition(".")[0])]}
    return {"constant_value": value}
