"""One run, led from where it is judged: orders out, figures in, and every reason to give it up.

The same for one process, for several, and for several hosts: a single generator is a worker too,
whose messages do not leave the process.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import Event

from tests.load.generator import order
from tests.load.generator.measure import Measured, Period, Recorder
from tests.load.hosts import UsageError
from tests.load.living.clock import MINUTE
from tests.load.plan import Plan
from tests.load.service import region_client

# From the order to the first request: what it takes to reach and start the generators.
LEAD_SECONDS = 1.0
# A worker tells every second; after so long without a word it is lost.
LOST_SECONDS = 10.0
# How far a worker's time in the run may be behind the master's: its requests would count for the
# wrong minute.
MOST_BEHIND_SECONDS = 0.25
# For the last figures after an early end.
_HALT_SECONDS = 2.0
# What a stage asks of the service is there when its first request is.
_AHEAD_SECONDS = 0.02
_WATCH_SECONDS = 0.25
# After the last request's timeout: by then a generator is done or was lost.
_END_SECONDS = 20.0
# After its timeout a request has been told of, by a generator that tells every second.
_KNOWN_AFTER_SECONDS = 2.0


@dataclass
class _Worker:
    index: int
    heard: float
    figures: int = 0
    behind: float = math.inf
    done: bool = False


class Conductor:
    """Leads a plan's run over workers; `send(name, data, worker)` gives one a message.

    `settled(periods)` is asked with the complete minutes after each one whether the verdict can
    still change: a reason ends the run early.
    """

    def __init__(
        self,
        plan: Plan,
        workers: Sequence[str],
        send: Callable[[str, dict[str, Any], str], None],
        settled: Callable[[Measured], str | None] = lambda _: None,
        allow_production: bool = False,
    ) -> None:
        self._plan = plan
        self._send = send
        self._settled = settled
        self._allow_production = allow_production
        self._run = uuid.uuid4().hex
        self._recorder = Recorder(plan.minute_seconds, plan.scenario.minutes, 0, len(workers))
        self._workers = {name: _Worker(n, time.monotonic()) for n, name in enumerate(workers)}
        self._over = Event()
        self._changed_workload = False
        self._origin = math.inf
        self.begin = math.inf
        self.fault: str | None = None
        self.ended_early: str | None = None

    @property
    def finished(self) -> bool:
        """Whether every generator has sent and told everything."""
        return all(worker.done for worker in self._workers.values()) and not self.fault

    def now(self) -> float:
        """Real seconds since the run began; negative before."""
        return time.perf_counter() - self._origin

    def conduct(self) -> None:
        """Lead the run to its end, early or not; afterwards it can be `measured`."""
        try:
            self._begin()
        except UsageError as error:
            self.fault = str(error)
            return
        stages = gevent.spawn(self._lead_stages)
        try:
            self._watch()
            if not self.finished:
                self._halt_workers()
        finally:
            stages.kill()
            self._restore_workload()

    def halt(self) -> None:
        """End the run before its time."""
        self._over.set()

    def give_up(self, fault: str) -> None:
        """End the run, which is worth nothing for this reason; the first reason counts."""
        self.fault = self.fault or fault
        self._over.set()

    def hear(self, name: str, data: Any) -> None:
        """A worker's figures."""
        worker = self._workers.get(name)
        if worker is None or data["run"] != self._run:
            return
        if data["number"] != worker.figures:
            self.give_up(f"figures of {self._called(worker)} are missing")
        worker.heard, worker.figures = time.monotonic(), data["number"] + 1
        worker.behind = min(worker.behind, self.now() - data["now"])
        worker.done = worker.done or data["done"]
        self._recorder.add(data["parts"])

    def hear_broken(self, name: str, data: Any) -> None:
        """A worker cannot go on."""
        worker = self._workers.get(name)
        if worker is not None and data["run"] in (self._run, None):
            self.give_up(f"{self._called(worker)} broke: {data['reason']}")

    def lost(self, name: str) -> None:
        """A worker is gone."""
        worker = self._workers.get(name)
        if worker is not None and not worker.done:
            self.give_up(f"{self._called(worker)} was lost at {max(0.0, self.now()):.0f} s")

    def keep(self, present: set[str]) -> None:
        """Of the workers only these are left."""
        for name in self._workers.keys() - present:
            self.lost(name)

    def measured(self) -> Measured:
        """Every minute when all generators came to their end, else those that were over."""
        over = self._plan.scenario.minutes
        if not self.finished:
            over = min(over, max(0, int(self.now() // self._plan.minute_seconds)))
        partial = not self.finished and self.ended_early is None
        return self._recorder.measured(over, partial)

    def period(self) -> Period:
        """The minute that is under way."""
        return self._recorder.period(self.now())

    def _begin(self) -> None:
        """Order every worker to begin with the next minute of the region that can be met."""
        plan = self._plan
        self._set_workload(0)
        earliest = plan.clock.at(time.time() + LEAD_SECONDS) / MINUTE
        # A clock of this run's own has no minutes to keep to.
        self.begin = MINUTE * (earliest if plan.deployment is None else math.ceil(earliest))
        wall = plan.clock.real(self.begin)
        self._origin = time.perf_counter() + wall - time.time()
        for name, worker in self._workers.items():
            worker.heard = time.monotonic() + max(0.0, -self.now())
            self._send(order.ORDER, self._order(worker), name)

    def _order(self, worker: _Worker) -> dict[str, Any]:
        return order.of_plan(
            self._plan,
            self._run,
            worker.index,
            len(self._workers),
            delay_seconds=-self.now(),
            allow_production=self._allow_production,
        )

    def _watch(self) -> None:
        minute = 0
        while not self._over.wait(_WATCH_SECONDS):
            if all(worker.done for worker in self._workers.values()):
                break
            silent = time.monotonic() - LOST_SECONDS
            for name, worker in self._workers.items():
                if worker.heard < silent and not worker.done:
                    self.lost(name)
            if self.now() > self._plan.seconds + self._plan.traffic.timeout_seconds + _END_SECONDS:
                self.give_up("the load generators did not come to an end")
            if (over := self._answered_minutes()) > minute:
                minute = over
                self.ended_early = self._settled(self._recorder.measured(over, partial=False))
                if self.ended_early:
                    break
        self._check_clocks()

    def _answered_minutes(self) -> int:
        """How many minutes are over for so long that all is known of their requests.

        Of a minute after a worker was last heard of nothing is: it may be lost.
        """
        now, clock = self.now(), time.monotonic()
        heard = [now - (clock - one.heard) for one in self._workers.values() if not one.done]
        answered = now - self._plan.traffic.timeout_seconds - _KNOWN_AFTER_SECONDS
        return max(0, int(min(answered, *heard) // self._plan.minute_seconds))

    def _check_clocks(self) -> None:
        for worker in self._workers.values():
            if worker.figures and not -MOST_BEHIND_SECONDS < worker.behind < MOST_BEHIND_SECONDS:
                where = "behind" if worker.behind > 0 else "ahead of"
                self.give_up(
                    f"{self._called(worker)} was {abs(worker.behind):.2f} s {where} the schedule"
                )

    def _halt_workers(self) -> None:
        """End every generator and wait for its last figures, but not for long."""
        for name in self._workers:
            self._send(order.HALT, {"run": self._run}, name)
        deadline = time.monotonic() + _HALT_SECONDS
        waiting = [worker for worker in self._workers.values() if not worker.done]
        while any(not worker.done for worker in waiting) and time.monotonic() < deadline:
            gevent.sleep(0.02)
        # They told everything, but not of everything.
        for worker in waiting:
            worker.done = False

    def _lead_stages(self) -> None:
        """Have requests take what each stage says, from its begin on."""
        for index, (_, window) in enumerate(self._plan.scenario.windows()):
            due = window.start * self._plan.minute_seconds - _AHEAD_SECONDS
            gevent.sleep(max(0.0, due - self.now()))
            if index:
                try:
                    self._set_workload(index)
                except UsageError as error:
                    self.give_up(str(error))

    def _set_workload(self, stage: int) -> None:
        plan = self._plan
        workload = plan.scenario.stages[stage].workload
        if plan.living is not None and workload is not None:
            self._changed_workload = True
            region_client.put_workload(plan.living.url, workload)

    def _restore_workload(self) -> None:
        """Leave the region as it was found."""
        if self._changed_workload and self._plan.living is not None:
            try:
                region_client.put_workload(self._plan.living.url, self._plan.living.workload)
            except UsageError as error:
                self.fault = self.fault or str(error)

    def _called(self, worker: _Worker) -> str:
        if len(self._workers) == 1:
            return "the load generator"
        return f"worker {worker.index + 1} of {len(self._workers)}"
