"""`python -m tests.load`: deploy, bring the environment to life, load it, judge it, clean up.

With `--target emulator` the stack is applied to the emulator and lives on loopback
(`tests.load.living`); with `--target staging` the environment's own host is loaded, and the account
that boto3's settings choose is read. Each scenario is a run of Locust of its own; one that reports
nothing ends the run, which then proves no more. Exit codes: 0 pass, 1 fail, 2 usage, 3 invalid.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from tests.load import command_line
from tests.load.hosts import UsageError
from tests.load.living import process
from tests.load.living.clock import MINUTE
from tests.load.living.process import REGION, Started
from tests.load.report import conclusion, page, report
from tests.load.report.report import Report
from tests.load.service import region_client
from tests.load.service.region_client import Living
from tests.load.verdict.claims import MEASURES, OF_SCENARIO
from tests.load.verdict.gate import Judgement
from tests.support import catalogue, provenance, traffic
from tests.support.catalogue import Catalogue, Place
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.project import ROOT
from tests.support.report import Verdict
from tests.support.telling import say
from tests.support.traffic import Traffic

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_STOP_SECONDS = 40
_POLL_SECONDS = 0.1
# The last is that of a terminal that is closed.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None, region_module: str = REGION) -> int:
    """Run the load tier; returns its exit code. `region_module` is the program of the region."""
    options = command_line.parser().parse_args(arguments)
    options.reports, options.region_module = options.reports.absolute(), region_module
    for number in _ENDING:
        # nohup has asked that a terminal that is closed ends nothing.
        if (number, signal.getsignal(number)) != (signal.SIGHUP, signal.SIG_IGN):
            signal.signal(number, _interrupt)
    try:
        requirements, mix = catalogue.load(), traffic.load()
        command_line.refuse_unusable(options, requirements, mix)
        # Not sooner: a run that is refused takes nothing from an earlier one.
        report.prepare(options.reports)
        return Run(options, requirements, mix).run()
    except UsageError as error:
        return _complain(error, report.USAGE)
    except SuiteError as error:
        return _complain(error, report.EXIT_CODES[Verdict.invalid])
    except KeyboardInterrupt:
        return _complain("interrupted", report.EXIT_CODES[Verdict.invalid])


class Run:
    """One run of the tier, from the deployment to the report."""

    def __init__(self, options: argparse.Namespace, requirements: Catalogue, mix: Traffic) -> None:
        self._options = options
        self._requirements = requirements
        self._traffic = mix
        self._report: Report | None = None
        self._scenarios = command_line.scenarios_of(options)
        # The one that is run; until the first is, the one that is to be.
        self._scenario = self._scenarios[0]
        self._begun = provenance.begin(options.stack)

    def run(self) -> int:
        """Returns the exit code; every way to end but a refusal leaves a report."""
        try:
            self._on_emulator() if self._options.target == "emulator" else self._on_staging()
        except UsageError as error:
            return self._refused(error)
        except Violation as violation:
            judgement = Judgement(Verdict.failed, violation.expected, violation.actual)
            return self._conclude(violation.where, judgement, "no request was sent")
        except SuiteError as error:
            # Not 1 as elsewhere in the suite: here that would say that the service failed.
            return _complain(error, self._unjudged(str(error), told=False))
        except Invalid as reason:
            return self._unjudged(str(reason))
        except KeyboardInterrupt:
            return self._unjudged("interrupted")
        except Exception as error:
            LOG.exception("the load tier broke")
            return self._unjudged(f"the load tier broke: {type(error).__name__}")
        return self._finish()

    def _on_staging(self) -> None:
        host = command_line.host(self._options, self._traffic)
        for scenario in self._scenarios:
            self._scenario = scenario
            self._locust(host, os.environ)

    def _on_emulator(self) -> None:
        options = self._options
        with process.started(command_line.of_region(options), options.region_module) as region:
            for scenario in self._scenarios:
                self._scenario = scenario
                before = _told(region)
                self._locust(region.host, region.environment, *_living(region))
                self._prove_measured(region, before)

    def _prove_measured(self, region: Started, before: Living) -> None:
        """Whether tasks of the deployed revision gave the answers that the generator got."""
        found, scenario = self._report, self._scenario
        assert found is not None
        answered = report.succeeded(found)
        judgement = conclusion.answered_by_tasks(before, _counted(region), scenario, answered)
        requirement = self._requirements.requirement(MEASURES)
        self._report = found.with_result(requirement, region.host, judgement)
        test = f"tests/load::{scenario}::{MEASURES}"
        for result in self._report.results:
            if result.test == test:
                say(report.told(result))

    def _locust(self, host: str, environment: Mapping[str, str], *more: str) -> None:
        """Run Locust to its end; whatever ends this sooner, it ends Locust, which reports.

        Raises Invalid when it reported nothing.
        """
        options, scenario = self._options, self._scenario
        directory = options.reports / f".{scenario}"
        shutil.rmtree(directory, ignore_errors=True)
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE)]
        command += ["--headless", "--only-summary", "--loglevel", "WARNING", "--die-with-stdin"]
        command += ["--host", host, "--environment", options.environment, "--scenario", scenario]
        command += ["--stack", str(options.stack), "--reports", str(directory), *more]
        command += [] if options.rate is None else ["--rate", str(options.rate)]
        command += [] if options.duration is None else ["--run-time", f"{options.duration}s"]
        command += ["--allow-production"] if options.allow_production else []
        command += ["--overload"] if options.overload else []
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is answered here, in order
        )
        try:
            code = child.wait()
        finally:
            process.end(child, _STOP_SECONDS)
            reported = self._take(directory)
        if code == report.USAGE:
            raise UsageError(f"the load generator refused {scenario}, of which nothing was sent")
        if not reported:
            raise Invalid(f"the load generator ended with code {code} and without a report")

    def _take(self, directory: Path) -> bool:
        """Add what a scenario's run reported to what was reported before; whether it did."""
        found = report.read(directory)
        shutil.rmtree(directory, ignore_errors=True)
        if found is not None:
            self._report = found if self._report is None else found.after(self._report)
        return found is not None

    def _refused(self, error: UsageError) -> int:
        """Wrong usage leaves no report, unless it is of a scenario after one that was run."""
        if self._report is not None:
            self._unjudged(str(error), told=False)
        return _complain(error, report.USAGE)

    def _unjudged(self, reason: str, told: bool = True) -> int:
        judgement = Judgement(Verdict.invalid, "a run that can judge", reason)
        return self._conclude(self._options.target, judgement, reason, told)

    def _conclude(self, where: str, judgement: Judgement, reason: str, told: bool = True) -> int:
        """End before every scenario was judged: the judgement is on the one that is run.

        What else it claims and has not reported is invalid for this reason. Tells what Locust has
        not told.
        """
        options, find = self._options, self._requirements.requirement
        empty = Report(options.environment, options.target, scenario=self._scenario)
        before = self._report or empty
        if before.scenario != self._scenario:
            before = replace(empty, host=before.host).after(before)
        found = before.with_result(find(MEASURES), where, judgement)
        for claim in OF_SCENARIO[self._scenario]:
            found = found.with_unjudged(find(claim), where, reason)
        self._report = found.cut_short()
        for result in found.results:
            if told and result not in before.results:
                say(report.told(result))
        return self._finish()

    def _finish(self) -> int:
        """Write the whole report and its page; the exit code of all scenarios together."""
        options, found = self._options, self._report
        assert found is not None
        target, environment = options.target, options.environment
        told = provenance.describe(
            self._begun, {Place.load}, target, environment, command_line.narrowed(options)
        )
        found = replace(found, provenance=told)
        report.write(found, options.reports)
        place = page.write(options.reports / report.FILES[0], options.compare)
        say(f"load: {found.outcome}{' (partial)' if found.partial else ''}; see {place}")
        return found.exit_code


def _living(region: Started) -> list[str]:
    return ["--region-url", region.url, "--service-judged-elsewhere"]


def _told(region: Started) -> Living:
    """What the region tells of itself now. Raises Invalid when it is gone."""
    try:
        return region_client.read(region.url)
    except UsageError as error:
        raise Invalid(str(error)) from error


def _counted(region: Started) -> Living:
    """The region once it has counted the minute that is under way."""
    now = _told(region)
    deadline = time.monotonic() + 2 * now.clock.real_seconds(MINUTE)
    while (later := _told(region)).minutes <= now.minutes + 1:
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    return later


def _interrupt(*_: Any) -> NoReturn:
    """The first signal ends the run, in order; more would only cut the cleaning up short."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _complain(problem: object, code: int) -> int:
    print(f"error: {problem}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
