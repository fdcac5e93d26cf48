"""The statistics of a metric over samples, some of which were seen many times.

Amazon CloudWatch user guide, "CloudWatch statistics definitions". Percentiles interpolate between
the closest ranks, as `alarms.point` does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from tests.support import alarms

Sample = tuple[float, float]


def statistic(name: str, samples: Iterable[Sample]) -> float | None:
    """A statistic (`Average`, `p99`) over pairs of a value and how often it was seen.

    None without samples. Raises ValueError for a statistic that is not modelled.
    """
    seen = sorted((value, times) for value, times in samples if times > 0)
    fraction = alarms.percentile(name)
    if fraction is None and name not in _PLAIN:
        raise ValueError(f"statistic {name!r} is not modelled")
    if not seen:
        return None
    return _PLAIN[name](seen) if fraction is None else _percentile(fraction, seen)


def count(samples: Iterable[Sample]) -> float:
    """How many there are in all."""
    return math.fsum(times for _, times in samples)


def total(samples: Iterable[Sample]) -> float:
    """Their sum."""
    return math.fsum(value * times for value, times in samples)


_PLAIN: Mapping[str, Callable[[list[Sample]], float]] = {
    "Average": lambda seen: total(seen) / count(seen),
    "Sum": total,
    "SampleCount": count,
    "Minimum": lambda seen: seen[0][0],
    "Maximum": lambda seen: seen[-1][0],
}


def _percentile(fraction: float, ordered: list[Sample]) -> float:
    rank = fraction * (count(ordered) - 1)
    below, above = _ranked(math.floor(rank), ordered), _ranked(math.ceil(rank), ordered)
    return below + (above - below) * (rank - math.floor(rank))


def _ranked(rank: int, ordered: list[Sample]) -> float:
    """The sample of that rank, from 0, were each written down as often as it was seen."""
    passed = 0.0
    for value, times in ordered:
        passed += times
        if rank < passed:
            return value
    return ordered[-1][0]
