"""`python -m tests.selftest.load.bench_arrivals`: what the load generator can do on one core.

Against a server that answers at once, on another core where there is one: lateness of open
arrivals beside the same rate by Locust's constant_throughput; the most requests per second and
core beside plain FastHttpUser and beside wrk, if there is one; two processes against one. Prints
figures; judges nothing.
"""

from __future__ import annotations

# Before anything that opens a socket: Locust has gevent take its place.
import locust  # isort: skip

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, constant_throughput, task
from locust.env import Environment

from tests.load.generator.generator import Generator
from tests.load.generator.measure import Recorder, quantile
from tests.load.generator.order import Order
from tests.load.generator.visitor import OpenVisitors
from tests.load.scenarios.shapes import Scenario, Stage
from tests.support import traffic
from tests.support.project import ROOT

LOCUSTFILE = Path(__file__).with_name("short_periods_locustfile.py")
RATE, SECONDS = 500.0, 15
# Far more than one core sends.
FLOOD = 20_000.0
USERS = 50

Figures = dict[str, Any]


class _Visitors(OpenVisitors):
    """As in the locustfile."""

    abstract = True


def _open(host: str, rate: float) -> Figures:
    """Open arrivals, as the load tier sends them."""
    recorder = Recorder(1, SECONDS)
    environment = Environment(events=locust.events)
    scenario = Scenario("bench", (Stage("flat", SECONDS, rate, rate),), "constant")
    order = Order("bench", 0, 1, 0, 1.0, host, "staging", False, scenario, traffic.load(), seed=1)
    used = time.process_time()
    Generator(
        order,
        time.perf_counter() + 0.5,
        lambda asked: _Visitors.sending(environment, asked),
        lambda figures: recorder.add(figures["parts"]),
    ).run()
    used = time.process_time() - used
    periods = recorder.measured(SECONDS, partial=False).periods
    return _figures(
        [late for period in periods for late in period.lateness],
        sum(len(period.response_times) for period in periods),
        SECONDS,
        used,
        dropped=sum(period.dropped for period in periods),
    )


def _closed(host: str, rate: float | None) -> Figures:
    """Plain Locust: users in a closed loop, paced to the rate or, without one, not at all."""
    sends: dict[int, list[float]] = {}

    class Paced(FastHttpUser):
        abstract = True
        wait_time = constant_throughput(rate / USERS) if rate else lambda _: 0.0

        @task
        def get(self) -> None:
            sends.setdefault(id(self), []).append(time.perf_counter())
            self.client.get("/")

    Paced.abstract = False
    environment = Environment(user_classes=[Paced], events=locust.events, host=host)
    runner = environment.create_local_runner()
    runner.start(USERS, spawn_rate=USERS)
    gevent.sleep(2)
    begin, used = time.perf_counter(), time.process_time()
    gevent.sleep(SECONDS)
    used, end = time.process_time() - used, time.perf_counter()
    runner.quit()
    paced = [[at for at in one if begin <= at < end] for one in sends.values()]
    gap = USERS / rate if rate else 0.0
    late = [at - (one[0] + n * gap) for one in paced for n, at in enumerate(one) if rate]
    return _figures(late, sum(map(len, paced)), end - begin, used)


def _figures(
    late: Sequence[float], answered: int, seconds: float, used: float, dropped: int = 0
) -> Figures:
    return {
        "p50_ms": 1000 * quantile(late, 0.5),
        "p99_ms": 1000 * quantile(late, 0.99),
        "dropped": dropped,
        "per_second": answered / seconds,
        "cpu_percent": 100 * used / seconds,
        "per_core": answered / used,
    }


_ROLES: dict[str, Callable[[str], Figures]] = {
    "open": lambda host: _open(host, RATE),
    "open-flood": lambda host: _open(host, FLOOD),
    "constant_throughput": lambda host: _closed(host, RATE),
    "closed-flood": lambda host: _closed(host, None),
}


def _run(role: str, host: str) -> Figures:
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__, "--role", role]
    done = subprocess.run(
        [*command, "--host", host], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
    )
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _wrk(host: str) -> float | None:
    """Requests per second of wrk with one thread on the first core, None without wrk."""
    program = shutil.which("wrk")
    if program is None:
        return None
    command = [program, "-t1", f"-c{USERS}", f"-d{SECONDS}s", f"{host}/"]
    told = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=lambda: _pin(0)
    ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    return float(found[1]) if found else None


def _processes(count: int, host: str, rate: float) -> Figures:
    """The load tier itself, over so many processes of Locust's; the judged minutes of a second."""
    with tempfile.TemporaryDirectory() as reports:
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless",
                   "--only-summary", "--loglevel", "ERROR", "--host", host, "--reports", reports,
                   "--rate", str(rate), "--run-time", "10s",
                   *(["--processes", str(count)] if count > 1 else [])]  # fmt: skip
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        document = json.loads((Path(reports) / "load.json").read_text(encoding="utf-8"))
    periods = document["figures"]["periods"][1:]
    return {
        "per_second": sum(one["answered"] for one in periods) / len(periods),
        "p99_ms": 1000 * max(one["lateness_p99_seconds"] for one in periods),
        "dropped": sum(one["dropped"] for one in periods),
    }


def _pin(core: int) -> None:
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def _compare(host: str) -> None:
    print(f"at {RATE:g} requests/s on one core: lateness, what arrived, CPU")
    for role in ("open", "constant_throughput"):
        one = _run(role, host)
        print(
            f"  {role:20} p50 {one['p50_ms']:8.3f} ms  p99 {one['p99_ms']:8.3f} ms"
            f"  {one['per_second']:7.1f}/s  {one['dropped']} dropped  {one['cpu_percent']:.0f} %",
            flush=True,
        )
    print("as many as one core sends, per second of its time")
    for role, name in (("open-flood", "open arrivals"), ("closed-flood", "plain FastHttpUser")):
        print(f"  {name:20} {_run(role, host)['per_core']:8.0f}/s", flush=True)
    wrk = _wrk(host)
    print(f"  {'wrk':20} " + ("not on PATH" if wrk is None else f"{wrk:8.0f}/s"), flush=True)
    print("processes of the load tier: at that rate, and as many as they send")
    for count in (1, 2):
        calm, flood = _processes(count, host, RATE), _processes(count, host, FLOOD)
        print(
            f"  {count}: lateness p99 {calm['p99_ms']:.3f} ms, {calm['dropped']} dropped;"
            f" {flood['per_second']:.0f}/s",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures, or in a process of its own those of one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", choices=tuple(_ROLES))
    parser.add_argument("--host")
    options = parser.parse_args(arguments)
    if options.role:
        _pin(0)
        print(json.dumps(_ROLES[options.role](options.host)))
    else:
        command = [sys.executable, "-m", "tests.selftest.load.instant_server"]
        with subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: _pin(-1),
        ) as server:
            assert server.stdout is not None
            _compare(f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}")
            server.communicate()


if __name__ == "__main__":
    main()
