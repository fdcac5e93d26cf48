"""The bridge to Locust: its events begin and end the run, and carry the verdict out.

Works the same under `locust -f tests/load/locustfile.py …`, with a web page or without, in one
process or several, and under `python -m tests.load`. Exit codes: 0 pass, 1 fail, 2 usage,
3 invalid.
"""

from __future__ import annotations

import logging
import math
import signal
import sys
from pathlib import Path
from typing import Any

import gevent
import gevent.socket

from tests.load import plan, progress, web
from tests.load.generator import order
from tests.load.generator.conductor import Conductor
from tests.load.generator.measure import Measured
from tests.load.generator.worker import Worker
from tests.load.hosts import UsageError
from tests.load.observation import observe
from tests.load.plan import Plan
from tests.load.report import conclusion, page, report
from tests.load.report.report import Report
from tests.load.sources import Sources
from tests.load.verdict import claims, gate
from tests.load.verdict.evidence import Run
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.report import Verdict
from tests.support.telling import say

START_SECONDS = 20.0
# For worker hosts to be started, where Locust is not told how long.
WORKERS_SECONDS = 60.0
_END_SECONDS = 30.0
_INVALID = report.EXIT_CODES[Verdict.invalid]
LOG = logging.getLogger(__name__)


class LoadRun:
    """The runs of one Locust process, one after the other."""

    def __init__(self, sources: Sources | None = None) -> None:
        self._sources = sources or Sources()
        self._stopped = False
        self._fault: str | None = None
        self._environment: Any = None
        self._web_ui: Any = None
        self._plan: Plan | None = None
        self._fixed: dict[str, Any] = {}
        self._conductor: Conductor | None = None
        self._leading: gevent.Greenlet | None = None
        self._report: Report | None = None
        self._shown = web.Verdict()

    def install(self, events: Any) -> None:
        """Listen to a Locust environment's events."""
        events.init_command_line_parser.add_listener(plan.add_options)
        events.init.add_listener(self._prepare)
        events.quit.add_listener(self._tell)

    def _prepare(self, environment: Any, web_ui: Any = None, **_: Any) -> None:
        """Settle the plan or leave: nothing has been sent yet."""
        self._environment, self._web_ui = environment, web_ui
        options = environment.parsed_options
        try:
            worker = Worker(environment, self._sources.load_traffic)
            if options.worker:
                worker.listen()
                worker.live_with_master()
                return
            self._fixed = {name: getattr(options, name) for name in web.FIXED}
            # What the web page asks for is not known yet.
            if web_ui is None or options.host or options.region_url:
                self._settle_or_leave(options)
            if not options.master:
                worker.listen()
            self._take_over()
        except Exception:
            # Locust would go on or end with 1, which is to say that the service failed.
            LOG.exception("the load generator broke")
            sys.exit(_INVALID)

    def _settle_or_leave(self, options: Any) -> None:
        try:
            self._sources.check()
        except SuiteError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(_INVALID)
        try:
            self._plan = self._sources.settle(options)
        except UsageError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(report.USAGE)
        except (Violation, Invalid, SuiteError) as problem:
            self._report = self._sources.report_without_run(options, problem)
            kept = report.kept(self._report, Path(options.reports))
            self._tell()
            sys.exit(self._report.exit_code if kept else _INVALID)

    def _take_over(self) -> None:
        """From here on the plan decides when a run ends, and this class what it is worth."""
        environment, options = self._environment, self._environment.parsed_options
        environment.process_exit_code = _INVALID  # until it is judged
        # The schedule ends the run, with every request of its last minute answered.
        options.run_time, options.num_users, options.spawn_rate = None, 1, 1
        runner = environment.runner
        runner.register_message(order.FIGURES, self._figures)
        runner.register_message(order.BROKEN, self._broken)
        environment.events.test_start.add_listener(self._begin)
        environment.events.test_stop.add_listener(self._ended_by_locust)
        # Before the runner's own, which ends what the figures come by.
        environment.events.quitting.add_listener(self._conclude)
        # Locust takes Ctrl-C for an error of its own until it has begun.
        gevent.signal_handler(signal.SIGINT, self._interrupt)
        if self._web_ui is None or options.autostart:
            gevent.spawn(self._watch_start)
        if options.die_with_stdin:
            gevent.spawn(self._die_with_stdin)
        if self._web_ui is not None:
            web.install(self._web_ui, lambda: self._shown)
        if self._plan is not None:
            environment.host = self._plan.host
            self._announce(self._plan)

    def _announce(self, settled: Plan) -> None:
        scenario = settled.scenario
        say(
            f"{scenario.name}: up to {scenario.most:g} requests/s on {settled.host} for"
            f" {settled.seconds:g} s ({scenario.minutes} min); {gate.quiet(settled.alarm)}"
        )

    def _begin(self, environment: Any, **_: Any) -> None:
        """Locust has started a test: lead a run, on the page's options if there is a page."""
        if self._stopped or (self._leading is not None and not self._leading.dead):
            return
        if self._web_ui is not None and not self._settled_by_page(environment.parsed_options):
            gevent.spawn(self._end_test)
            return
        runner = environment.runner
        workers = ["local"]
        if environment.parsed_options.master:
            known = runner.clients
            workers = [one.id for one in known.ready + known.spawning + known.running]
        self._report, self._shown = None, web.Verdict()
        self._conductor = Conductor(
            self._settled_plan,
            workers,
            lambda name, data, worker: runner.send_message(name, data, worker),
            self._unchangeable,
            environment.parsed_options.allow_production,
        )
        self._leading = gevent.spawn(self._lead, self._conductor)

    @property
    def _settled_plan(self) -> Plan:
        assert self._plan is not None
        return self._plan

    def _settled_by_page(self, options: Any) -> bool:
        """Whether what the page asks for can be run; what it may not change is as it was."""
        try:
            web.take_over(self._web_ui, options, self._environment.host, self._fixed)
            self._plan = self._sources.settle(options)
        except (SuiteError, Invalid, Violation) as error:
            self._plan, self._shown = None, web.Verdict([f"Nothing was sent: {error}"])
            print(f"error: {error}", file=sys.stderr, flush=True)
            return False
        options.run_time = None
        self._announce(self._settled_plan)
        return True

    def _lead(self, conductor: Conductor) -> None:
        settled = self._settled_plan
        begun = None
        telling = gevent.spawn(progress.show, conductor)
        try:
            if settled.deployment is not None:
                begun = observe.begin(settled.deployment.target)
            conductor.conduct()
        except (SuiteError, Invalid) as error:
            conductor.give_up(str(error))
        except Exception as error:
            LOG.exception("the load generator broke")
            conductor.give_up(f"the load generator broke: {type(error).__name__}")
        finally:
            telling.kill()
        begin = conductor.begin if math.isfinite(conductor.begin) else None
        run = conclusion.run_of(settled, conductor.measured(), conductor.fault, begin, begun)
        self._judge(settled, run)
        # Not from this greenlet: what ends the test waits for it.
        gevent.spawn(self._end_test)

    def _judge(self, settled: Plan, run: Run) -> None:
        elsewhere = self._environment.parsed_options.service_judged_elsewhere
        found = conclusion.conclude(settled, run, self._sources.find, elsewhere)
        self._report = found
        kept = report.kept(found, settled.reports)
        if kept:
            self._environment.process_exit_code = found.exit_code
        self._shown = web.Verdict([report.told(result) for result in found.results])
        # Who has interrupted does not want to wait for plots.
        if kept and not elsewhere and not self._stopped:
            self._shown.page = page.offered(settled.reports / report.FILES[0])
        if self._web_ui is not None:
            self._tell()
            say(f"the verdict: {web.PAGE} of Locust's page")

    def _unchangeable(self, measured: Measured) -> str | None:
        settled = self._settled_plan
        return claims.settled(conclusion.run_of(settled, measured), self._sources.find)

    def _end_test(self) -> None:
        """End Locust's test and, unless there is a page to look at, Locust."""
        options = self._environment.parsed_options
        options.expect_workers = 0  # For which Locust still waits, if they have not come.
        if self._web_ui is not None and not self._stopped:
            self._environment.runner.stop()
            if not options.autostart or options.autoquit == -1:
                return
            gevent.sleep(options.autoquit)
        self._environment.runner.quit()
        if self._web_ui is not None:
            self._web_ui.stop()

    def _interrupt(self) -> None:
        """Ctrl-C: end the run, which is judged for what it is, and then Locust."""
        self._stopped = True
        self._halt()
        self._end_test()

    def _halt(self) -> None:
        """End the run under way, and wait until it is judged."""
        if self._conductor is not None and self._leading is not None:
            self._conductor.halt()
            self._leading.join(_END_SECONDS)

    def _ended_by_locust(self, **_: Any) -> None:
        """The page's stop button, or the last worker is gone; a run that is over does not mind."""
        runner = self._environment.runner
        if self._conductor is not None and self._environment.parsed_options.master:
            known = runner.clients
            present = known.ready + known.spawning + known.running
            self._conductor.keep({one.id for one in present})
        if self._conductor is not None:
            self._conductor.halt()

    def _conclude(self, **_: Any) -> None:
        """Locust ends: what is under way is cut short, what never began is told."""
        self._halt()
        if self._report is None and self._plan is not None:
            never = Measured(self._plan.minute_seconds, (), partial=True)
            self._judge(self._plan, conclusion.run_of(self._plan, never, self._fault))

    def _tell(self, **_: Any) -> None:
        for result in self._report.results if self._report else ():
            say(report.told(result))

    def _watch_start(self) -> None:
        """End a run that Locust never starts, for which it would wait for ever."""
        options, patience = self._environment.parsed_options, START_SECONDS
        if options.master:
            patience = options.expect_workers_max_wait or WORKERS_SECONDS
            # By itself Locust would end with 1, which is to say that the service failed.
            options.expect_workers_max_wait = 0
        gevent.sleep(patience)
        if self._conductor is not None or self._stopped:
            return
        self._fault = f"Locust sent nothing in {patience:g} s"
        if options.master:
            ready = len(self._environment.runner.clients.ready)
            self._fault = f"{ready} of {options.expect_workers} workers came in {patience:g} s"
        self._stopped = True
        self._end_test()

    def _die_with_stdin(self) -> None:
        """End with whoever started this process: its end closes the pipe."""
        gevent.socket.wait_read(sys.stdin.fileno())
        self._interrupt()

    def _figures(self, msg: Any, **_: Any) -> None:
        if self._conductor is not None:
            self._conductor.hear(msg.node_id, msg.data)

    def _broken(self, msg: Any, **_: Any) -> None:
        if self._conductor is not None:
            self._conductor.hear_broken(msg.node_id, msg.data)
