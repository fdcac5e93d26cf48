"""The page in a browser: Chromium as the machine has it, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.evidence import mutation, rendering
from tests.evidence.model import Evidence
from tests.evidence.reading import MutantsRead
from tests.selftest.evidence.documents import CHECKOUT, MADE, evidence, outcome, provenance, whole
from tests.support import catalogue, waivers
from tests.support.catalogue import Catalogue
from tests.support.outcomes import Invalid
from tests.support.waivers import Waivers

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT_MS = 30_000
FAMILIES = ("NET-", "DB-0", "ALB-", "LOAD-0", "UPD-", "COST-0")
HOSTILE = "<script>document.title = 'run'</script><img src=x onerror=\"document.title='run'\">"
MUTANTS = {
    "complete": True,
    "provenance": provenance(),
    "mutants": [
        {"id": "drop:alb.tf:aws_lb.main", "category": "security", "outcome": "killed"},
        {"id": "swap:ecs.tf:aws_ecs_service.app", "category": "data", "outcome": "survived"},
        {"id": "widen:kms.tf:aws_kms_key.main", "category": "security", "outcome": "equivalent"},
    ],
}


def part_of_the_catalogue() -> Catalogue:
    """Enough of the real one: axe-core takes its time with every row."""
    every = catalogue.load()
    chosen = [one for one in every.requirements if one.id.startswith(FAMILIES)]
    return every.model_copy(update={"requirements": tuple(chosen)})


def of_every_kind() -> Evidence:
    """Evidence in which every outcome occurs."""
    static, integration, load = whole(
        outcome("plan", "fail", requirement="NET-04", message=f"NET-04 [critical]\n  {HOSTILE}"),
        outcome("deployed", "invalid", requirement="DB-01"),
        outcome("deployed", "not_provable", requirement="ALB-03"),
        outcome("policy", "waived", requirement="DB-02", message="x (DevOps, until 2027-01-31)"),
    )
    stale = {**load, "provenance": provenance("load", commit="0" * 40)}
    return evidence(
        static,
        {**integration, "tests": integration["tests"][10:]},
        stale,
        catalogue=part_of_the_catalogue(),
        waivers=Waivers(waivers=waivers.load().waivers[:3]),
        mutation=mutation.mutation(MutantsRead.model_validate(MUTANTS), CHECKOUT, MADE),
    )


@pytest.fixture(scope="session")
def mixed() -> Evidence:
    """Evidence in which every outcome occurs."""
    return of_every_kind()


@pytest.fixture(scope="session")
def written(mixed: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of that evidence, as a file."""
    path = tmp_path_factory.mktemp("page") / "evidence.html"
    path.write_text(rendering.page(mixed), encoding="utf-8")
    return path


def chromium() -> str:
    """The machine's Chromium. Invalid where there is none: nothing can be said of the page then."""
    named = [os.environ.get("CHROMIUM"), *map(shutil.which, PROGRAMS)]
    if found := next(filter(None, named), None):
        return found
    raise Invalid(
        "no Chromium on the PATH: the page was looked at in no browser. Install chromium or name "
        "it in CHROMIUM; -m 'not browser' leaves these tests out"
    )


# Not for the session: as long as it lives an event loop runs here, and no other test could run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started."""
    program = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, timeout=TIMEOUT_MS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, written: Path) -> Iterator[Page]:
    """The page, open; a fault of its script fails the test, and it gets nothing from a network."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    opened, faults = context.new_page(), list[str]()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text))
    opened.goto(written.as_uri())
    yield opened
    context.close()
    assert faults == []
