"""`python -m tests.load`: deploy, start the deployed task, load it, judge it, clean up.

With `--target emulator` the stack is applied to the emulator and the service's task definition
is run on loopback; with `--target staging` the environment's own host is loaded and the alarm of
the account that boto3's settings choose is read. Exit codes: 0 pass, 1 fail, 2 usage, 3 invalid.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args
from urllib.parse import urlsplit

from tests.load import deployed, plan, report, service
from tests.load.gate import Judgement
from tests.load.hosts import UsageError, is_loopback, permitted
from tests.load.plan import QUIET, REPORTS, ROOT, STACK
from tests.load.report import Report
from tests.load.service import Application
from tests.support import catalogue, traffic
from tests.support.catalogue import Catalogue
from tests.support.deployment import account_id, deploy
from tests.support.emulator import Emulator
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.report import Verdict
from tests.support.traffic import Environment, Traffic

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
MEASURES, CONTRACT = "LOAD-01", "ECS-02"
# What the stand-in takes to answer, well under the alarm's threshold; --service-time changes it.
SERVICE_SECONDS = 0.08
_STOP_SECONDS = 15
LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the load tier; returns its exit code."""
    options = _parser().parse_args(arguments)
    options.reports = options.reports.resolve()
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

    def run(self) -> int:
        """Returns the exit code; every way to end but a refusal leaves a report."""
        try:
            return self._on_emulator() if self._options.target == "emulator" else self._on_staging()
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

    def _on_staging(self) -> int:
        self._locust(_host(self._options, self._traffic), os.environ)
        found = report.read(self._options.reports)
        return found.exit_code if found else report.EXIT_CODES[Verdict.invalid]

    def _on_emulator(self) -> int:
        options = self._options
        expected = self._requirements.requirement(MEASURES).expected
        with (
            Emulator(account_id(options.stack, options.environment)) as emulator,
            deploy(emulator, options.stack, options.environment, progress=_say),
        ):
            session = emulator.session()
            task = deployed.read_task(session, options.environment, expected["container"])
            deployed.check_task(task, expected["port"], expected["health_path"])
            _say(f"starting {task.arn} on loopback")
            with service.running(task, self._application(expected["health_path"])) as running:
                environment = _pointed_at(emulator.environment())
                self._locust(running.host, environment, "--service-judged-elsewhere")
        answered = report.answered(report.read(options.reports))
        return self._conclude(task.arn, service.measured(task, running, answered))

    def _application(self, health_path: str) -> Application:
        contract = self._requirements.requirement(CONTRACT).expected
        asked = self._options.service_time
        return Application(
            required=(*contract["environment"], *contract["secrets"]),
            paths=tuple(page.path for page in self._traffic.pages),
            health_path=health_path,
            service_seconds=SERVICE_SECONDS if asked is None else asked,
        )

    def _locust(self, host: str, environment: Mapping[str, str], *more: str) -> None:
        """Run Locust to its end; whatever ends this sooner, it ends Locust, which reports."""
        options = self._options
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE)]
        command += ["--headless", "--only-summary", "--loglevel", "WARNING", "--die-with-stdin"]
        command += ["--host", host, "--environment", options.environment]
        command += ["--stack", str(options.stack), "--reports", str(options.reports), *more]
        command += [] if options.rate is None else ["--rate", str(options.rate)]
        command += [] if options.duration is None else ["--run-time", f"{options.duration}s"]
        command += ["--allow-production"] if options.allow_production else []
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is answered here, in order
        )
        try:
            code = process.wait()
        finally:
            _end(process)
        found = report.read(options.reports)
        if code == report.USAGE:
            raise UsageError("the load generator refused the run; nothing was sent")
        if found is None or found.exit_code != code:
            raise Invalid(f"the load generator ended with code {code} and no report that says so")

    def _unjudged(self, reason: str, partial: bool = False, told: bool = True) -> int:
        judgement = Judgement(Verdict.invalid, "a run that can judge", reason)
        return self._conclude(self._options.target, judgement, partial, told)

    def _conclude(
        self, where: str, judgement: Judgement, partial: bool = False, told: bool = True
    ) -> int:
        """Complete what the load generator reported, if it did; tell what it has not told."""
        options = self._options
        found = report.read(options.reports) or Report(options.environment, options.target)
        known = {result.requirement for result in found.results} - {MEASURES}
        found = found.with_result(self._requirements.requirement(MEASURES), where, judgement)
        reason = "interrupted" if partial else "no request was sent"
        found = found.with_unjudged(self._requirements.requirement(QUIET), where, reason)
        found = found.cut_short() if partial else found
        report.write(found, options.reports)
        for result in found.results:
            if told and result.requirement not in known:
                _say(report.told(result))
        _say(f"load: {found.outcome}{' (partial)' if found.partial else ''}")
        return found.exit_code


def _refuse_unusable(options: argparse.Namespace, requirements: Catalogue, mix: Traffic) -> None:
    """Raise UsageError for what would only be refused after minutes of deploying."""
    if options.target == "emulator" and options.host is not None:
        raise UsageError("--host: with --target emulator the deployed task's own host is loaded")
    if options.target == "staging" and options.service_time is not None:
        raise UsageError("--service-time: only the stand-in of --target emulator has one")
    if options.service_time is not None and not 0 <= options.service_time < math.inf:
        raise UsageError(f"--service-time {options.service_time:g}: give seconds, 0 or more")
    if options.target == "staging":
        _host(options, mix)
    expected = plan.alarm_expected(plan.expected_values(requirements.requirement))
    plan.rate_of(options.rate, options.environment, mix)
    plan.periods_of(options.duration, expected)


def _host(options: argparse.Namespace, mix: Traffic) -> str:
    """The environment's own host; loopback, which may be anything, is not staging."""
    own = f"https://{mix.place(options.environment).host}"
    asked = own if options.host is None else options.host
    host = permitted(asked, options.environment, mix, options.allow_production)
    if is_loopback(urlsplit(host).hostname):
        raise UsageError(f"--host {host}: with --target staging give {own}, or leave it out")
    return host


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


def _pointed_at(emulator: Mapping[str, str]) -> dict[str, str]:
    """This environment with the emulator's AWS settings and none of the user's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**own, **emulator}


def _complain(problem: object, code: int) -> int:
    print(f"error: {problem}", file=sys.stderr)
    return code


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--target", choices=("emulator", "staging"), default="emulator")
    parser.add_argument("--environment", choices=get_args(Environment), default="staging")
    parser.add_argument("--stack", type=Path, default=STACK, help="the Terraform tree to deploy")
    parser.add_argument("--host", help="with --target staging: default the environment's own")
    parser.add_argument(
        "--duration", type=int, help="judged time in seconds; default: what the alarm needs"
    )
    parser.add_argument("--rate", type=float, help="requests per second; default: the peak")
    parser.add_argument(
        "--service-time",
        type=float,
        help=f"mean of the stand-in's, in seconds; default: {SERVICE_SECONDS}",
    )
    parser.add_argument("--allow-production", action="store_true")
    parser.add_argument("--reports", type=Path, default=REPORTS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
