"""One probe per gap: what real AWS answers, asked with boto3.

A probe raises (an assertion, a missing key, a refused operation) where the answer is wrong. Against
moto alone it must raise; against the emulator it must not.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from tests.support.emulator import EmulatorSession

Probe = Callable[[EmulatorSession], None]
PROBES: dict[str, Probe] = {}


def probe(gap_id: str) -> Callable[[Probe], Probe]:
    """Register the decorated function as the probe of a gap."""

    def register(function: Probe) -> Probe:
        PROBES[gap_id] = function
        return function

    return register


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
