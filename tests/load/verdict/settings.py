"""Whether what is deployed is what the catalogue asks: before a request is sent.

A run by other thresholds, periods, targets, bounds or cooldowns would prove other things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.load.plan import ALARM, expected_values
from tests.load.service.region import Region
from tests.support import deployed
from tests.support.deployed import DeployedAlarm
from tests.support.outcomes import SuiteError, Violation

BOUNDS, TARGETS, SCHEDULE = "SCALE-01", "SCALE-02", "SCALE-03"

Find = Callable[[str], Any]
_Difference = tuple[str, object, object]


def settings(region: Region, alarm: DeployedAlarm, find: Find) -> None:
    """Raise Violation naming each value that is deployed otherwise, with what was expected.

    `find` returns the catalogue's requirement of an id. Raises SuiteError where the catalogue does
    not say what it must.
    """
    deployed.check_alarm(alarm, expected_values(find), ALARM)
    try:
        wrong = [
            *_bounds(region, find(BOUNDS).expected, find(SCHEDULE).expected),
            *_policies(region, find(TARGETS).expected),
        ]
    except KeyError as error:
        raise SuiteError(
            f"tests/catalogue.yaml: {BOUNDS}, {TARGETS} or {SCHEDULE} lacks {error}"
        ) from error
    if wrong:
        service = f"service/mantisnxt-{region.environment}/mantisnxt-{region.environment}-app"
        raise Violation(
            where=service,
            expected=f"what {BOUNDS} and {TARGETS} ask: "
            + ", ".join(f"{name} {expected}" for name, expected, _ in wrong),
            actual=", ".join(f"{name} {actual}" for name, _, actual in wrong),
        )


def _bounds(
    region: Region, expected: dict[str, Any], schedule: dict[str, Any]
) -> Iterator[_Difference]:
    """The minimum is the day's, or the night's where an action sets that."""
    wanted = expected["capacity"][region.environment]
    night = schedule["off_peak_minimum"][region.environment]
    lowered = region.capacity.minimum == night
    if not (lowered and any(one.minimum == night for one in region.actions)):
        yield from _unlike("minimum capacity", wanted["min"], region.capacity.minimum)
    yield from _unlike("maximum capacity", wanted["max"], region.capacity.maximum)


def _policies(region: Region, expected: dict[str, Any]) -> Iterator[_Difference]:
    targets, found = expected["targets"], {one.metric: one for one in region.scaling.policies}
    for metric in sorted({*targets, *found}):
        policy = found.get(metric)
        target = policy.target if policy else None
        yield from _unlike(f"target of {metric}", targets.get(metric), target)
        if policy is None:
            continue
        for name in ("scale_in_cooldown", "scale_out_cooldown"):
            wanted, actual = expected[f"{name}_seconds"], getattr(policy, name)
            yield from _unlike(f"{name.replace('_', ' ')} of {metric}", wanted, actual)
        yield from _unlike(
            f"scale-in of {metric}", "on", "off" if policy.disable_scale_in else "on"
        )
    suspended = region.scaling.suspended
    for name in ("scale_in", "scale_out"):
        state = "suspended" if getattr(suspended, name) else "on"
        yield from _unlike(f"{name.replace('_', '-')} of the service", "on", state)


def _unlike(name: str, expected: object, actual: object) -> Iterator[_Difference]:
    if expected != actual:
        yield name, expected, actual
