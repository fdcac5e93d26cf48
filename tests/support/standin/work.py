"""What one request and one idle task take, as the stand-in is told it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_ALL = 100.0


@dataclass(frozen=True)
class Work:
    """The fields are those of the load tier's workload, and `failing_percent`.

    A request holds a vCPU for `cpu_seconds` on average, with the squared coefficient of variation
    `variation`, and then waits `other_seconds` for nothing it would queue for. Memory in MiB, of an
    idle task and of a request in it. `failing_percent` of the requests answer 500 at once.
    Raises ValueError for numbers that describe no work.
    """

    cpu_seconds: float = 0.0
    idle_memory_mib: float = 0.0
    other_seconds: float = 0.0
    variation: float = 1.0
    request_memory_mib: float = 0.0
    failing_percent: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            most = _ALL if field.name == "failing_percent" else math.inf
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{field.name} of {value!r}: give a number")
            if not 0 <= value <= most or value == math.inf:
                raise ValueError(f"{field.name} of {value:g}: give a number from 0 to {most:g}")


def parsed(document: Mapping[str, Any]) -> Work:
    """The work that a JSON object describes. Raises ValueError for a name it does not know."""
    unknown = sorted(set(document) - {field.name for field in fields(Work)})
    if unknown:
        raise ValueError(f"a workload has no {', '.join(unknown)}")
    return Work(**document)
