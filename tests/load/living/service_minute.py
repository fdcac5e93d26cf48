"""What ECS tells of a service in a minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.load.living.metrics import Datum
from tests.load.living.tasks import Definition, Sample
from tests.support.standin.processor import Processor

_NAMESPACE, _UNIT = "AWS/ECS", "Percent"
_ALL = 100.0


@dataclass(frozen=True)
class ServiceMinute:
    """`running` tasks, how much of its size each has used, and how many requests they answered.

    A task that was not asked, or that ran too shortly to tell, has no part in the percentages.
    `dimensions` name the service.
    """

    running: int
    cpu_percents: tuple[float, ...]
    memory_percents: tuple[float, ...]
    served: int = 0
    dimensions: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def data(self) -> list[Datum]:
        """As CloudWatch gets it; nothing where no task told anything."""
        told = {"CPUUtilization": self.cpu_percents, "MemoryUtilization": self.memory_percents}
        return [
            Datum(_NAMESPACE, name, self.dimensions, values, _UNIT)
            for name, values in told.items()
            if values
        ]


def cpu_percent(definition: Definition, sample: Sample) -> float:
    """The share of a task's vCPUs that was used."""
    servers = Processor(definition.vcpus).servers
    return _ALL * sample.busy_seconds / (servers * sample.seconds)


def memory_percent(definition: Definition, sample: Sample) -> float:
    """The share of a task's memory that was used, on average."""
    return _ALL * sample.memory_mib / definition.memory_mib
