"""The locustfile with visitors in a closed loop; CLOSED_VISITORS is how many there are."""

from __future__ import annotations

from locust import events

from tests.load.generator import generator
from tests.load.generator.visitor import OpenVisitors
from tests.load.run import LoadRun
from tests.selftest.load.closed_loop import ClosedLoop

vars(generator)["Dispatcher"] = ClosedLoop
LoadRun().install(events)


class Visitors(OpenVisitors):
    """The same pages as in the open loop."""
