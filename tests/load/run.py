"""The bridge to Locust: its events drive the plan, the open arrivals, the verdict and the report.

Works the same under `locust -f tests/load/locustfile.py …` and `python -m tests.load`. Exit
codes: 0 pass, 1 fail, 2 usage, 3 invalid.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import gevent

from tests.load import gate, plan, report
from tests.load.arrivals import Dispatcher, choices, constant, sample_cpu
from tests.load.deployed import DeployedAlarm
from tests.load.gate import Outcome, Verdict
from tests.load.hosts import UsageError, is_loopback
from tests.load.measure import Measured, Recorder, quantile
from tests.load.plan import Plan
from tests.load.report import Report, Result
from tests.support import catalogue, traffic
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.traffic import Page, Traffic

MEASURES, QUIET, ALARM = "LOAD-01", "LOAD-02", "MON-01"
# Of the alarm's requirement: how to find it and what it looks at, proven where it belongs.
_NOT_COMPARED = frozenset({"name_suffix", "dimensions"})
PROGRESS_SECONDS = 10.0


class LoadRun:
    """One run. The sources of its input can be replaced, so that the gate itself can be tested."""

    def __init__(
        self,
        load_traffic: Callable[[], Traffic] = traffic.load,
        read_alarm: Callable[[str, str], DeployedAlarm | None] = plan.read_alarm,
        find: Callable[[str], Any] | None = None,
    ) -> None:
        self._load_traffic = load_traffic
        self._read_alarm = read_alarm
        self._find = find or (lambda requirement: catalogue.load().requirement(requirement))
        self._finished = False
        self._plan: Plan | None = None
        self._recorder: Recorder | None = None
        self._dispatcher: Dispatcher | None = None
        self._report: Report | None = None

    def install(self, events: Any) -> None:
        """Listen to a Locust environment's events."""
        events.init_command_line_parser.add_listener(plan.add_options)
        events.init.add_listener(self._prepare)
        events.quitting.add_listener(self._judge)
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
        finally:
            gevent.killall(watchers)
            # Not from this greenlet: quitting kills it and waits for that.
            gevent.spawn(stop)

    def _prepare(self, environment: Any, **_: Any) -> None:
        """Settle the plan or leave: nothing has been sent yet."""
        options = environment.parsed_options
        report.discard(options.reports)
        try:
            if not options.headless or options.master or options.worker or options.processes:
                raise UsageError(
                    "a verdict needs one generator: run with --headless, in one process"
                )
            self._plan = plan.make(
                options, self._load_traffic(), self._read_alarm, self._expected_alarm()
            )
        except Violation as violation:
            verdict = Verdict("fail", violation.expected, violation.actual)
            self._leave(options, violation.where, verdict)
        except Invalid as reason:
            self._leave(options, str(options.host), Verdict("invalid", "a run", str(reason)))
        except UsageError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(report.EXIT_CODES["usage"])
        except SuiteError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(report.EXIT_CODES["invalid"])
        # The schedule ends the run, with every request of its last period answered.
        options.run_time = None
        environment.process_exit_code = report.EXIT_CODES["invalid"]  # until it is judged
        environment.host = self.plan.host
        settled = self.plan
        print(
            f"{settled.rate:g} requests/s on {settled.host} for {settled.judged_seconds:g} s"
            f" after {settled.traffic.warm_up_seconds:g} s of warm-up; {gate.quiet(settled.alarm)}",
            flush=True,
        )

    def _expected_alarm(self) -> dict[str, object]:
        """The catalogue's values; where it omits M, M is N, as CloudWatch has it."""
        asked = {**self._find(ALARM).expected, **self._find(QUIET).expected}
        values = {key: value for key, value in asked.items() if key not in _NOT_COMPARED}
        return {"datapoints_to_alarm": values["evaluation_periods"], **values}

    def _leave(self, options: Any, where: str, verdict: Verdict) -> NoReturn:
        result = Result.of(self._find(QUIET), where, verdict)
        self._report = Report(options.environment, str(options.host), (result,))
        report.write(self._report, Path(options.reports))
        self._tell()
        sys.exit(self._report.exit_code)

    def _judge(self, environment: Any, **_: Any) -> None:
        settled = self.plan
        measured = self._measured()
        verdict = gate.judge(settled.alarm, measured, settled.traffic)
        results = [Result.of(self._find(QUIET), settled.where, verdict)]
        if not environment.parsed_options.service_judged_elsewhere:
            measures = _measures(settled, verdict.outcome)
            results.insert(0, Result.of(self._find(MEASURES), settled.host, measures))
        self._report = Report(
            environment=settled.environment,
            host=settled.host,
            results=tuple(results),
            partial=measured.partial,
            figures={
                "requests_per_second": settled.rate,
                **report.figures(settled.alarm, measured, verdict),
            },
        )
        report.write(self._report, settled.reports)
        environment.process_exit_code = self._report.exit_code

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
        if self._report is not None:
            print(self._report.text, flush=True)

    def _show_progress(self) -> None:
        while True:
            gevent.sleep(PROGRESS_SECONDS)
            now = max(0.0, self.now())
            measured = self.recorder.measured(self.plan.periods, partial=True)
            current = measured.periods[
                min(int(now // measured.period_seconds), self.plan.periods - 1)
            ]
            times = current.response_times
            shown = f"{math.fsum(times) / len(times):.3f} s" if times else "no answer yet"
            print(
                f"  {gate.clock(now)}  sent {current.sent} of {current.offered} due, mean {shown},"
                f" errors {sum(current.errors.values())}, lateness p99"
                f" {1000 * quantile(current.lateness, 0.99):.1f} ms",
                flush=True,
            )


def _measures(settled: Plan, outcome: Outcome) -> Verdict:
    """Whether this process can say that what it measured is what is deployed."""
    expected = f"{settled.environment}'s own host, answering"
    if is_loopback(urlsplit(settled.host).hostname):
        reason = "loopback: only who started the service can say what it is (python -m tests.load)"
        return Verdict("not_provable", expected, reason)
    if outcome == "invalid":
        return Verdict("invalid", expected, "the run is invalid")
    return Verdict("pass", expected, f"{settled.host}, its certificate verified")
