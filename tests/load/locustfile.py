"""What a visitor does. When, how often and what it must yield are said elsewhere.

From the repository root: `locust -f tests/load/locustfile.py --host http://127.0.0.1:PORT
--headless`.
"""

from __future__ import annotations

from locust import events

from tests.load.generator.visitor import OpenVisitors
from tests.load.run import LoadRun

LoadRun().install(events)


class Visitors(OpenVisitors):
    """Everybody who visits the admin panel: pages in the traffic file's proportions."""
