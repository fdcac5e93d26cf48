"""What `python -m tests.load` is told, and what of it is refused before anything is deployed."""

from __future__ import annotations

import argparse
import os
from datetime import datetime
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from tests.load import plan
from tests.load.hosts import UsageError, is_loopback, permitted
from tests.load.living.clock import FASTEST
from tests.load.plan import REPORTS, STACK
from tests.load.report import compare, report
from tests.load.scenarios import scenarios
from tests.support.catalogue import Catalogue
from tests.support.outcomes import SuiteError
from tests.support.traffic import A_WEEK, Environment, Traffic

# The first ends with as few tasks as the others begin with.
ON_EMULATOR, ON_STAGING = ("scale", "breach", "steady"), ("steady",)
# No scheduled action changes the bounds in the hours that follow.
MORNING = "10:00"
# Beyond these a number is a slip of the keyboard: a week is judged, a request takes an hour.
_LONGEST_RUN, _LONGEST_REQUEST = A_WEEK * 60.0, 3600.0


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(prog="python -m tests.load")
    add = made.add_argument
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
        type=_time_of_day,
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
    return made


def refuse_unusable(options: argparse.Namespace, requirements: Catalogue, mix: Traffic) -> None:
    """Raise UsageError for what would only be refused after minutes of deploying."""
    on_emulator = options.target == "emulator"
    if on_emulator and options.host is not None:
        raise UsageError("--host: with --target emulator the deployed service's own host is loaded")
    for name in ("service_time", "time_scale"):
        if not on_emulator and getattr(options, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')}: only --target emulator has one")
    _refuse_out_of_range(options)
    for name in scenarios_of(options):
        if scenarios_of(options).count(name) > 1:
            raise UsageError(f"--scenario {name}: given twice; a run has each scenario once")
    if not on_emulator:
        host(options, mix)
    if not list(options.stack.glob("*.tf")):
        raise UsageError(f"--stack {options.stack}: no such directory, or no .tf file in it")
    if options.compare is not None:
        _refuse_incomparable(options.compare, options.reports)
    expected = plan.alarm_expected(plan.expected_values(requirements.requirement))
    plan.rate_of(options.rate, options.environment, mix)
    scale = (options.time_scale or 1.0) if on_emulator else 1.0
    plan.periods_of(options.duration and options.duration * scale, expected)


def _refuse_out_of_range(options: argparse.Namespace) -> None:
    if options.time_scale is not None and not 1 <= options.time_scale <= FASTEST:
        raise UsageError(f"--time-scale {options.time_scale:g}: give 1 to {FASTEST:g}")
    for name, least, most in (
        ("duration", 0.0, _LONGEST_RUN),
        ("service_time", 0.001, _LONGEST_REQUEST),
    ):
        asked = getattr(options, name)
        if asked is not None and not least <= asked <= most:
            option = f"--{name.replace('_', '-')} {asked:g}"
            raise UsageError(f"{option}: give seconds, {least:g} to {most:g}")


def _refuse_incomparable(earlier: Path, reports: Path) -> None:
    try:
        compare.read(earlier)
    except SuiteError as error:
        raise UsageError(f"--compare {error}") from error
    if os.path.realpath(earlier) == os.path.realpath(reports / report.FILES[0]):
        raise UsageError(
            f"--compare {earlier}: this run's report would take the place of it; "
            "copy it elsewhere first, or give other --reports"
        )


def _time_of_day(text: str) -> str:
    try:
        datetime.strptime(text, "%H:%M")
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: give a time as HH:MM, in UTC") from error
    return text


def host(options: argparse.Namespace, mix: Traffic) -> str:
    """The environment's own host; loopback, which may be anything, is not staging."""
    own = f"https://{mix.place(options.environment).host}"
    asked = own if options.host is None else options.host
    found = permitted(asked, options.environment, mix, options.allow_production)
    if is_loopback(urlsplit(found).hostname):
        raise UsageError(f"--host {found}: with --target staging give {own}, or leave it out")
    return found


def scenarios_of(options: argparse.Namespace) -> tuple[str, ...]:
    """The scenarios to run, in their order."""
    return tuple(options.scenario or _every(options))


def of_region(options: argparse.Namespace) -> list[str]:
    """The same for `python -m tests.load.living`."""
    asked = ["--environment", options.environment, "--stack", str(options.stack)]
    for name in ("time_scale", "service_time", "begin"):
        value = getattr(options, name)
        asked += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
    return asked


def narrowed(options: argparse.Namespace) -> list[str]:
    """The options by which less than the tier's load was sent, or to something else."""
    given = {name: getattr(options, name) for name in ("rate", "duration", "service_time")}
    given["scenario"] = ", ".join(scenarios_of(options))
    if set(_every(options)) <= set(scenarios_of(options)):
        given["scenario"] = None
    return [f"--{name.replace('_', '-')} {value}" for name, value in given.items() if value]


def _every(options: argparse.Namespace) -> tuple[str, ...]:
    return ON_EMULATOR if options.target == "emulator" else ON_STAGING
