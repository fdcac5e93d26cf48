"""The generator's end of a run: it takes orders and sends figures, by Locust's messages.

In a run of one process it is at work beside the master in the same process.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import gevent

from tests.load.generator import order
from tests.load.generator.generator import Generator
from tests.load.generator.order import Order
from tests.load.generator.visitor import OpenVisitors
from tests.support.outcomes import SuiteError
from tests.support.traffic import Traffic

# A master answers every heartbeat, one a second. Without a master there is nobody to judge the
# load or to end it.
SILENCE_SECONDS = 10.0
_WATCH_SECONDS = 0.5
LOG = logging.getLogger(__name__)


class Worker:
    """Carries out the orders that a Locust environment gets, one at a time."""

    def __init__(self, environment: Any, load_traffic: Callable[[], Traffic]) -> None:
        self._environment = environment
        self._load_traffic = load_traffic
        self._generator: Generator | None = None
        self._heard = time.monotonic()

    def listen(self) -> None:
        """Take orders from now on."""
        runner = self._environment.runner
        runner.register_message(order.ORDER, self._ordered)
        runner.register_message(order.HALT, lambda **_: self.halt())

    def live_with_master(self) -> None:
        """End this process when the master is gone or it is interrupted itself."""
        # Whether the service failed is the master's to say.
        self._environment.process_exit_code = 0
        self._environment.events.heartbeat_received.add_listener(self._hear)
        gevent.signal_handler(signal.SIGINT, self._leave)
        gevent.spawn(self._watch_master, os.getppid())

    def halt(self) -> None:
        """End the order at once."""
        if self._generator is not None:
            self._generator.halt()

    def _ordered(self, msg: Any, **_: Any) -> None:
        """Begin as long after this moment as the order says."""
        received = time.perf_counter()
        gevent.spawn(self._work, msg.data, received)

    def _work(self, data: Any, received: float) -> None:
        runner, run = self._environment.runner, None
        try:
            asked = order.read(data)
            run = asked.run
            asked.check(self._load_traffic())
            self._generator = Generator(
                asked,
                received + asked.delay_seconds,
                self._visitors,
                lambda figures: runner.send_message(order.FIGURES, figures),
            )
            self._generator.run()
        except SuiteError as error:
            runner.send_message(order.BROKEN, {"run": run, "reason": str(error)})
        except Exception as error:
            LOG.exception("the load generator broke")
            runner.send_message(order.BROKEN, {"run": run, "reason": type(error).__name__})
        finally:
            self._generator = None

    def _visitors(self, asked: Order) -> OpenVisitors:
        classes = self._environment.user_classes
        found = next(one for one in classes if issubclass(one, OpenVisitors))
        visitors: OpenVisitors = found.sending(self._environment, asked)
        return visitors

    def _hear(self, **_: Any) -> None:
        self._heard = time.monotonic()

    def _watch_master(self, parent: int) -> None:
        forked = bool(self._environment.parsed_options.processes)
        while True:
            gevent.sleep(_WATCH_SECONDS)
            orphaned = forked and os.getppid() != parent
            if orphaned or time.monotonic() - self._heard > SILENCE_SECONDS:
                LOG.error("the master is gone")
                self._leave()
                return

    def _leave(self) -> None:
        """Give up what is under way, tell so, and end the process."""
        if self._generator is not None:
            self._environment.runner.send_message(
                order.BROKEN, {"run": None, "reason": "it was interrupted"}
            )
        self.halt()
        gevent.sleep(_WATCH_SECONDS)
        self._environment.runner.quit()
