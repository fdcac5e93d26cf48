"""An environment that lives: the deployed stack on an emulator, with a load balancer and tasks.

It is deployed to an emulator of its own, started, and lives until Ctrl-C. Then send it requests
with Locust and look at it with boto3, as at a real account; the line that it prints says how.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import math
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, get_args

from tests.load import forecast
from tests.load.living.admin import Admin
from tests.load.living.clock import FASTEST, MINUTE, Clock
from tests.load.living.region import LivingRegion, first
from tests.load.plan import STACK
from tests.load.service.workload import SERVICE_SECONDS, Workload
from tests.load.verdict.claims import MEASURES
from tests.support import catalogue, deployed
from tests.support.deployment import account_id, deploy
from tests.support.emulator import Emulator
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.target import Target
from tests.support.traffic import Environment

TIME_SCALE = 20.0
START_UP_SECONDS = 120.0
_WATCH_SECONDS = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when it was told to end, 1 with one line of error otherwise."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logging.getLogger("tests.load.living").setLevel(logging.INFO)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    if options.die_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        with deployed.aws_errors():
            _run(options)
    except KeyboardInterrupt:
        return 0
    except Violation as violation:
        if options.json:
            print(json.dumps({"violation": _told(violation)}), flush=True)
        print(f"error: {' '.join(str(violation).split())}", file=sys.stderr)
        return 1
    except (SuiteError, Invalid) as problem:
        print(f"error: {' '.join(str(problem).split())}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    """Deploy, and live until told to end. Raises what ends it sooner."""
    workload = _workload(options)
    account = account_id(options.stack, options.environment)
    with (
        Emulator(account) as emulator,
        deploy(emulator, options.stack, options.environment, progress=_say),
    ):
        target = Target(options.environment, account, emulator.session(), emulated=True)
        _check_task(target)
        try:
            asyncio.run(_live(options, emulator, target, workload))
        except Exception:
            # What its clients complain of is then only what follows.
            emulator.check_alive()
            raise


def _check_task(target: Target) -> None:
    """Raise Violation unless the service's task is the application that visitors know."""
    expected = catalogue.load().requirement(MEASURES).expected
    task = deployed.read_task(target.session, target.environment, expected["container"])
    deployed.check_task(task, expected["port"], expected["health_path"])


def _workload(options: argparse.Namespace) -> Workload:
    cpu = options.service_time if options.cpu_time is None else options.cpu_time
    if cpu > options.service_time:
        raise SuiteError(
            f"--cpu-time {cpu:g} is more than a request takes, {options.service_time:g} s"
        )
    idle = forecast.idle_memory() if options.idle_memory is None else options.idle_memory
    return Workload(
        cpu_seconds=cpu,
        other_seconds=options.service_time - cpu,
        variation=options.variation,
        idle_memory_mib=idle,
        request_memory_mib=options.request_memory,
    )


async def _live(
    options: argparse.Namespace, emulator: Emulator, target: Target, workload: Workload
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    clock = _clock(options)
    emulator.set_clock(clock.scale, clock.real_origin, clock.region_origin)
    region = LivingRegion(target, clock, options.start_up_seconds, workload)
    admin = Admin(region)
    try:
        _say("starting the load balancer and the tasks")
        await admin.start(options.port)
        await first(region.start(), _watch(emulator), stopping.wait())
        if not stopping.is_set():
            _tell_ready(options, emulator, admin)
            await first(region.run(stopping), _watch(emulator))
    finally:
        await admin.stop()
        await region.stop()


async def _watch(emulator: Emulator) -> NoReturn:
    """Raises SuiteError once the emulator is gone, however long its clients would try again."""
    while True:
        emulator.check_alive()
        await asyncio.sleep(_WATCH_SECONDS)


def _clock(options: argparse.Namespace) -> Clock:
    now = time.time()
    begin = now
    if options.begin is not None:
        today = datetime.fromtimestamp(now, UTC)
        begin = today.replace(hour=options.begin[0], minute=options.begin[1]).timestamp()
    return Clock(options.time_scale, now, begin // MINUTE * MINUTE)


def _tell_ready(options: argparse.Namespace, emulator: Emulator, admin: Admin) -> None:
    """Print one line: where everything is."""
    settings = emulator.environment()
    described = admin.described()
    if options.json:
        print(json.dumps({"url": admin.url, **described, "aws": settings}), flush=True)
        return
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
    # boto3 takes a profile's credentials before those of the environment.
    print(
        f"ready: env -u AWS_PROFILE -u AWS_SESSION_TOKEN {variables} "
        f"locust -f tests/load/locustfile.py --host {described['host']} --region-url {admin.url}",
        flush=True,
    )


def _told(violation: Violation) -> dict[str, str]:
    return {name: getattr(violation, name) for name in ("where", "expected", "actual")}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _end_with_stdin() -> None:
    """Whoever started this is gone, or wants its end."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def _number(least: float, most: float = math.inf) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (least <= value <= most and math.isfinite(value)):
            limit = f"{least:g} or more" if most == math.inf else f"{least:g} to {most:g}"
            raise argparse.ArgumentTypeError(f"{text}: give a number, {limit}")
        return value

    return number


def _time_of_day(text: str) -> tuple[int, int]:
    try:
        moment = datetime.strptime(text, "%H:%M")
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: give a time as HH:MM, in UTC") from error
    return moment.hour, moment.minute


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text}: a port is a number from 0 to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load.living", description=__doc__)
    add = parser.add_argument
    add("--environment", choices=get_args(Environment), default="staging", help="%(default)s")
    add("--stack", type=Path, default=STACK, help="the Terraform tree to deploy")
    add(
        "--time-scale",
        type=_number(1, FASTEST),
        default=TIME_SCALE,
        metavar="N",
        help="schedules run so many times faster, each request stands for so many: %(default)s",
    )
    add(
        "--begin",
        type=_time_of_day,
        metavar="HH:MM",
        help="the region's time of day, in UTC, when it starts; default: this machine's",
    )
    add(
        "--start-up-seconds",
        type=_number(0),
        default=START_UP_SECONDS,
        help="what a task takes to start, in seconds of the region: %(default)s",
    )
    add(
        "--service-time",
        type=_number(0.001),
        default=SERVICE_SECONDS,
        help="mean seconds of a request that waits for no other: %(default)s",
    )
    add("--cpu-time", type=_number(0.001), help="CPU seconds of it; default: all")
    add(
        "--variation",
        type=_number(0),
        default=1.0,
        help="squared coefficient of variation of the CPU time; default: 1, exponential",
    )
    add("--idle-memory", type=_number(0), help="MiB of an idle task; default: the catalogue's")
    add("--request-memory", type=_number(0), default=0.0, help="MiB more for each request in it")
    add(
        "--port", type=_port, default=0, help="where it tells of itself; 0, the default: a free one"
    )
    add("--json", action="store_true", help="print the line as JSON")
    add("--die-with-stdin", action="store_true", help="end when standard input closes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
