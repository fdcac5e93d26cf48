"""What the region's services emit in a minute, before CloudWatch has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Datum:
    """Values of one metric in one minute, of one set of dimensions.

    Each value was seen `times` times. `unit` is CloudWatch's word for what the values are in.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(hash=False)
    values: tuple[float, ...]
    unit: str = "None"
    times: float = 1.0

    @property
    def key(self) -> tuple[str, str, frozenset[tuple[str, str]]]:
        """What an alarm must name to see it: namespace, name and exactly these dimensions."""
        return self.namespace, self.name, frozenset(self.dimensions.items())
