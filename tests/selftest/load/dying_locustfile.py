"""Locust that sends nothing: it reports a sound run, is killed in a breach, or refuses a spike."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from locust import events

from tests.load import plan
from tests.load.generator.visitor import OpenVisitors
from tests.load.report import report
from tests.selftest.load import reported
from tests.selftest.load.observations import STEADY


def tell(options: Any) -> None:
    """Report a run that is as it must be, and end."""
    found = replace(reported.of(STEADY), scenario=options.scenario)
    report.write(found, Path(options.reports))
    sys.exit(0)


def die(_: Any) -> None:
    """End as when the machine has no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(_: Any) -> None:
    """End as on wrong usage."""
    sys.exit(report.USAGE)


ENDS = {"steady": tell, "soak": tell, "breach": die, "spike": refuse}
hooks: Any = events
hooks.init_command_line_parser.add_listener(plan.add_options)
hooks.init.add_listener(
    lambda environment, **_: ENDS[environment.parsed_options.scenario](environment.parsed_options)
)


class Visitors(OpenVisitors):
    """Nobody comes."""
