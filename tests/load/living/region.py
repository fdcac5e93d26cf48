"""The region that lives: what happens behind the deployed control plane, minute by minute.

Each minute what the load balancer and the tasks emit goes to CloudWatch, alarms are judged, and
Application Auto Scaling follows. Every few seconds ECS's scheduler starts and stops tasks, and
their health is told. All seconds here are the region's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.load.living import balancer_metrics
from tests.load.living.autoscaling import Autoscaling
from tests.load.living.balancer import Balancer, Endpoint
from tests.load.living.clock import MINUTE, Clock
from tests.load.living.cloudwatch import CloudWatch
from tests.load.living.metrics import Datum
from tests.load.living.scheduler import Scheduler
from tests.load.living.tasks import Application, loopback
from tests.load.service.workload import Workload
from tests.support import catalogue
from tests.support.expectations import only
from tests.support.outcomes import Violation
from tests.support.target import Target
from tests.support.topics import Publisher

LOG = logging.getLogger(__name__)
RECONCILE_SECONDS = 5
# How long the first tasks may take beyond their start-up, in real seconds.
SETTLE_SECONDS = 60.0
_PUBLISHER = "MON-14"


@dataclass(frozen=True)
class Entrance:
    """The service's load balancer as deployed: its ARN, its target group's, and what they tell."""

    load_balancer: str
    target_group: str
    listeners: Sequence[Mapping[str, Any]]
    group: Mapping[str, Any]
    attributes: Mapping[str, str]

    @classmethod
    def deployed(cls, target: Target) -> Entrance:
        """Read it. Raises Violation where the service has none."""
        elbv2, name = target.client("elbv2"), f"{target.prefix}-app"
        service = target.client("ecs").describe_services(cluster=target.prefix, services=[name])
        described = only(name, "service", service["services"])
        place = only(name, "target group of the service", described["loadBalancers"])
        group_arn = place["targetGroupArn"]
        (group,) = elbv2.describe_target_groups(TargetGroupArns=[group_arn])["TargetGroups"]
        balancer_arn = only(group_arn, "load balancer", group["LoadBalancerArns"])
        listeners = target.pages(
            "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=balancer_arn
        )
        of_balancer = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer_arn)
        of_group = elbv2.describe_target_group_attributes(TargetGroupArn=group_arn)
        return cls(
            load_balancer=balancer_arn,
            target_group=group_arn,
            listeners=[{**one, "Rules": _rules(target, one)} for one in listeners],
            group=group,
            attributes={
                one["Key"]: one["Value"]
                for one in [*of_balancer["Attributes"], *of_group["Attributes"]]
            },
        )

    def data(self, minute: balancer_metrics.BalancerMinute, scale: float) -> list[Datum]:
        """What the load balancer emits in a minute."""
        balancer = self.load_balancer.partition("loadbalancer/")[2]
        return balancer_metrics.data(minute, balancer, self.target_group.rpartition(":")[2], scale)

    @property
    def public_port(self) -> int:
        """The port that visitors end up at: that for HTTPS, if there is one."""
        ports = {one["Protocol"]: int(one["Port"]) for one in self.listeners}
        return ports.get("HTTPS") or next(iter(ports.values()))


def _rules(target: Target, listener: Mapping[str, Any]) -> list[Any]:
    return target.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])


@dataclass(frozen=True)
class _Ended:
    """A minute that is over, and what was emitted in it."""

    begin: float
    data: Sequence[Datum]


class LivingRegion:
    """An environment that lives on the emulator that `target` reaches.

    A new task serves after `start_up_seconds` of the region. `minutes` have been lived through,
    `late_minutes` of them with work left over from the one before. `served` answers are the tasks'.
    The tasks are the catalogue's application unless another one is given.
    """

    def __init__(
        self,
        target: Target,
        clock: Clock,
        start_up_seconds: float,
        workload: Workload,
        application: Application | None = None,
    ) -> None:
        self.environment = target.environment
        self.clock = clock
        self.start_up_seconds = start_up_seconds
        self.workload = workload
        self.failing_percent = 0.0
        self.host = ""
        self.listeners: Mapping[int, str] = {}
        self.tasks = self.minutes = self.late_minutes = self.served = 0
        self._target = target
        self._application = application
        publisher = Publisher(**catalogue.load().requirement(_PUBLISHER).expected)
        self._cloudwatch = CloudWatch(target, publisher)
        self._autoscaling = Autoscaling(target, clock)
        self._ended: asyncio.Queue[_Ended] = asyncio.Queue()
        self._emitted = 0
        self._healths: list[str] = []
        self._stack = contextlib.AsyncExitStack()
        self._entrance: Entrance
        self._balancer: Balancer
        self._scheduler: Scheduler

    async def start(self) -> None:
        """Start load balancer and tasks; once it returns, as many are healthy as are desired.

        Raises Violation where the service cannot run as it is deployed, SuiteError naming what is
        not modelled.
        """
        self._entrance = await asyncio.to_thread(self._look)
        entrance = self._entrance
        self._balancer = Balancer(
            entrance.listeners, entrance.group, entrance.attributes, self.clock
        )
        self._stack.push_async_callback(self._balancer.stop)
        await self._balancer.start()
        self.listeners = self._balancer.urls
        self.host = self.listeners[entrance.public_port]
        self._scheduler = Scheduler(
            self._target, self._balancer, self.clock, self.start_up_seconds, self.workload,
            self._application,
        )  # fmt: skip
        self._stack.push_async_callback(self._scheduler.stop)
        await self._settle()

    def _look(self) -> Entrance:
        """Read what is deployed. Every client is made here: to make them is not for threads."""
        for service in ("application-autoscaling", "cloudwatch", "ecs", "elbv2", "kms", "sns"):
            self._target.client(service)
        self._cloudwatch.refresh()
        self._autoscaling.refresh()
        # Those whose metrics nobody emits are then as they stay.
        self._cloudwatch.evaluate(self.clock.now())
        return Entrance.deployed(self._target)

    async def _settle(self) -> None:
        deadline = self.clock.now() + self.start_up_seconds
        deadline += SETTLE_SECONDS * self.clock.scale
        while True:
            await self._reconcile()
            service = await asyncio.to_thread(self._autoscaling.service)
            healthy = self._healths.count("healthy")
            self.tasks = service.running
            if healthy == service.desired == service.running and not service.deploying:
                return
            if self.clock.now() > deadline:
                raise Violation(
                    where=self._entrance.target_group,
                    expected=f"{service.desired} healthy tasks",
                    actual=f"{service.running} run, {healthy} are healthy",
                )
            await self.clock.sleep(RECONCILE_SECONDS)

    async def run(self, stopping: asyncio.Event) -> None:
        """Live until the event is set. Raises what ends it sooner."""
        await first(self._emit(), self._control(), self._schedule(), stopping.wait())

    @property
    def revisions(self) -> Mapping[str, int]:
        """The revisions of the task definition that tasks were made from, and their variables."""
        return self._scheduler.revisions

    async def stop(self) -> None:
        """End the tasks and the load balancer. Safe to call twice."""
        await self._stack.aclose()

    async def put_workload(self, workload: Workload, failing_percent: float) -> None:
        """Have every request from now on take this much, on the tasks to come as well."""
        await self._scheduler.put_workload(workload, failing_percent)
        self.workload, self.failing_percent = workload, failing_percent

    async def set_refusing(self, refusing: bool) -> None:
        """Have the load balancer refuse connections, or not."""
        await self._balancer.set_refusing(refusing)

    # --- Each minute ----------------------------------------------------------------------

    async def _emit(self) -> None:
        """Take what is emitted as each minute ends, however long CloudWatch's work takes."""
        begin = self.clock.now() // MINUTE * MINUTE + MINUTE
        await self.clock.sleep_until(begin)
        await self._taken()
        while True:
            await self.clock.sleep_until(begin + MINUTE)
            self._ended.put_nowait(_Ended(begin, await self._taken()))
            self.late_minutes += self._emitted > self.minutes
            self._emitted += 1
            begin += MINUTE

    async def _taken(self) -> list[Datum]:
        service = await self._scheduler.take_minute()
        self.tasks = service.running
        self.served += service.served
        emitted = self._entrance.data(self._balancer.take_minute(), self.clock.scale)
        return [*emitted, *service.data]

    async def _control(self) -> None:
        """What AWS does with each minute, one after the other."""
        while True:
            ended = await self._ended.get()
            await asyncio.to_thread(self._lived, ended)
            self.minutes += 1

    def _lived(self, ended: _Ended) -> None:
        # What is deployed may be changed under way.
        self._cloudwatch.refresh()
        self._autoscaling.refresh()
        end = ended.begin + MINUTE
        self._cloudwatch.publish(ended.begin, ended.data)
        for name in self._cloudwatch.evaluate(end):
            LOG.info("%s is %s", name, self._cloudwatch.states()[name])
        service = self._autoscaling.service()
        newest = partial(self._cloudwatch.newest, end=end)
        for activity in self._autoscaling.step(end, newest, service):
            LOG.info("desired count %d by %s", activity.after, activity.cause)

    # --- Every few seconds ----------------------------------------------------------------

    async def _schedule(self) -> None:
        while True:
            await self.clock.sleep(RECONCILE_SECONDS)
            await self._reconcile()

    async def _reconcile(self) -> None:
        await self._scheduler.reconcile()
        await asyncio.to_thread(self._tell_health)

    def _tell_health(self) -> None:
        """Tell the control plane how the targets are that are registered with it."""
        arn = self._entrance.target_group
        described = self._target.client("elbv2").describe_target_health(TargetGroupArn=arn)
        targets = described["TargetHealthDescriptions"]
        self._healths = [self._balancer.health(_endpoint(one["Target"])) for one in targets]
        if told := news(targets, self._healths):
            changed = [{"TargetGroupArn": arn, **one} for one in told]
            self._target.session.tell("target-health", changed)


async def first(*several: Coroutine[Any, Any, Any]) -> None:
    """Await the first to end, and end the others. Raises what it raises."""
    tasks = [asyncio.ensure_future(one) for one in several]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def news(targets: Sequence[Mapping[str, Any]], healths: Sequence[str]) -> list[dict[str, Any]]:
    """What the control plane is to be told of targets, given how the load balancer sees each.

    One that the load balancer does not know yet is on its way to it: only what drains may go.
    """
    return [
        {**one["Target"], "State": health}
        for one, health in zip(targets, healths, strict=True)
        if health != one["TargetHealth"]["State"]
        and (health != "unused" or one["TargetHealth"]["State"] == "draining")
    ]


def _endpoint(target: Mapping[str, Any]) -> Endpoint:
    """Where a registered target listens on this machine."""
    return Endpoint(loopback(target["Id"]), target["Port"], target["AvailabilityZone"])
