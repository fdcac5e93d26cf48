"""The page tells what the report holds, needs nothing else, and hides no outcome."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tests.load.observation.observed import MINUTE
from tests.load.report import page, plots
from tests.selftest.documented import given
from tests.selftest.load.reported import document
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest


CSS = Path(page.__file__).with_name("page.css").read_text(encoding="utf-8")


class Read(HTMLParser):
    """A page's text, its elements, their ids, and all that they refer to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.elements.append(tag)
        named = {name: value or "" for name, value in attrs}
        self.ids += [named["id"]] if "id" in named else []
        self.references += [
            value for name, value in named.items() if name in ("href", "src", "xlink:href")
        ]
        self.references += re.findall(r"url\((.*?)\)", " ".join(named.values()))

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data


@pytest.fixture
def unplotted(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is not about plots: drawing takes longer than all else."""
    monkeypatch.setattr(plots, "svg", lambda *_: "<svg></svg>")


@pytest.fixture(scope="module")
def made() -> Read:
    """The page of the steady scenario and the breach, beside an earlier run of the same."""
    return Read(page.html(document(), document()))


def test_every_claim_is_on_the_page_with_what_was_seen(made: Read) -> None:
    tests = document()["tests"]
    assert len(tests) == 4
    assert [one["title"] in made.text and one["actual"] in made.text for one in tests] == [True] * 4


def test_claims_come_before_figures(made: Read) -> None:
    assert made.ids.index("claims") < made.ids.index("compared") < made.ids.index("steady")


def test_every_scenario_has_its_four_plots(made: Read) -> None:
    assert made.elements.count("svg") == 2 * len(plots.TITLES) == 8
    assert [made.text.count(title) for title in plots.TITLES.values()] == [2] * 4


def test_the_page_needs_nothing_else(made: Read) -> None:
    assert len(made.references) > 20
    assert {reference[0] for reference in made.references} == {"#"}
    assert {"script", "link", "img", "iframe"} & set(made.elements) == set()


def test_every_reference_within_the_page_leads_somewhere(made: Read) -> None:
    assert {reference[1:] for reference in made.references} <= set(made.ids)
    assert len(made.ids) == len(set(made.ids))


def test_colours_are_the_pages_own_in_light_and_dark() -> None:
    svg = plots.svg(document()["scenarios"]["breach"], "means", "a")
    light, dark = CSS.split("prefers-color-scheme: dark")
    names = {f"--plot-{name}" for name in plots.COLOURS}
    assert {name for name in names if f"{name}:" in light and f"{name}:" in dark} == names
    assert set(re.findall(r"var\((--plot-\w+)\)", svg)) <= names
    assert re.findall(r"#[0-9a-f]{6}", svg) == []


def test_the_same_figures_make_the_same_plot() -> None:
    section = document()["scenarios"]["breach"]
    assert plots.svg(section, "means", "a") == plots.svg(section, "means", "a")


@pytest.mark.usefixtures("unplotted")
@pytest.mark.parametrize("outcome", ["pass", "fail", "invalid", "not_provable", "waived"])
def test_every_outcome_is_told_in_words(outcome: str) -> None:
    judged = document()
    judged["tests"][0]["outcome"] = judged["outcome"] = outcome
    assert Read(page.html(judged)).text.count(outcome.replace("_", " ")) >= 2


@pytest.mark.usefixtures("unplotted")
def test_what_a_report_says_is_text_and_never_markup() -> None:
    judged = document()
    judged["tests"][0]["actual"] = judged["host"] = "<script>alert(1)</script>"
    made = Read(page.html(judged))
    assert "script" not in made.elements
    assert made.text.count("<script>alert(1)</script>") == 2


@pytest.mark.usefixtures("unplotted")
def test_a_run_cut_short_says_so(made: Read) -> None:
    cut = Read(page.html({**document(), "complete": False}))
    assert "cut short" in cut.text
    assert "cut short" not in made.text


@pytest.mark.usefixtures("unplotted")
def test_where_and_when_it_came_to_be_is_told() -> None:
    told = {
        "started": "2026-05-04T10:00",
        "commit": "f" * 40,
        "dirty": True,
        "narrowed": ["--rate"],
    }
    text = Read(page.html({**document(), "provenance": told})).text
    assert f"2026-05-04T10:00 · commit {'f' * 12} and changes" in text
    assert "Not a whole run of the tier: --rate." in text


@pytest.mark.usefixtures("unplotted")
def test_a_report_without_a_result_passes_nothing() -> None:
    empty = {**document(), "tests": [], "scenarios": {}, "outcome": "invalid"}
    assert "Nothing was judged" in Read(page.html(empty)).text


def test_forecast_stands_beside_what_was_measured() -> None:
    breach = document()["scenarios"]["breach"]
    (slow,) = [stage for stage in breach["stages"] if stage["name"] == "slow"]
    expected = pytest.approx({"tasks": 2, "binds": None, "response_seconds": 0.7}, abs=0.001)
    assert slow["forecast"] == expected
    assert slow["measured"] == expected


def test_a_run_on_nothing_deployed_has_plots_of_what_the_client_saw() -> None:
    made = Read(page.html(document(observed=None, region=None)))
    assert made.elements.count("svg") == 8
    assert "nothing deployed was read" in made.text


def drawn(name: str, judged: dict[str, Any]) -> Figure:
    """A plot of the breach."""
    return plots.draw(judged["scenarios"]["breach"], name)


def alarmed(judged: dict[str, Any]) -> tuple[float, float]:
    """The minutes between which a plot of the breach shows that the alarm was in ALARM."""
    (axes,) = drawn("means", judged).axes
    bands = [one for one in axes.patches if isinstance(one, Rectangle)]
    (band,) = [one for one in bands if one.get_label() == "ALARM"]
    return band.get_x(), band.get_x() + band.get_width()


def test_a_run_cut_short_in_its_first_minute_has_plots_of_nothing() -> None:
    found = document()
    steady = found["scenarios"]["steady"]
    found["scenarios"] = {"steady": {**steady, "periods": [], "alarm_changes": []}}
    assert Read(page.html(found)).elements.count("svg") == len(plots.TITLES)


def test_the_alarm_is_shown_while_it_lasted() -> None:
    assert alarmed(document()) == pytest.approx((365 / MINUTE, 665 / MINUTE))


def test_without_the_alarms_history_the_clients_view_of_it_is_shown() -> None:
    assert alarmed(document(observed=None, region=None)) == (6, 11)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("rate", {"answered", "offered"}),
        ("means", {"ALARM", "forecast", "client", "service"}),
        ("tasks", {"running", "desired", "running, forecast"}),
    ],
)
def test_a_plot_names_what_it_shows(name: str, labels: set[str]) -> None:
    (axes,) = drawn(name, document()).axes
    assert set(axes.get_legend_handles_labels()[1]) == labels


@pytest.mark.usefixtures("unplotted")
def test_the_command_makes_the_page_beside_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "load.json"
    report.write_text(json.dumps(document()), encoding="utf-8")
    assert page.main([str(report), "--compare", str(report)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'load.html'}\n"
    assert "Since the earlier run" in (tmp_path / "load.html").read_text(encoding="utf-8")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["load.html", "load.json"]


def test_the_command_can_be_given_as_it_is_told(tmp_path: Path) -> None:
    report = tmp_path / "load.json"
    report.write_text(json.dumps(document()), encoding="utf-8")
    told = given("python -m tests.load.report.page reports/load.json")
    words = [{"reports/load.json": str(report)}.get(word, word) for word in told]
    run = subprocess.run(
        [sys.executable, *words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (0, f"{tmp_path / 'load.html'}\n"), run.stderr


@pytest.mark.usefixtures("unplotted")
@pytest.mark.parametrize(
    "text", ["", "[]", '{"scenarios": {}}', '{"scenarios": {"steady": {}}, "tests": []}']
)
def test_what_is_no_report_is_one_clear_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "load.json").write_text(text, encoding="utf-8")
    assert page.main([str(tmp_path / "load.json")]) == page.USAGE
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "load.html").exists()
