"""The page in Chromium: its filters filter, it can be read by everybody, and asks nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.evidence.model import Evidence, RequirementEvidence
from tests.evidence.rendering import people

pytestmark = [pytest.mark.selftest, pytest.mark.browser]

SECTION = "Infrastructure as Code / 2. VPC & Networking"
Fits = Callable[[RequirementEvidence], bool]


def shown(page: Page) -> list[str]:
    """The ids of the requirements that can be seen, in the page's order."""
    rows = page.locator("tbody[data-severity]").filter(visible=True)
    return [str(one) for one in rows.evaluate_all("rows => rows.map(row => row.id)")]


def fitting(evidence: Evidence, fits: Fits = lambda _: True) -> set[str]:
    """The ids of those that a machine proves and that fit."""
    apart = {one.id for one in people(evidence)}
    return {one.id for one in evidence.requirements if one.id not in apart and fits(one)}


FILTERS: list[tuple[str, str, Fits]] = [
    ("severity", "low", lambda one: one.severity == "low"),
    ("outcome", "failed", lambda one: one.standing == "failed"),
    ("outcome", "invalid", lambda one: one.standing == "invalid"),
    ("outcome", "not_run", lambda one: one.standing == "not_run"),
    ("outcome", "stale", lambda one: one.standing == "stale"),
    ("outcome", "not_provable", lambda one: one.standing == "not_provable"),
    ("outcome", "waived", lambda one: one.standing == "waived"),
    ("outcome", "proven", lambda one: one.standing == "proven"),
    ("section", SECTION, lambda one: one.section == SECTION),
    ("framework", "NIST", lambda one: any(c.framework == "NIST" for c in one.controls)),
    ("framework", "CIS AWS", lambda one: any(c.framework == "CIS AWS" for c in one.controls)),
]


def test_everything_is_shown_at_first(page: Page, mixed: Evidence) -> None:
    assert set(shown(page)) == fitting(mixed)
    assert page.locator("#told").inner_text().startswith(f"{len(fitting(mixed))} of ")


@pytest.mark.parametrize(
    ("name", "value", "fits"), FILTERS, ids=[f"{name}-{value}" for name, value, _ in FILTERS]
)
def test_filter_shows_what_fits_and_nothing_else(
    name: str, value: str, fits: Fits, page: Page, mixed: Evidence
) -> None:
    page.locator(f"select[name={name}]").select_option(value)
    wanted = fitting(mixed, fits)
    assert wanted
    assert set(shown(page)) == wanted
    assert page.locator("#told").inner_text() == (
        f"{len(wanted)} of {len(fitting(mixed))} requirements shown"
    )


def test_filters_narrow_each_other(page: Page, mixed: Evidence) -> None:
    page.locator("select[name=severity]").select_option("critical")
    page.locator("select[name=framework]").select_option("NIST")
    critical = {one.id for one in mixed.requirements if one.severity == "critical"}
    nist = fitting(mixed, lambda one: any(c.framework == "NIST" for c in one.controls))
    assert set(shown(page)) == critical & nist


@pytest.mark.parametrize("typed", ["net-04", "Only the LOAD balancer", "fsbp rds.3"])
def test_words_are_looked_for_in_id_title_and_controls(typed: str, page: Page) -> None:
    page.locator("input[name=text]").fill(typed)
    found = page.locator("tbody[data-severity]").filter(visible=True)
    assert found.count() >= 1
    assert all(typed.lower().split()[0] in text.lower() for text in found.all_inner_texts())


def test_section_without_a_match_goes_with_its_heading(page: Page) -> None:
    page.locator("select[name=section]").select_option(SECTION)
    assert page.locator("section[data-section] h3").filter(visible=True).all_inner_texts() == [
        SECTION
    ]


def test_no_match_is_told(page: Page) -> None:
    page.locator("input[name=text]").fill("no such thing")
    assert page.locator("#none").is_visible()
    assert shown(page) == []


def test_show_all_takes_every_filter_away(page: Page, mixed: Evidence) -> None:
    page.locator("select[name=severity]").select_option("low")
    page.locator("input[name=text]").fill("x")
    page.get_by_role("button", name="Show all").click()
    assert set(shown(page)) == fitting(mixed)


def test_filters_are_kept_in_the_address(page: Page, written: Path, mixed: Evidence) -> None:
    page.locator("select[name=severity]").select_option("medium")
    kept = page.url
    page.goto("about:blank")
    page.goto(kept)
    assert set(shown(page)) == fitting(mixed, lambda one: one.severity == "medium")


def test_number_in_the_summary_leads_to_what_it_counts(page: Page, mixed: Evidence) -> None:
    page.get_by_role("link", name="fail: show them").click()
    assert set(shown(page)) == fitting(mixed, lambda one: one.standing == "failed")


def test_link_to_a_requirement_unfolds_it_whatever_is_filtered(page: Page) -> None:
    page.locator("select[name=severity]").select_option("low")
    page.locator("#attention").get_by_role("link", name="NET-04").click()
    assert page.locator("#NET-04 details .inner").is_visible()


def test_filter_works_by_keyboard(page: Page, mixed: Evidence) -> None:
    page.locator("select[name=severity]").focus()
    page.keyboard.type("low")
    assert set(shown(page)) == fitting(mixed, lambda one: one.severity == "low")


def test_failure_can_be_unfolded_and_runs_nothing(page: Page) -> None:
    page.locator("#NET-04 summary").click()
    assert "<script>" in page.locator("#NET-04 pre").first.inner_text()
    assert page.title().startswith("Evidence: ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_page_can_be_read_by_everybody(
    scheme: Literal["light", "dark"], width: int, page: Page
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.locator("#controls details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator("#NET-04 summary").click()
    found = Axe().run(page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert "color-contrast" in {one["id"] for one in found.response["passes"]}


def test_contrast_that_is_too_low_would_be_found(page: Page) -> None:
    rule = ".quiet { color: #aaa !important; }"
    page.evaluate("rule => document.styleSheets[0].insertRule(rule)", rule)
    assert "color-contrast" in {one["id"] for one in Axe().run(page).response["violations"]}


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_page_is_no_wider_than_the_screen(width: int, page: Page) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_asks_for_nothing_but_itself(browser: Browser, written: Path) -> None:
    page, asked = browser.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(written.as_uri(), wait_until="networkidle")
    page.close()
    assert asked == [written.as_uri()]


def test_print_has_what_is_shown_and_no_controls(page: Page) -> None:
    page.locator("select[name=outcome]").select_option("failed")
    page.get_by_role("button", name="Unfold shown").click()
    page.emulate_media(media="print")
    assert not page.locator("form.filters").is_visible()
    assert page.locator("#NET-04 pre").first.is_visible()
    assert shown(page) == ["NET-04"]


def test_everything_is_there_without_scripts(browser: Browser, written: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(written.as_uri())
    assert not page.locator("form.filters").is_visible()
    assert page.locator("#NET-04 th.name").first.is_visible()
    context.close()
