"""The bridge to Locust: its events drive the plan, the open arrivals, the verdict and the report.

Works the same under `locust -f tests/load/locustfile.py …` and `python -m tests.load`. Exit
codes: 0 pass, 1 fail, 2 usage, 3 invalid.
"""

from __future__ import annotations

import logging
import math
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import gevent
import gevent.socket

from tests.load import gate, plan, report
from tests.load.arrivals import Dispatcher, choices, constant, sample_cpu
from tests.load.deployed import DeployedAlarm
from tests.load.gate import Judgement
from tests.load.hosts import UsageError, is_loopback
from tests.load.measure import Measured, Recorder, quantile
from tests.load.plan import QUIET, Plan
from tests.load.report import Report
from tests.support import catalogue, traffic
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.report import Verdict
from tests.support.traffic import Page, Traffic

MEASURES = "LOAD-01"
PROGRESS_SECONDS = 10.0
START_SECONDS = 20.0
LOG = logging.getLogger(__name__)


class LoadRun:
    """One run. The sources of its input can be replaced, so that the gate itself can be tested."""

    def __init__(
        self,
        load_traffic: Callable[[], Traffic] = traffic.load,
        read_alarm: Callable[[str, str, Path], DeployedAlarm | None] = plan.read_alarm,
        find: Callable[[str], Any] | None = None,
    ) -> None:
        self._load_traffic = load_traffic
        self._read_alarm = read_alarm
        self._find = find or (lambda requirement: catalogue.load().requirement(requirement))
        self._finished = False
        self._stopped = False
        self._fault: str | None = None
        self._plan: Plan | None = None
        self._recorder: Recorder | None = None
        self._dispatcher: Dispatcher | None = None
        self._report: Report | None = None

    def install(self, events: Any) -> None:
        """Listen to a Locust environment's events."""
        events.init_command_line_parser.add_listener(plan.add_options)
        events.init.add_listener(self._prepare)
        events.quitting.add_listener(self._conclude)
        events.quit.add_listener(self._tell)

    @property
    def plan(self) -> Plan:
        """The settled plan; only after Locust's init event."""
        if self._plan is None:
            raise RuntimeError("the run has not been prepared")
        return self._plan

    @property
    def recorder(self) -> Recorder:
        """Where the behaviour reports what it saw."""
        if self._recorder is None:
            raise RuntimeError("the run has not begun")
        return self._recorder

    def now(self) -> float:
        """Seconds since the judged part began; negative while warming up."""
        return self._dispatcher.now() if self._dispatcher else -math.inf

    def drive(self, send: Callable[[float, Page], None], stop: Callable[[], Any]) -> None:
        """Send the whole schedule through `send`, then have Locust quit with `stop`."""
        if self._recorder is not None:
            return
        if self._stopped:
            gevent.spawn(stop)
            return
        settled = self.plan
        warm_up = settled.traffic.warm_up_seconds
        connections = settled.traffic.connections(settled.rate)
        origin = time.perf_counter() + warm_up
        self._recorder = Recorder(settled.alarm.period_seconds, settled.periods)
        self._dispatcher = Dispatcher(self._recorder, origin, connections)
        interval = min(1.0, settled.alarm.period_seconds / 4)
        watchers = [gevent.spawn(sample_cpu, self._recorder, self.now, interval)]
        watchers += [gevent.spawn(self._show_progress)]
        schedule = constant(settled.rate, -warm_up, settled.judged_seconds)
        try:
            self._dispatcher.run(schedule, choices(settled.traffic.pages), send)
            self._dispatcher.drain(settled.traffic.timeout_seconds + 1)
            # The last period is complete when it is over, not when its last answer came.
            gevent.sleep(max(0.0, settled.judged_seconds - self.now()))
            self._finished = True
        except Exception as error:
            LOG.exception("the load generator broke")
            self._fault = f"the load generator broke: {type(error).__name__}"
        finally:
            gevent.killall(watchers)
            # Not from this greenlet: quitting kills it and waits for that.
            gevent.spawn(stop)

    def _prepare(self, environment: Any, **_: Any) -> None:
        """Settle the plan or leave: nothing has been sent yet."""
        try:
            self._settle_or_leave(environment.parsed_options)
            self._take_over(environment)
        except Exception:
            # Locust would go on or end with 1, which is to say that the service failed.
            LOG.exception("the load generator broke")
            sys.exit(report.EXIT_CODES[Verdict.invalid])

    def _settle_or_leave(self, options: Any) -> None:
        try:
            self._find(QUIET), self._find(MEASURES)
        except SuiteError as error:
            # Without the requirements there is nothing to report on.
            print(f"error: {error}", file=sys.stderr)
            sys.exit(report.EXIT_CODES[Verdict.invalid])
        try:
            self._settle(options)
        except UsageError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(report.USAGE)
        except Violation as violation:
            judgement = Judgement(Verdict.failed, violation.expected, violation.actual)
            self._leave(options, violation.where, judgement)
        except (Invalid, SuiteError) as error:
            judgement = Judgement(Verdict.invalid, "a run that can judge", str(error))
            self._leave(options, str(options.host), judgement)

    def _take_over(self, environment: Any) -> None:
        """From here on the plan decides when the run ends, and this class what it is worth."""
        options, settled = environment.parsed_options, self.plan
        environment.host = settled.host
        environment.process_exit_code = report.EXIT_CODES[Verdict.invalid]  # until it is judged
        # The schedule ends the run, with every request of its last period answered; one user
        # sends it.
        options.run_time, options.num_users, options.spawn_rate = None, 1, 1

        def stop() -> None:
            self._stopped = True
            environment.runner.quit()

        # Locust takes Ctrl-C for an error of its own until it has begun.
        gevent.signal_handler(signal.SIGINT, stop)
        gevent.spawn(self._watch_start, stop)
        if options.die_with_stdin:
            gevent.spawn(self._die_with_stdin, stop)
        print(
            f"{settled.rate:g} requests/s on {settled.host} for {settled.judged_seconds:g} s"
            f" after {settled.traffic.warm_up_seconds:g} s of warm-up; {gate.quiet(settled.alarm)}",
            flush=True,
        )

    def _settle(self, options: Any) -> None:
        report.prepare(options.reports)
        if not options.headless or options.master or options.worker or options.processes:
            raise UsageError("a verdict needs one generator: run with --headless, in one process")
        expected = plan.expected_values(self._find)
        self._plan = plan.make(options, self._load_traffic(), self._read_alarm, expected)

    def _leave(self, options: Any, where: str, judgement: Judgement) -> NoReturn:
        host = str(options.host)
        found = Report(options.environment, _target(host), host)
        found = found.with_result(self._find(QUIET), where, judgement)
        if not options.service_judged_elsewhere:
            found = found.with_unjudged(self._find(MEASURES), host, "no request was sent")
        self._report = found
        report.write(found, options.reports)
        self._tell()
        sys.exit(found.exit_code)

    def _conclude(self, environment: Any, **_: Any) -> None:
        settled = self.plan
        measured = self._measured()
        judgement = gate.judge(settled.alarm, measured, settled.traffic)
        numbers = report.figures(settled.alarm, measured, judgement)
        if self._fault:
            judgement = Judgement(Verdict.invalid, judgement.expected, self._fault)
        found = Report(
            environment=settled.environment,
            target=_target(settled.host),
            host=settled.host,
            partial=measured.partial,
            figures={"requests_per_second": settled.rate, **numbers},
        ).with_result(self._find(QUIET), settled.where, judgement)
        if not environment.parsed_options.service_judged_elsewhere:
            measures = _measures(settled, judgement.outcome)
            found = found.with_result(self._find(MEASURES), settled.host, measures)
        self._report = found
        report.write(found, settled.reports)
        environment.process_exit_code = found.exit_code

    def _measured(self) -> Measured:
        """Every period when the schedule ran to its end, else those that were over."""
        settled = self.plan
        if self._recorder is None:
            return Measured(settled.alarm.period_seconds, (), partial=True)
        over = settled.periods
        if not self._finished:
            over = max(0, int(self.now() // settled.alarm.period_seconds))
        return self._recorder.measured(over, partial=not self._finished)

    def _tell(self, **_: Any) -> None:
        for result in self._report.results if self._report else ():
            print(report.told(result), flush=True)

    def _watch_start(self, stop: Callable[[], Any]) -> None:
        """End a run that Locust never started, for which it would wait for ever."""
        gevent.sleep(START_SECONDS)
        if self._recorder is None:
            self._fault = f"Locust sent nothing in {START_SECONDS:g} s"
            stop()

    def _die_with_stdin(self, stop: Callable[[], Any]) -> None:
        """End with whoever started this process: its end closes the pipe."""
        gevent.socket.wait_read(sys.stdin.fileno())
        stop()

    def _show_progress(self) -> None:
        while True:
            gevent.sleep(PROGRESS_SECONDS)
            now = max(0.0, self.now())
            current = self.recorder.period(now)
            times = current.samples
            shown = f"{math.fsum(times) / len(times):.3f} s" if times else "no answer yet"
            print(
                f"  {gate.clock(now)}  sent {current.sent} of {current.offered} due, mean {shown},"
                f" errors {sum(current.errors.values())}, lateness p99"
                f" {1000 * quantile(current.lateness, 0.99):.1f} ms",
                flush=True,
            )


def _target(host: str) -> str:
    return "emulator" if is_loopback(urlsplit(host).hostname) else "staging"


def _measures(settled: Plan, outcome: Verdict) -> Judgement:
    """Whether this process can say that what it measured is what is deployed."""
    expected = f"{settled.environment}'s own host, answering"
    if is_loopback(urlsplit(settled.host).hostname):
        reason = "loopback: only who started the service can say what it is (python -m tests.load)"
        return Judgement(Verdict.not_provable, expected, reason)
    if outcome is Verdict.invalid:
        return Judgement(Verdict.invalid, expected, "the run is invalid")
    return Judgement(Verdict.passed, expected, f"{settled.host}, its certificate verified")
