"""`python -m tests.load`: deploy, start the deployed task, load it, judge it, clean up.

With `--target emulator` the stack is applied to the emulator and the service's task definition
is run on loopback; with `--target staging` the environment's own host is loaded and the alarm of
the account that boto3's settings choose is read. Exit codes: 0 pass, 1 fail, 2 usage, 3 invalid.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import boto3

from tests.load import deployed, report, service
from tests.load.gate import Verdict
from tests.load.hosts import UsageError, permitted
from tests.load.report import Report, Result
from tests.load.service import Application
from tests.support import catalogue, traffic
from tests.support.deployment import account_id, deploy
from tests.support.emulator import Emulator
from tests.support.outcomes import Invalid, SuiteError, Violation
from tests.support.target import Target

ROOT = Path(__file__).resolve().parents[2]
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
    report.discard(options.reports)
    # Whoever stops the run by a signal gets the same orderly end as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = _on_emulator(options) if options.target == "emulator" else _on_staging(options)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return report.EXIT_CODES["usage"]
    except SuiteError as error:
        # Not 1 as elsewhere in the suite: here that would say that the service failed.
        print(f"error: {error}", file=sys.stderr)
        return report.EXIT_CODES["invalid"]
    except Violation as violation:
        verdict = Verdict("fail", violation.expected, violation.actual)
        return _conclude(options, violation.where, verdict)
    except Invalid as reason:
        return _conclude(options, options.target, Verdict("invalid", "a run", str(reason)))
    except KeyboardInterrupt:
        verdict = Verdict("invalid", "a complete run", "interrupted")
        return _conclude(options, options.target, verdict, partial=True)
    except Exception as error:
        # Exit code 1 would say that the service failed.
        LOG.exception("the load tier broke")
        verdict = Verdict("invalid", "a run", f"the load tier broke: {type(error).__name__}")
        return _conclude(options, options.target, verdict)
    return code


def _on_staging(options: argparse.Namespace) -> int:
    mix = traffic.load()
    host = permitted(
        options.host or f"https://{mix.place(options.environment).host}",
        options.environment,
        mix,
        options.allow_production,
    )
    account = account_id(options.stack, options.environment)
    Target(options.environment, account, boto3.Session(), emulated=False).refuse_wrong_account()
    return _locust(options, host, os.environ)


def _on_emulator(options: argparse.Namespace) -> int:
    contract = catalogue.load().requirement(CONTRACT).expected
    expected = catalogue.load().requirement(MEASURES).expected
    application = Application(
        required=(*contract["environment"], *contract["secrets"]),
        paths=tuple(page.path for page in traffic.load().pages),
        health_path=expected["health_path"],
        service_seconds=options.service_time,
    )
    with (
        Emulator(account_id(options.stack, options.environment)) as emulator,
        deploy(emulator, options.stack, options.environment, progress=_say),
    ):
        task = deployed.read_task(emulator.session(), options.environment, expected["container"])
        deployed.check_task(task, expected["port"], expected["health_path"])
        _say(f"starting {task.arn} on loopback")
        with service.running(task, application) as running:
            environment = _pointed_at(emulator.environment())
            _locust(options, running.host, environment, ["--service-judged-elsewhere"])
    found = report.read(options.reports)
    answered = (
        sum(period["answered"] for period in found.figures.get("periods", [])) if found else 0
    )
    return _conclude(options, task.arn, service.measured(task, running, answered))


def _conclude(
    options: argparse.Namespace, where: str, verdict: Verdict, partial: bool = False
) -> int:
    """Add LOAD-01 to what the load generator reported, if it did, and tell."""
    result = Result.of(catalogue.load().requirement(MEASURES), where, verdict)
    found = report.read(options.reports) or Report(options.environment, "", ())
    complete = found.with_result(result, partial=partial)
    report.write(complete, options.reports)
    _say(report.told(result))
    _say(f"load: {complete.outcome}{' (partial)' if complete.partial else ''}")
    return complete.exit_code


def _locust(
    options: argparse.Namespace,
    host: str,
    environment: Mapping[str, str],
    more: Sequence[str] = (),
) -> int:
    """Run Locust to its end; on an interrupt let it report, then pass the interrupt on."""
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless",
               "--only-summary", "--loglevel", "WARNING", "--host", host,
               "--environment", options.environment, "--reports", str(options.reports), *more]  # fmt: skip
    command += ["--rate", str(options.rate)] if options.rate is not None else []
    command += ["--run-time", options.duration] if options.duration else []
    command += ["--allow-production"] if options.allow_production else []
    process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), start_new_session=True)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        process.send_signal(signal.SIGINT)
        raise
    finally:
        _end(process)
    if code == report.EXIT_CODES["usage"]:
        raise UsageError("the load generator refused the run; nothing was sent")
    if report.read(options.reports) is None:
        raise Invalid(f"the load generator ended with code {code} and no report")
    return code


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _pointed_at(emulator: Mapping[str, str]) -> dict[str, str]:
    """This environment with the emulator's AWS settings and none of the user's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**own, **emulator}


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--target", choices=("emulator", "staging"), default="emulator")
    parser.add_argument("--environment", default="staging")
    parser.add_argument("--stack", type=Path, default=ROOT / "terraform")
    parser.add_argument("--host", help="with --target staging: default the environment's own")
    parser.add_argument("--duration", help="judged time, e.g. 300s; default: what the alarm needs")
    parser.add_argument("--rate", type=float, help="requests per second; default: the peak")
    parser.add_argument(
        "--service-time", type=float, default=SERVICE_SECONDS, help="of the stand-in, in seconds"
    )
    parser.add_argument("--allow-production", action="store_true")
    parser.add_argument("--reports", type=Path, default=ROOT / "reports")
    return parser


if __name__ == "__main__":
    sys.exit(main())
