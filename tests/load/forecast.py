"""`python -m tests.load.forecast`: what the expected load, or so many times it, needs.

Reckoned from the stack's plan, or from what is deployed (bounds, policies, task size, alarm), from
tests/load/traffic.yaml (peak rate) and from what a request takes; no request is sent. For each
environment: the tasks that each policy asks for, which binds, the mean response and the
response-time alarm at the count where the service settles and while it gets there, and how much it
carries at most.

Exit codes: 0 everything holds, 1 something does not, 2 usage, 3 nothing could be forecast.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from tests.load.plan import STACK
from tests.load.service import region
from tests.load.service.forecast import SETTLING_MINUTES, Forecast, forecast
from tests.load.service.region import Region
from tests.load.service.workload import SERVICE_SECONDS, Workload
from tests.support import catalogue, queueing, staging, traffic
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.telling import say
from tests.support.traffic import Environment

IDLE_MEMORY = "SCALE-08"
# Whatever is multiplied of numbers up to this one is a number.
_MOST = 1e9
HOLDS, DOES_NOT_HOLD, USAGE, NOT_FORECAST = 0, 1, 2, 3


def told(one: Forecast) -> str:
    """The forecast as lines of text."""
    needed = "; ".join(f"{_count(count)} by {metric}" for metric, count in one.needed.items())
    ratio = f"{100 * one.utilization:.0f} % of the tasks' CPU"
    lines = [
        f"{one.environment}: {one.rate:g} requests/s on {one.minimum} to {one.maximum} tasks",
        f"  tasks needed   {needed}; {_count(one.for_response)} for a quiet alarm",
        f"  binds          {one.binds}",
        f"  settles on     {one.tasks} tasks after {one.settled_after} min, at {ratio}",
        f"  mean response  {_seconds(one.response_seconds)}",
        f"  alarm          {one.alarm}; in ALARM for {one.alarm_minutes} of the first "
        f"{SETTLING_MINUTES} min if the load comes at once",
        f"  carries        {one.carries:g} requests/s at most",
    ]
    if one.never_scale_in:
        lines.append(f"  never in       an idle task keeps {', '.join(one.never_scale_in)} from it")
    return "\n".join([*lines, f"  {'holds' if one.holds else 'DOES NOT HOLD'}"])


def _count(tasks: int | None) -> str:
    return "no number is enough" if tasks is None else str(tasks)


def _seconds(value: float) -> str:
    return "without end: the tasks cannot keep up" if math.isinf(value) else f"{value:.3f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the forecasts; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        forecasts = [forecast_of(one, options) for one in _regions(options)]
    except (SuiteError, Invalid, Violation) as error:
        print(f"error: {error}", file=sys.stderr)
        return NOT_FORECAST
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return NOT_FORECAST
    if options.json:
        say(json.dumps([_document(one) for one in forecasts], indent=2))
    else:
        say("\n\n".join(told(one) for one in forecasts))
    return HOLDS if all(one.holds for one in forecasts) else DOES_NOT_HOLD


def _regions(options: argparse.Namespace) -> list[Region]:
    """What the plan says, or the account that boto3's own settings choose."""
    if not options.deployed:
        return region.of_stack(options.stack, options.environment or _ALL)
    if len(options.environment or ()) != 1:
        raise SuiteError("--deployed: name the environment of the account, with --environment")
    return [region.deployed(staging.enter(options.stack, options.environment[0]))]


def forecast_of(service: Region, options: argparse.Namespace) -> Forecast:
    """The forecast for an environment with parsed options."""
    peak = traffic.load().place(service.environment).peak_requests_per_second
    rate = options.times * (peak if options.rate is None else options.rate)
    seconds, variation = options.service_time, options.variation
    if options.measured is not None:
        times = measured_times(options.measured)
        seconds, variation = math.fsum(times) / len(times), queueing.variation(times)
    cpu = seconds if options.cpu_time is None else options.cpu_time
    if cpu > seconds:
        raise SuiteError(f"--cpu-time {cpu:g} is more than a request takes, {seconds:g} s")
    workload = Workload(
        cpu_seconds=cpu,
        other_seconds=seconds - cpu,
        variation=variation,
        idle_memory_mib=idle_memory() if options.idle_memory is None else options.idle_memory,
        request_memory_mib=options.request_memory,
    )
    return forecast(service, workload, rate)


def measured_times(path: Path) -> list[float]:
    """Service times in seconds, one on each line. SuiteError names the file and the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as text") from error
    if not lines:
        raise SuiteError(f"{path}: no service time in it: put one, in seconds, on each line")
    return [_seconds_at(path, number, line) for number, line in enumerate(lines, start=1)]


def _seconds_at(path: Path, number: int, line: str) -> float:
    try:
        seconds = float(line)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _MOST:
        raise SuiteError(
            f"{path}:{number}: {line[:40]!r} is no number of seconds above 0 and up to {_MOST:g}"
        )
    return seconds


def idle_memory() -> float:
    """What an idle task may take, in MiB, as the catalogue has it."""
    expected = catalogue.load().requirement(IDLE_MEMORY).expected
    if "idle_memory_mib" not in expected:
        raise SuiteError(f"tests/catalogue.yaml: {IDLE_MEMORY} does not say idle_memory_mib")
    return float(expected["idle_memory_mib"])


def _document(one: Forecast) -> dict[str, Any]:
    """As JSON has it, which knows no infinity."""
    values = {**asdict(one), "holds": one.holds}
    return {name: None if value == math.inf else value for name, value in values.items()}


_ALL: tuple[str, ...] = get_args(Environment)


def _number(above: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not above <= value <= _MOST:
            raise argparse.ArgumentTypeError(f"{text}: give a number, {above:g} to {_MOST:g}")
        return value

    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load.forecast", description=__doc__)
    least, any_number = _number(0.001), _number(0)
    add = parser.add_argument
    add("--environment", choices=_ALL, action="append", help="default: each of them")
    add("--times", type=least, default=1.0, help="so many times the rate")
    add("--rate", type=least, help="requests per second; default: the environment's peak")
    add(
        "--service-time",
        type=least,
        default=SERVICE_SECONDS,
        help="mean seconds of a request that waits for no other; default: %(default)s",
    )
    add(
        "--measured",
        type=Path,
        help="a file with a measured service time in seconds on each line, in the place of "
        "--service-time and --variation",
    )
    add("--cpu-time", type=least, help="CPU seconds of it; default: all")
    add(
        "--variation",
        type=any_number,
        default=1.0,
        help="squared coefficient of variation of the CPU time; default: 1, exponential",
    )
    add("--idle-memory", type=any_number, help="MiB of an idle task; default: the catalogue's")
    add("--request-memory", type=any_number, default=0.0, help="MiB more for each request in it")
    add("--stack", type=Path, default=STACK, help="the Terraform tree to plan")
    add("--deployed", action="store_true", help="read the account of boto3's settings, not a plan")
    add("--json", action="store_true", help="the same as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
