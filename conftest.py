"""Options, target selection, outcomes and the failure report; no assertions."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Generator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support import catalogue as catalogue_module
from tests.support import waivers
from tests.support.catalogue import Catalogue, Place, Requirement
from tests.support.outcomes import NotProvable, SuiteError, Violation
from tests.support.project import prove_writable
from tests.support.report import (
    Verdict,
    as_violation,
    failure_text,
    invalid_text,
    verdict_of,
)
from tests.support.run_record import TIERS, Outcomes, narrowed, reached, report_places

ROOT = Path(__file__).resolve().parent
ENVIRONMENTS = ("develop", "staging", "production")
TARGETS = ("emulator", "staging")
STOP_SECONDS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    try:
        add_options(parser.getgroup("mantisnxt", "MantisNXT infrastructure suite"))
    except ValueError:
        # pytest took the directory after --stack for tests, and loaded this file from there too.
        refuse("write --stack=DIR, with an equals sign: DIR lies in another checkout of the suite")


def add_options(group: pytest.OptionGroup) -> None:
    """The options by which the tree and the environment to judge are chosen."""
    group.addoption(
        "--stack", default=str(ROOT / "terraform"), help="Terraform tree to test (%(default)s)"
    )
    group.addoption(
        "--environment",
        help="develop, staging or production (default: all in the static tier, else staging)",
    )
    group.addoption(
        "--target", default="emulator", help="emulator or staging (default: %(default)s)"
    )
    group.addoption(
        "--fresh",
        action="store_true",
        help="use nothing that earlier runs kept: plans, Checkov's findings, deployments",
    )
    group.addoption(
        "--reports",
        default=str(ROOT / "reports"),
        help="where the tier's record goes (%(default)s)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Refuse unusable options with one line, and have a tier's JUnit lie beside its record."""
    tier = os.environ.get("SUITE_TIER")
    if tier in TIERS and not config.option.xmlpath:
        config.option.xmlpath = str(Path(config.getoption("--reports")) / f"{tier}.xml")
    environment, target = config.getoption("--environment"), config.getoption("--target")
    stack = Path(config.getoption("--stack"))
    if environment is not None and environment not in ENVIRONMENTS:
        refuse(f"--environment {environment}: choose one of {', '.join(ENVIRONMENTS)}")
    if target not in TARGETS:
        refuse(f"--target {target}: choose one of {', '.join(TARGETS)}")
    if not list(stack.glob("*.tf")):
        refuse(f"--stack {stack}: no such directory, or no .tf file in it")
    for place in report_places(config):
        refuse_unwritable(place)
    # A job that is cancelled gets SIGTERM: what was started must end as it does on Ctrl-C.
    with contextlib.suppress(ValueError):  # this is not the main thread
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not works_for_another(config):
        config.pluginmanager.register(Outcomes(config, read_catalogue), "mantisnxt-outcomes")


def works_for_another(config: pytest.Config) -> bool:
    """Whether this process runs some of the tests of a run (`-n`), which gathers the outcomes."""
    return hasattr(config, "workerinput")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Leave the processes of a run (`-n`) time to stop, on Ctrl-C, what they have started."""
    from xdist.workermanage import NodeManager

    NodeManager.EXIT_TIMEOUT = STOP_SECONDS


def refuse_unwritable(place: Path) -> None:
    """Refuse, before the first test, what would fail after the last one."""
    try:
        prove_writable(place)
    except OSError as error:
        reason = error.strerror or str(error)
        refuse(f"cannot write {place}: {reason}; free some disk space or check its permissions")


def refuse(message: str) -> None:
    """Stop with one line and exit code 1."""
    pytest.exit(f"error: {message}", returncode=1)


CATALOGUE = pytest.StashKey[Catalogue]()


def read_catalogue(config: pytest.Config) -> Catalogue:
    """The catalogue, read once a run."""
    if CATALOGUE not in config.stash:
        try:
            config.stash[CATALOGUE] = catalogue_module.load()
        except SuiteError as error:
            refuse(str(error))
    return config.stash[CATALOGUE]


@pytest.fixture(scope="session")
def catalogue(pytestconfig: pytest.Config) -> Catalogue:
    """Every requirement."""
    return read_catalogue(pytestconfig)


@pytest.fixture
def requirement(request: pytest.FixtureRequest, catalogue: Catalogue) -> Requirement:
    """The requirement that the test names."""
    return catalogue.requirement(requirement_id(request.node) or "")


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Path:
    """The Terraform tree under test."""
    return Path(pytestconfig.getoption("--stack")).resolve()


LEDGER = pytest.StashKey[waivers.Ledger]()
# What happens in an account is not accepted by the address of a resource.
WAIVABLE = (Place.source, Place.plan)


def read_waivers(config: pytest.Config) -> waivers.Ledger:
    """The waivers of the stack under test, read once a run. SuiteError if they cannot be."""
    if LEDGER not in config.stash:
        stack = Path(config.getoption("--stack")).resolve()
        every = waivers.beside(stack)
        config.stash[LEDGER] = waivers.Ledger(every, stack.name, date.today())
    return config.stash[LEDGER]


@pytest.fixture(scope="session")
def ledger(pytestconfig: pytest.Config) -> waivers.Ledger:
    """The waivers of requirements, and which of them the run has used so far."""
    return read_waivers(pytestconfig)


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether every rule of the static tier runs, for every environment.

    Only then is a waiver that no rule needed one that none needs.
    """
    return not works_for_another(pytestconfig) and not narrowed(pytestconfig, "static")


def requirement_id(item: pytest.Item) -> str | None:
    """The id of the requirement that the test names, if it names one."""
    marker = item.get_closest_marker("requirement")
    return str(marker.args[0]) if marker and marker.args else None


def place_of(item: pytest.Item) -> Place | None:
    """Where the test proves its requirement: the place whose marker it carries."""
    return next((place for place in Place if item.get_closest_marker(place)), None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what looks at an environment's plan once for each environment asked for."""
    if "planned_environment" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--environment")
        environments = [chosen] if chosen else list(ENVIRONMENTS)
        metafunc.parametrize("planned_environment", environments, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test of a tier names one known requirement."""
    known = {r.id for r in read_catalogue(config).requirements}
    for item in items:
        # Where a test lies decides whether it must name a requirement.
        if not any(item.path.is_relative_to(tier) for tier in TIERS.values()):
            continue
        if (identifier := requirement_id(item)) is None:
            refuse(f"{item.nodeid}: mark it with the requirement that it proves")
        elif identifier not in known:
            refuse(f"{item.nodeid}: tests/catalogue.yaml has no requirement {identifier}")
        elif place_of(item) is None:
            refuse(f"{item.nodeid}: mark it with the place it proves that in, such as plan")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Ask which waivers were used when everything that may use one has run."""
    session.items.sort(key=lambda item: "whole" in getattr(item, "fixturenames", ()))


# --- Outcomes -----------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the five outcomes apart."""
    report = yield
    if report.skipped or call.excinfo is None:
        return report
    error = as_violation(call.excinfo.value)
    verdict = verdict_of(error)
    identifier = requirement_id(item)
    match verdict, error:
        case Verdict.failed, Violation() if identifier and (reason := accepted(item, error)):
            verdict, report.outcome = Verdict.waived, "skipped"
            where = error.where if not error.offenders else ", ".join(error.offenders)
            reason = f"{identifier} waived: {where}: {reason}"
            report.longrepr = (str(item.path), item.location[1] or 0, reason)
        case Verdict.failed, Violation() if identifier:
            requirement = read_catalogue(item.config).requirement(identifier)
            report.longrepr = failure_text(requirement, error)
        case Verdict.not_provable, NotProvable():
            report.outcome = "skipped"
            report.longrepr = (str(item.path), item.location[1] or 0, f"not provable here: {error}")
        case Verdict.invalid, _ if item.config.getoption("tbstyle") == "auto":
            # A fault of the suite itself keeps its traceback; what it foresaw is one line.
            if not isinstance(error, (KeyError, TypeError, AttributeError, NameError, IndexError)):
                report.longrepr = invalid_text(error)
    # As plain text: with `-n` the report goes from one process to another.
    report.__dict__["verdict"] = verdict.value
    return report


def accepted(item: pytest.Item, violation: Violation) -> str | None:
    """Why a waiver accepts what the rule objects to, None if none does.

    Policies have applied theirs themselves, to each finding.
    """
    identifier = requirement_id(item)
    if identifier is None or place_of(item) not in WAIVABLE:
        return None
    try:
        return read_waivers(item.config).accept(identifier, violation)
    except SuiteError:
        # What makes the waivers unreadable is told once, by the rule about them (POL-02).
        return None


def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """Name what is neither pass nor fail."""
    match getattr(report, "verdict", None):
        case Verdict.not_provable:
            return "not provable here", "n", "NOT PROVABLE HERE"
        case Verdict.invalid:
            return "invalid", "I", "INVALID"
        case Verdict.waived:
            return "waived", "w", "WAIVED"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Write down what the test proves, for whom and against what, before anything can fail."""
    parameters = getattr(item, "callspec", None)
    planned = parameters.params.get("planned_environment") if parameters else None
    item.user_properties += [
        ("requirement", requirement_id(item)),
        ("place", place.value if (place := place_of(item)) else None),
        ("environment", planned or item.config.getoption("--environment")),
        ("target", reached(item.config)),
    ]
