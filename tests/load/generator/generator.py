"""One generator process: it sends its share of the schedule and tells what it measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gevent
from gevent.event import Event

from tests.load.generator.arrivals import Dispatcher, choices, sample_cpu, schedule, share
from tests.load.generator.measure import Recorder
from tests.load.generator.order import Figures, Order
from tests.load.generator.visitor import OpenVisitors

# How often figures are told: who gets none for a few times as long may take it for dead.
TELL_SECONDS = 1.0
# Requests need no more than their timeout; what remains then does not end.
_GRACE_SECONDS = 1.0


class Generator:
    """Sends one order, begun at `origin` of time.perf_counter, as `visitors` do it.

    `tell` gets the figures in plain types, every second and at the end.
    """

    def __init__(
        self,
        order: Order,
        origin: float,
        visitors: Callable[[Order], OpenVisitors],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._order = order
        self._tell = tell
        self._told = 0
        self._halted = Event()
        self._recorder = Recorder(order.minute_seconds, order.scenario.minutes, order.index)
        self._dispatcher = Dispatcher(self._recorder, origin, order.connections)
        self._visitors = visitors(order)
        self._visitors.recorder, self._visitors.now = self._recorder, self._dispatcher.now

    def run(self) -> None:
        """Send everything, or until `halt`; returns when the last figures have been told."""
        interval = min(TELL_SECONDS, self._order.minute_seconds / 4)
        watchers = [gevent.spawn(sample_cpu, self._recorder, self._dispatcher.now, interval)]
        watchers += [gevent.spawn(self._tell_on, interval)]
        sending = gevent.spawn(self._send)
        ended = gevent.spawn(self._halted.wait)
        try:
            gevent.wait([sending, ended], count=1)
            sending.kill()
            self._dispatcher.drain(0 if self._halted.is_set() else self._patience)
            if not self._halted.is_set():
                # The last minute is complete when it is over, not when its last answer came.
                self._halted.wait(max(0.0, self._order.seconds - self._dispatcher.now()))
        finally:
            gevent.killall([*watchers, ended, sending])
        if not sending.successful():
            raise sending.exception or RuntimeError("nothing was sent")
        self._figures(done=True)

    def halt(self) -> None:
        """End at once; requests under way are given up."""
        self._halted.set()

    @property
    def _patience(self) -> float:
        return self._order.traffic.timeout_seconds + _GRACE_SECONDS

    def _send(self) -> None:
        order = self._order
        due = schedule(order.scenario, order.minute_seconds, order.seed)
        pages = choices(order.traffic.pages, order.seed)
        self._dispatcher.run(
            share(due, order.index, order.of),
            share(pages, order.index, order.of),
            self._visitors.get_page,
        )

    def _tell_on(self, interval: float) -> None:
        while True:
            gevent.sleep(interval)
            self._figures(done=False)

    def _figures(self, done: bool) -> None:
        number, self._told = self._told, self._told + 1
        now, parts = self._dispatcher.now(), self._recorder.take()
        self._tell(asdict(Figures(self._order.run, number, now, done, parts)))


def origin_of(delay_seconds: float) -> float:
    """The reading of time.perf_counter so long after now."""
    return time.perf_counter() + delay_seconds
