"""`python -m tests.load`: deploy, bring the environment to life, load it, judge it, clean up.

With `--target emulator` the stack is applied to the emulator and lives on loopback
(`tests.load.living`); with `--target staging` the environment's own host is loaded, and the account
that boto3's settings choose is read. Each scenario is a run of Locust of its own. Exit codes:
0 pass, 1 fail, 2 usage, 3 invalid.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, get_args
from urllib.parse import urlsplit

from tests.load import compare, page, plan, region_client, report, scenarios
from tests.load.claims import MEASURES
from tests.load.gate import Judgement
from tests.load.hosts import UsageError, is_loopback, permitted
from tests.load.living import process
from tests.load.living.clock import FASTEST, MINUTE
from tests.load.living.process import REGION, Started
from tests.load.plan import QUIET, REPORTS, ROOT, STACK
from tests.load.region_client import Living
from tests.load.report import Report
from tests.support import catalogue, provenance, traffic
from tests.support.catalogue import Catalogue, Place
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.report import Verdict
from tests.support.traffic import Environment, Traffic

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
# The first ends with as few tasks as the others begin with.
ON_EMULATOR, ON_STAGING = ("scale", "breach", "steady"), ("steady",)
_STOP_SECONDS = 40
_POLL_SECONDS = 0.1
# No scheduled action changes the bounds in the hours that follow.
MORNING = "10:00"
LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None, region_module: str = REGION) -> int:
    """Run the load tier; returns its exit code. `region_module` is the program of the region."""
    options = _parser().parse_args(arguments)
    options.reports, options.region_module = options.reports.resolve(), region_module
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        report.prepare(options.reports)
        requirements, mix = catalogue.load(), traffic.load()
        _refuse_unusable(options, requirements, mix)
    except UsageError as error:
        return _complain(error, report.USAGE)
    except SuiteError as error:
        return _complain(error, report.EXIT_CODES[Verdict.invalid])
    except KeyboardInterrupt:
        return _complain("interrupted", report.EXIT_CODES[Verdict.invalid])
    return Run(options, requirements, mix).run()


class Run:
    """One run of the tier, from the deployment to the report."""

    def __init__(self, options: argparse.Namespace, requirements: Catalogue, mix: Traffic) -> None:
        self._options = options
        self._requirements = requirements
        self._traffic = mix
        self._report: Report | None = None
        self._begun = provenance.begin(options.stack)

    def run(self) -> int:
        """Returns the exit code; every way to end but a refusal leaves a report."""
        try:
            self._on_emulator() if self._options.target == "emulator" else self._on_staging()
        except UsageError as error:
            return _complain(error, report.USAGE)
        except Violation as violation:
            judgement = Judgement(Verdict.failed, violation.expected, violation.actual)
            return self._conclude(violation.where, judgement)
        except SuiteError as error:
            # Not 1 as elsewhere in the suite: here that would say that the service failed.
            return _complain(error, self._unjudged(str(error), told=False))
        except Invalid as reason:
            return self._unjudged(str(reason))
        except KeyboardInterrupt:
            return self._unjudged("interrupted", partial=True)
        except Exception as error:
            LOG.exception("the load tier broke")
            return self._unjudged(f"the load tier broke: {type(error).__name__}")
        return self._finish()

    def _on_staging(self) -> None:
        host = _host(self._options, self._traffic)
        for scenario in self._options.scenario or ON_STAGING:
            self._locust(scenario, host, os.environ)

    def _on_emulator(self) -> None:
        options = self._options
        with process.started(_region_options(options), options.region_module) as region:
            for scenario in options.scenario or ON_EMULATOR:
                self._locust(scenario, region.host, region.environment, *_living(region))
                self._prove_measured(region, scenario)

    def _prove_measured(self, region: Started, scenario: str) -> None:
        """Whether tasks of the deployed revision gave the answers that the generator got."""
        found = self._report
        assert found is not None
        living = _counted(region)
        answered = report.succeeded(found)
        expected = "every answer comes from tasks that the service runs, as it is deployed"
        made = ", ".join(f"{arn} ({count} variables)" for arn, count in living.revisions.items())
        actual = (
            f"tasks of {made} gave {living.served} answers so far; visitors of {scenario} got"
            f" {answered}"
        )
        outcome = Verdict.passed if living.served >= answered else Verdict.failed
        judgement = Judgement(outcome if answered else Verdict.invalid, expected, actual)
        requirement = self._requirements.requirement(MEASURES)
        self._report = found.with_result(requirement, region.host, judgement)
        test = f"tests/load::{scenario}::{MEASURES}"
        for result in self._report.results:
            if result.test == test:
                _say(report.told(result))

    def _locust(self, scenario: str, host: str, environment: Mapping[str, str], *more: str) -> None:
        """Run Locust to its end; whatever ends this sooner, it ends Locust, which reports."""
        options = self._options
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
            _end(child)
            self._take(directory)
        if code == report.USAGE:
            raise UsageError("the load generator refused the run; nothing was sent")
        found = self._report
        if found is None or found.scenario != scenario:
            raise Invalid(f"the load generator ended with code {code} and without a report")

    def _take(self, directory: Path) -> None:
        """Add what a scenario's run reported, if it did, to what was reported before."""
        found = report.read(directory)
        shutil.rmtree(directory, ignore_errors=True)
        if found is not None:
            self._report = found if self._report is None else found.after(self._report)

    def _unjudged(self, reason: str, partial: bool = False, told: bool = True) -> int:
        judgement = Judgement(Verdict.invalid, "a run that can judge", reason)
        return self._conclude(self._options.target, judgement, partial, told)

    def _conclude(
        self, where: str, judgement: Judgement, partial: bool = False, told: bool = True
    ) -> int:
        """Complete what the load generator reported, if it did; tell what it has not told."""
        options = self._options
        found = self._report or Report(options.environment, options.target)
        known = {result.test for result in found.results}
        judged = {result.requirement for result in found.results}
        if MEASURES not in judged or partial:
            found = found.with_result(self._requirements.requirement(MEASURES), where, judgement)
        reason = "interrupted" if partial else "no request was sent"
        found = found.with_unjudged(self._requirements.requirement(QUIET), where, reason)
        self._report = found.cut_short() if partial else found
        for result in found.results:
            if told and result.test not in known:
                _say(report.told(result))
        return self._finish()

    def _finish(self) -> int:
        """Write the whole report and its page; the exit code of all scenarios together."""
        options, found = self._options, self._report
        assert found is not None
        target, environment = options.target, options.environment
        told = provenance.describe(
            self._begun, {Place.load}, target, environment, _narrowed(options)
        )
        found = replace(found, provenance=told)
        report.write(found, options.reports)
        place = page.write(options.reports / report.FILES[0], options.compare)
        _say(f"load: {found.outcome}{' (partial)' if found.partial else ''}; see {place}")
        return found.exit_code


def _refuse_unusable(options: argparse.Namespace, requirements: Catalogue, mix: Traffic) -> None:
    """Raise UsageError for what would only be refused after minutes of deploying."""
    on_emulator = options.target == "emulator"
    if on_emulator and options.host is not None:
        raise UsageError("--host: with --target emulator the deployed service's own host is loaded")
    for name in ("service_time", "time_scale"):
        if not on_emulator and getattr(options, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')}: only --target emulator has one")
    if options.time_scale is not None and not 1 <= options.time_scale <= FASTEST:
        raise UsageError(f"--time-scale {options.time_scale:g}: give 1 to {FASTEST:g}")
    if options.service_time is not None and not 0 < options.service_time < math.inf:
        raise UsageError(f"--service-time {options.service_time:g}: give seconds, more than 0")
    if not on_emulator:
        _host(options, mix)
    if options.compare is not None:
        compare.read(options.compare)
    expected = plan.alarm_expected(plan.expected_values(requirements.requirement))
    plan.rate_of(options.rate, options.environment, mix)
    scale = (options.time_scale or 1.0) if on_emulator else 1.0
    plan.periods_of(options.duration and options.duration * scale, expected)


def _host(options: argparse.Namespace, mix: Traffic) -> str:
    """The environment's own host; loopback, which may be anything, is not staging."""
    own = f"https://{mix.place(options.environment).host}"
    asked = own if options.host is None else options.host
    host = permitted(asked, options.environment, mix, options.allow_production)
    if is_loopback(urlsplit(host).hostname):
        raise UsageError(f"--host {host}: with --target staging give {own}, or leave it out")
    return host


def _region_options(options: argparse.Namespace) -> list[str]:
    asked = ["--environment", options.environment, "--stack", str(options.stack)]
    for name in ("time_scale", "service_time", "begin"):
        value = getattr(options, name)
        asked += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
    return asked


def _living(region: Started) -> list[str]:
    return ["--region-url", region.url, "--service-judged-elsewhere"]


def _counted(region: Started) -> Living:
    """The region once it has counted the minute that is under way."""
    now = region_client.read(region.url)
    deadline = time.monotonic() + 2 * now.clock.real_seconds(MINUTE)
    while (later := region_client.read(region.url)).minutes <= now.minutes + 1:
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    return later


def _narrowed(options: argparse.Namespace) -> list[str]:
    """The options by which less than the tier's load was sent, or to something else."""
    every = ON_EMULATOR if options.target == "emulator" else ON_STAGING
    given = {name: getattr(options, name) for name in ("rate", "duration", "service_time")}
    given["scenario"] = ", ".join(options.scenario or every)
    if set(every) <= set(options.scenario or every):
        given["scenario"] = None
    return [f"--{name.replace('_', '-')} {value}" for name, value in given.items() if value]


def _interrupt(*_: Any) -> NoReturn:
    """The first signal ends the run, in order; more would only cut the cleaning up short."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the process's standard input, which ends it, and see to it that it has ended."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _complain(problem: object, code: int) -> int:
    print(f"error: {problem}", file=sys.stderr)
    return code


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    add = parser.add_argument
    add("--target", choices=("emulator", "staging"), default="emulator")
    add("--environment", choices=get_args(Environment), default="staging")
    add("--stack", type=Path, default=STACK, help="the Terraform tree to deploy")
    add(
        "--scenario",
        choices=tuple(scenarios.SCENARIOS),
        action="append",
        help=f"may be given several times; default: {', '.join(ON_EMULATOR)} on the emulator, "
        f"{', '.join(ON_STAGING)} on staging",
    )
    add("--host", help="with --target staging: default the environment's own")
    add("--time-scale", type=float, metavar="N", help="how much faster the emulator's clock runs")
    add(
        "--begin",
        default=MORNING,
        metavar="HH:MM",
        help="the emulator's time of day when it starts, in UTC; default: %(default)s",
    )
    add("--duration", type=float, help="judged time in seconds; default: what the scenario needs")
    add("--rate", type=float, help="requests per second; default: the peak")
    add("--service-time", type=float, help="mean of the emulator's service, in seconds")
    add("--overload", action="store_true", help="let breach send more than can be carried")
    add("--allow-production", action="store_true")
    add("--compare", type=Path, help="an earlier run's load.json, to compare with")
    add("--reports", type=Path, default=REPORTS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
