"""What requests do to a number of tasks: the metrics of a steady rate, by queueing.

A task is a queue with its vCPUs as servers. Arrivals are taken as Poisson and split evenly over the
tasks, which is a little worse than the round robin of a load balancer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tests.load.service.region import Region
from tests.support.outcomes import SuiteError
from tests.support.queueing import Queue

CPU = "ECSServiceAverageCPUUtilization"
MEMORY = "ECSServiceAverageMemoryUtilization"
REQUESTS = "ALBRequestCountPerTarget"
# Where CloudWatch has what a predefined metric of Application Auto Scaling tracks (its user guide,
# "Target tracking scaling policies": predefined metric types for ECS services).
PUBLISHED_AS: Mapping[str, tuple[str, str]] = {
    CPU: ("AWS/ECS", "CPUUtilization"),
    MEMORY: ("AWS/ECS", "MemoryUtilization"),
    REQUESTS: ("AWS/ApplicationELB", "RequestCountPerTarget"),
}
# What the stand-in takes to answer, well under the alarm's threshold, unless it is told otherwise.
SERVICE_SECONDS = 0.08
_MINUTE = 60.0


@dataclass(frozen=True)
class Workload:
    """What one request and one idle task take.

    A request holds a vCPU for `cpu_seconds` on average, with the squared coefficient of variation
    `variation` (1: exponential, 0: constant), and waits `other_seconds` for a database and the
    like, where it queues for nothing. Memory in MiB, of an idle task and of a request in it.
    Raises SuiteError for numbers that describe no work.
    """

    cpu_seconds: float
    idle_memory_mib: float
    other_seconds: float = 0.0
    variation: float = 1.0
    request_memory_mib: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.cpu_seconds < math.inf:
            raise SuiteError(f"a request of {self.cpu_seconds:g} s of CPU: give more than 0")
        for name in ("idle_memory_mib", "other_seconds", "variation", "request_memory_mib"):
            if not 0 <= getattr(self, name) < math.inf:
                raise SuiteError(f"{name} of {getattr(self, name):g}: give 0 or more")

    @property
    def service_seconds(self) -> float:
        """How long a request takes where nothing waits."""
        return self.cpu_seconds + self.other_seconds


@dataclass(frozen=True)
class Steady:
    """The service at a steady rate: `response_seconds` is the mean, infinite if overloaded.

    `values` holds each tracked metric as asked for, so that CPU may exceed 100 %.
    """

    utilization: float
    response_seconds: float
    values: Mapping[str, float]


def task_queue(region: Region, workload: Workload, rate: float) -> Queue:
    """The queue of one task at so many requests per second.

    A task with less than a vCPU, or with a part of one, is so much slower.
    """
    servers = max(1, math.floor(region.vcpus))
    seconds = workload.cpu_seconds * servers / region.vcpus
    return Queue(rate, seconds, servers, workload.variation)


def capacity_of(region: Region, workload: Workload, tasks: int) -> float:
    """Requests per second that use up the CPU of so many tasks."""
    return tasks * region.vcpus / workload.cpu_seconds


def memory_percent(region: Region, workload: Workload, present: float) -> float:
    """The share of a task's memory that is used with so many requests in it."""
    used = workload.idle_memory_mib + workload.request_memory_mib * present
    return 100 * used / region.memory_mib


def steady(region: Region, workload: Workload, rate: float, tasks: int) -> Steady:
    """The service at `rate` requests per second with so many tasks, at least one."""
    queue = task_queue(region, workload, rate / tasks)
    response = queue.mean_response + workload.other_seconds
    # Little's law; an infinite queue takes infinite memory only where a request takes any.
    present = queue.arrival_rate * response if workload.request_memory_mib and rate else 0.0
    return Steady(
        utilization=queue.utilization,
        response_seconds=response,
        values={
            CPU: 100 * queue.utilization,
            MEMORY: memory_percent(region, workload, present),
            REQUESTS: _MINUTE * rate / tasks,
        },
    )
