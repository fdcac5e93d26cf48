"""A task of the service as its scheduler knows it, and the load balancer as it needs it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from tests.load.living.balancer import Endpoint
from tests.load.living.container_check import ContainerCheck
from tests.load.living.tasks import Definition, TaskProcess


class Balancer(Protocol):
    """What of the load balancer the scheduler needs."""

    def register(self, endpoint: Endpoint) -> None:
        """Begin to check it, and to send it requests."""

    def deregister(self, endpoint: Endpoint) -> None:
        """Send it nothing new, and forget it after the delay."""

    def health(self, endpoint: Endpoint) -> str:
        """initial, healthy, unhealthy, draining or unused."""


@dataclass(eq=False)
class ServiceTask:
    """A task of the service; what is None it does not have yet.

    `number` counts up, `since` is when it began to run, by the region's clock.
    """

    number: int
    definition: Definition
    zone: str
    process: TaskProcess | None = None
    arn: str | None = None
    private: str = ""
    endpoint: Endpoint | None = None
    check: ContainerCheck | None = None
    since: float | None = None
    starting: asyncio.Task[None] | None = None
    launching: bool = False


@dataclass(frozen=True)
class Ended:
    """A task that ended without being told to: `code` is its exit code, `reason` ECS's words."""

    arn: str
    code: int | None
    reason: str
