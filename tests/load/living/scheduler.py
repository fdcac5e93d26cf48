"""ECS's service scheduler: it runs the tasks that the deployed service asks for.

The start-up delay comes before the task runs: it is that of PROVISIONING to ACTIVATING, in which
the network interface is made and the image pulled (ECS developer guide, "Amazon ECS task
lifecycle"). Only then does the control plane hear of the task, so that its running count is AWS's,
and the target group registers it. A task that is to stop leaves the target group first, drains and
is then ended; from the begin of that it does not count as running.

What goes wrong while a task starts or stops is raised by the next `reconcile`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping

from tests.load.living.balancer import Endpoint
from tests.load.living.clock import Clock
from tests.load.living.container_check import ContainerCheck
from tests.load.living.control_plane import ControlPlane, Service
from tests.load.living.service_minute import ServiceMinute, cpu_percent, memory_percent
from tests.load.living.service_task import Balancer, Ended, ServiceTask
from tests.load.living.steps import Health, Seen, steps, zone_for_next
from tests.load.living.tasks import Application, Definition, Sample, TaskProcess, Work, loopback
from tests.load.service.workload import Workload
from tests.support.target import Target

LOG = logging.getLogger(__name__)
# ECS's agent publishes a task's metrics every 20 s (amazon-ecs-agent,
# DefaultContainerMetricsPublishInterval): one that has run for less has told nothing.
_TELLING_SECONDS = 20.0
_DRAIN_POLL_SECONDS = 1.0
_SAMPLE_SECONDS = 2.0
EXITED = "Essential container in task exited"
UNHEALTHY = "Task failed health checks"
SCALED = "Scaling activity initiated by the service scheduler"
STOPPED = "stopped by a call of StopTask"


class Scheduler:
    """Runs the service of `target`. A task serves `start_up_seconds` of the region after its start.

    `tasks` start or run, those of `leaving` drain or end; `ended` tells which of them ended by
    themselves or failed a health check.
    """

    def __init__(
        self,
        target: Target,
        balancer: Balancer,
        clock: Clock,
        start_up_seconds: float,
        workload: Workload,
        application: Application | None = None,
    ) -> None:
        self.ended: list[Ended] = []
        self._target = target
        self._balancer = balancer
        self._clock = clock
        self._start_up_seconds = start_up_seconds
        self._work = Work(workload)
        self._application = application or Application.expected()
        self._plane = ControlPlane(target)
        self._definitions: dict[tuple[str, str], Definition] = {}
        self.tasks: list[ServiceTask] = []
        self.leaving: set[ServiceTask] = set()
        self._numbers = 0
        self._served_by_ended = 0
        self._begun = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    async def reconcile(self) -> None:
        """Look at the service, and begin to start and stop what it takes.

        Raises Violation where a task of the deployed revision cannot start, which ECS would try
        again for ever; SuiteError where this machine cannot run it; Invalid where a call fails.
        """
        self._raise_failure()
        known = {one.arn for one in self.tasks}
        service = await asyncio.to_thread(self._plane.service)
        if not self._begun:
            await asyncio.to_thread(self._plane.clear, service)
            self._begun = True
        else:
            self._bury(service, known)
        if service.rollout not in self._definitions:
            self._definitions[service.rollout] = await asyncio.to_thread(
                Definition.read, self._target, service.revision, service.container
            )
        decided = steps(service.wanted, self._seen(service))
        by_number = {one.number: one for one in self.tasks}
        for number in decided.stop:
            self._stop(by_number[number], service)
        for _ in range(decided.start):
            self._start(service)

    @property
    def revisions(self) -> Mapping[str, int]:
        """How many variables each revision gives its tasks, by the revision's ARN."""
        definitions = self._definitions.values()
        return {one.task.arn: len(one.task.environment) for one in definitions}

    async def put_workload(self, workload: Workload, failing_percent: float = 0.0) -> None:
        """Have every request from now on take this much, on the tasks to come as well."""
        self._work = Work(workload, failing_percent)
        processes = [one.process for one in self.tasks if one.process]
        await asyncio.gather(*(one.put_work(self._work) for one in processes))

    async def take_minute(self) -> ServiceMinute:
        """What the running tasks were used for since the last call."""
        running = [one for one in self.tasks if one.since is not None]
        samples = await asyncio.gather(*(_sample(one) for one in running))
        told = [
            (one.definition, sample)
            for one, sample in zip(running, samples, strict=True)
            if sample and sample.seconds * self._clock.scale >= _TELLING_SECONDS
        ]
        served, self._served_by_ended = self._served_by_ended, 0
        return ServiceMinute(
            running=len(running),
            cpu_percents=tuple(cpu_percent(*one) for one in told),
            memory_percents=tuple(memory_percent(*one) for one in told),
            served=served + sum(sample.served for sample in samples if sample),
            dimensions=self._plane.dimensions,
        )

    async def stop(self) -> None:
        """End every task's process; what the control plane knows of them stays. Safe twice."""
        for one in self._under_way:
            one.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        tasks = [*self.tasks, *self.leaving]
        self.tasks, self.leaving = [], set()
        for task in tasks:
            if task.check:
                task.check.stop()
        await asyncio.gather(*(one.process.stop() for one in tasks if one.process))

    # --- Seeing -----------------------------------------------------------------------------

    def _seen(self, service: Service) -> list[Seen]:
        revision = self._definitions[service.rollout]
        return [
            Seen(one.number, one.zone, one.definition is revision, self._health(one, service))
            for one in self.tasks
        ]

    def _health(self, task: ServiceTask, service: Service) -> Health:
        """Healthy by both checks, unhealthy by either once the grace period is over."""
        if task.since is None or task.endpoint is None or task.check is None:
            return Health.STARTING
        target, container = self._balancer.health(task.endpoint), task.check.healthy
        if target == "healthy" and container:
            return Health.HEALTHY
        failed = target == "unhealthy" or container is False
        graced = self._clock.now() < task.since + service.grace_seconds
        return Health.UNHEALTHY if failed and not graced else Health.UNPROVEN

    def _bury(self, service: Service, known: set[str | None]) -> None:
        """Take out the tasks that have ended, or that somebody else has stopped."""
        for task in [one for one in self.tasks if one.since is not None]:
            code = task.process.code if task.process else None
            if code is not None:
                self._tell_ended(task, code, EXITED)
                self._leave(task, service, EXITED, dead=True)
            elif task.arn in known and task.arn not in service.running:
                self._leave(task, service, STOPPED)

    def _tell_ended(self, task: ServiceTask, code: int | None, reason: str) -> None:
        self.ended.append(Ended(task.arn or "", code, reason))
        LOG.warning("%s: %s, exit code %s", task.arn, reason, code)

    # --- Starting ---------------------------------------------------------------------------

    def _start(self, service: Service) -> None:
        zone = zone_for_next(list(service.zones), self._seen(service))
        self._numbers += 1
        task = ServiceTask(self._numbers, self._definitions[service.rollout], zone)
        self.tasks.append(task)
        task.starting = self._background(self._launch(task, service))

    async def _launch(self, task: ServiceTask, service: Service) -> None:
        ready = self._clock.now() + self._start_up_seconds
        work = self._work
        task.process = await TaskProcess.start(task.definition, self._application, work)
        await self._clock.sleep_until(ready)
        task.launching = True
        if self._work is not work:
            await task.process.put_work(self._work)
        port = task.definition.task.container_port
        task.arn, task.private = await asyncio.to_thread(self._plane.run, service, task.zone)
        # The number, not the address: it is the same in every run.
        await task.process.listen(task.private, port, seed=task.number)
        task.endpoint = Endpoint(loopback(task.private), port, task.zone)
        await asyncio.to_thread(self._plane.register, service, task.private, port, task.zone)
        check = task.definition.task.health_check
        task.check = ContainerCheck(check, task.endpoint.address, port, self._clock)
        self._balancer.register(task.endpoint)
        task.since = self._clock.now()

    # --- Stopping ---------------------------------------------------------------------------

    def _stop(self, task: ServiceTask, service: Service) -> None:
        unhealthy = self._health(task, service) is Health.UNHEALTHY
        if unhealthy:
            self._tell_ended(task, None, UNHEALTHY)
        self._leave(task, service, UNHEALTHY if unhealthy else SCALED)

    def _leave(self, task: ServiceTask, service: Service, reason: str, dead: bool = False) -> None:
        self.tasks.remove(task)
        self.leaving.add(task)
        if task.starting and not task.launching:
            task.starting.cancel()
        self._background(self._retire(task, service, reason, dead))

    async def _retire(self, task: ServiceTask, service: Service, reason: str, dead: bool) -> None:
        """Out of the target group, then drained, then ended."""
        if task.starting:
            await asyncio.wait([task.starting])
        if task.check:
            task.check.stop()
        if task.arn is not None and task.endpoint is not None:
            self._balancer.deregister(task.endpoint)
            place = task.private, task.endpoint.port, task.zone
            await asyncio.to_thread(self._plane.deregister, service, *place)
            if reason != STOPPED:
                await asyncio.to_thread(self._plane.stop, task.arn, reason)
            while not dead and self._balancer.health(task.endpoint) != "unused":
                await self._clock.sleep(_DRAIN_POLL_SECONDS)
        if task.process:
            sample = await _sample(task) if task.since is not None else None
            self._served_by_ended += sample.served if sample else 0
            await task.process.stop()
        self.leaving.discard(task)

    # --- Background -------------------------------------------------------------------------

    def _background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._failure = self._failure or failure

    def _raise_failure(self) -> None:
        if self._failure:
            failure, self._failure = self._failure, None
            raise failure


async def _sample(task: ServiceTask) -> Sample | None:
    return await task.process.sample(_SAMPLE_SECONDS) if task.process else None
