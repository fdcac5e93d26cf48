"""A region made of plain numbers, for tests of what is reckoned from it."""

from __future__ import annotations

from typing import Any

from tests.load.service.region import Region, Watched
from tests.load.service.workload import CPU, MEMORY, REQUESTS, Workload
from tests.support.alarms import Alarm, Missing
from tests.support.scaling import Scaling
from tests.support.scaling_policy import Capacity, Policy
from tests.support.schedules import Bounds, Schedule

RESPONSE = "mantisnxt-staging-api-response-time"
TARGETS = {CPU: 70.0, MEMORY: 80.0, REQUESTS: 1000.0}
WORK = Workload(cpu_seconds=0.08, idle_memory_mib=1024)


def region(**changed: Any) -> Region:
    """2 to 6 tasks of 2 vCPUs and 4 GiB, the three policies, and two alarms on a minute."""
    mean = Alarm(0.5, "GreaterThanThreshold", "Average", 60, 2, 2, Missing.NOT_BREACHING)
    requests = Alarm(5000, "GreaterThanThreshold", "Sum", 300, 1, 1, Missing.NOT_BREACHING)
    made: dict[str, Any] = {
        "environment": "staging",
        "capacity": Capacity(2, 6),
        "actions": (),
        "scaling": Scaling(tuple(Policy.tracking(m, t, 60, 300) for m, t in TARGETS.items())),
        "vcpus": 2.0,
        "memory_mib": 4096.0,
        "watched": (
            Watched(RESPONSE, "AWS/ApplicationELB", "TargetResponseTime", mean),
            Watched("requests", "AWS/ApplicationELB", "RequestCount", requests),
        ),
    }
    return Region(**{**made, **changed})


def night() -> tuple[Bounds, Bounds]:
    """One task at least from 20:00 and two from 06:00."""
    return (
        Bounds("off-peak", Schedule.parse("cron(0 20 * * ? *)"), 1, 6),
        Bounds("peak", Schedule.parse("cron(0 6 * * ? *)"), 2, 6),
    )
