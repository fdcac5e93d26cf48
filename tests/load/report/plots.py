"""A scenario's figures as plots: SVG to stand inside a page, in the page's own colours.

Pure: a section of load.json in, SVG text out. No window, no font, no network; two plots of the same
figures are the same text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tests.load.observation.observed import MINUTE
from tests.support.alarms import State

Section = Mapping[str, Any]
# What matplotlib draws with, and the page's name for it: each page has its own values, light and
# dark. The colours themselves are seen only where a plot is drawn without a page.
COLOURS = {
    "text": "#30343b",
    "grid": "#c9ced6",
    "one": "#0b6fb8",
    "two": "#c25708",
    "three": "#1d7f53",
    "limit": "#b3202c",
    "alarm": "#e8888f",
    "unknown": "#b9bec8",
}
_SIZE = (8.6, 3.0)
# Of the small ones that fit into a plot's width.
_CHARACTERS = 140
_NAMES = {State.ALARM: "alarm", State.INSUFFICIENT_DATA: "unknown"}
_STYLE: Any = {
    "svg.fonttype": "none",
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.edgecolor": COLOURS["text"],
    "axes.labelcolor": COLOURS["text"],
    "text.color": COLOURS["text"],
    "xtick.color": COLOURS["text"],
    "ytick.color": COLOURS["text"],
    "grid.color": COLOURS["grid"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
TITLES = {
    "rate": "Requests offered and answered",
    "means": "Minute means, the threshold, and the alarm's state",
    "tasks": "Tasks, measured and forecast",
    "distribution": "Response times in the judged minutes",
}


def draw(section: Section, name: str) -> Figure:
    """One of TITLES as a figure."""
    with rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        axes.grid(visible=True, linewidth=0.6)
        axes.set_axisbelow(True)
        _DRAWN[name](axes, section)
    return figure


def svg(section: Section, name: str, prefix: str) -> str:
    """One of TITLES as an svg element; `prefix` keeps its ids apart from others' in the page."""
    figure, drawn = draw(section, name), io.StringIO()
    with rc_context(_STYLE | {"svg.hashsalt": prefix}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\b(id="|xlink:href="#|url\(#)', rf"\g<1>{prefix}-", text)
    for colour, value in COLOURS.items():
        text = text.replace(value, f"var(--plot-{colour})")
    label = f'role="img" aria-label="{TITLES[name]}"'
    return text.replace("<svg ", f"<svg {label} ", 1)


def _rate(axes: Axes, section: Section) -> None:
    periods = section["periods"]
    _steps(axes, [one["answered_per_second"] for one in periods], "answered", "one", width=2.4)
    _steps(axes, [one["offered_per_second"] for one in periods], "offered", "two", "--")
    failed = [sum(one["errors"].values()) / section["period_seconds"] for one in periods]
    if any(failed):
        _steps(axes, failed, "failed", "limit", ":")
    _by_minute(axes, section, "requests per second")


def _means(axes: Axes, section: Section) -> None:
    periods, threshold = section["periods"], section["alarm"]["threshold"]
    _bands(axes, section)
    axes.axhline(threshold, color=COLOURS["limit"], linewidth=1.2, linestyle="--")
    axes.annotate(
        f"threshold {threshold:g} s", (0, threshold), (2, 3), textcoords="offset points",
        color=COLOURS["limit"],
    )  # fmt: skip
    if any(one["forecast"] for one in periods):
        foreseen = [(one["forecast"] or {}).get("response_seconds") for one in periods]
        _steps(axes, foreseen, "forecast", "three", ":")
    _dots(axes, [one["alarm_point"] for one in periods], "client", "two", "x")
    if any(one["service"] for one in periods):
        seen = [(one["service"] or {}).get("response_seconds") for one in periods]
        _dots(axes, seen, "service", "one", "o")
    _by_minute(axes, section, "seconds")


def _tasks(axes: Axes, section: Section) -> None:
    periods = section["periods"]
    services = [one["service"] or {} for one in periods]
    if any(services):
        _steps(axes, [one.get("running") for one in services], "running", "one", width=2.4)
        _steps(axes, [one.get("desired") for one in services], "desired", "two", "--")
    else:
        _say(axes, "nothing deployed was read")
    if any(one["forecast"] for one in periods):
        foreseen = [(one["forecast"] or {}).get("running") for one in periods]
        _steps(axes, foreseen, "running, forecast", "three", ":")
    for name, bound in zip(("fewest", "most"), section["settings"].get("bounds", ()), strict=False):
        axes.axhline(bound, color=COLOURS["limit"], linewidth=0.8, linestyle="--")
        axes.annotate(
            name, (1, bound), (-2, 2), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", fontsize=7.5, color=COLOURS["limit"],
        )  # fmt: skip
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _by_minute(axes, section, "tasks")


def _distribution(axes: Axes, section: Section) -> None:
    if not section["distribution"]:
        _say(axes, "nothing was answered")
        return
    fractions, times = zip(*section["distribution"], strict=True)
    axes.plot(times, [100 * one for one in fractions], color=COLOURS["one"], linewidth=1.6)
    axes.set_xscale("log")
    axes.set_ylim(0, 101)
    named = [one for one in section["distribution"] if one[0] in (0.5, 0.95, 0.99)]
    axes.plot(
        [time for _, time in named], [100 * one for one, _ in named], "o",
        color=COLOURS["one"], markersize=4,
    )  # fmt: skip
    told = "      ".join(f"p{100 * fraction:g}  {time:.3f} s" for fraction, time in named)
    axes.set_title(told, fontsize=9)
    threshold = section["alarm"]["threshold"]
    axes.axvline(threshold, color=COLOURS["limit"], linewidth=1.2, linestyle="--")
    axes.annotate(
        "the alarm's threshold, of means", (threshold, 2), (-4, 0), textcoords="offset points",
        color=COLOURS["limit"], rotation=90, ha="right", va="bottom",
    )  # fmt: skip
    axes.set_xlabel("seconds, logarithmic")
    axes.set_ylabel("% of the answers at most")


_DRAWN = {"rate": _rate, "means": _means, "tasks": _tasks, "distribution": _distribution}


def _by_minute(axes: Axes, section: Section, unit: str) -> None:
    """Minutes below, stages above, the legend where there is room."""
    minutes = len(section["periods"])
    axes.set_xlim(0, max(minutes, 1))
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(0.0, bottom), top * 1.15)
    axes.set_xlabel("minute")
    axes.set_ylabel(unit)
    for stage in section["stages"]:
        if stage["begin"] < minutes:
            if stage["begin"]:
                axes.axvline(stage["begin"], color=COLOURS["text"], linewidth=0.5, alpha=0.6)
            axes.annotate(
                _fitting(stage, minutes), (stage["begin"], 1), (3, -2),
                xycoords=("data", "axes fraction"), textcoords="offset points",
                va="top", fontsize=7.5,
            )  # fmt: skip
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=4)


def _fitting(stage: Section, minutes: int) -> str:
    """As much of the stage's name as there is room for above it."""
    name = str(stage["name"]).removeprefix("ECSServiceAverage").removeprefix("ALB")
    room = int(stage["minutes"] / minutes * _CHARACTERS)
    return name if len(name) <= room else f"{name[: max(room - 1, 0)]}…"


def _steps(
    axes: Axes,
    values: Sequence[float | None],
    name: str,
    colour: str,
    line: str = "-",
    width: float = 1.4,
) -> None:
    """A value for the whole of each minute; a gap where there is none."""
    gapless = [float("nan") if one is None else one for one in values]
    axes.stairs(
        gapless, label=name, color=COLOURS[colour], linestyle=line, linewidth=width, baseline=None
    )


def _dots(axes: Axes, values: Sequence[float | None], name: str, colour: str, marker: str) -> None:
    """A value in the middle of each minute that has one."""
    known = [(n + 0.5, one) for n, one in enumerate(values) if one is not None]
    axes.plot(
        [n for n, _ in known], [one for _, one in known], marker, color=COLOURS[colour],
        label=name, markersize=5, fillstyle="none",
    )  # fmt: skip


def _bands(axes: Axes, section: Section) -> None:
    """A band for each time in which the alarm was not OK."""
    named = set[str]()
    for begin, end, state in _spells(section):
        if colour := _NAMES.get(state):
            label = None if colour in named else str(state)
            axes.axvspan(begin, end, color=COLOURS[colour], alpha=0.35, linewidth=0, label=label)
            named.add(colour)


def _spells(section: Section) -> list[tuple[float, float, State]]:
    """Begin and end, in minutes, of each time that the alarm spent in a state.

    The deployed alarm's where it was read, else what the client's view makes of it: a state is
    known when the minute is over that it is reckoned from.
    """
    periods, changes = section["periods"], section["alarm_changes"]
    end = float(len(periods))
    if changes:
        turns = [(0.0, State(changes[0]["before"]))]
        turns += [(one["at"] / MINUTE, State(one["after"])) for one in changes]
    elif any(one["service"] for one in periods):
        turns = [(0.0, State(periods[0]["service"]["alarm_state"]))]
    else:
        seen = [(n + 1.0, one["alarm_state"]) for n, one in enumerate(periods)]
        known = [(at, State(state)) for at, state in seen if state is not None]
        turns = [one for one, last in zip(known, [None, *known], strict=False) if _new(one, last)]
    ends = [*[at for at, _ in turns[1:]], end]
    # Of a run without a whole minute nothing is known: there is an end and no turn.
    return [(at, until, state) for (at, state), until in zip(turns, ends, strict=False)]


def _new(turn: tuple[float, State], last: tuple[float, State] | None) -> bool:
    return last is None or last[1] is not turn[1]


def _say(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center")
