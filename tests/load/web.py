"""Locust's own page: the run's verdict on it, and what may not be changed from it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Response

from tests.load import report
from tests.load.report import Report

# Said on the command line, on purpose, or not at all.
FIXED = ("allow_production", "overload", "reports", "stack", "region_url", "environment", "seed")
PAGE = "/verdict"


def install(web_ui: Any, latest: Callable[[], Report | None]) -> None:
    """Put the verdict's page beside Locust's, with a link to it among the downloads."""
    web_ui.template_args = {
        **web_ui.template_args,
        "extended_csv_files": [{"href": PAGE, "title": "Verdict of the run"}],
    }
    web_ui.app.add_url_rule(PAGE, "verdict", lambda: _page(latest()))


def _page(found: Report | None) -> Response:
    if found is None:
        return Response("No run has been judged yet.\n", mimetype="text/plain")
    lines = [f"{found.outcome.replace('_', ' ')}{' (partial)' if found.partial else ''}"]
    lines += [report.told(result) for result in found.results]
    return Response("\n\n".join(lines) + "\n", mimetype="text/plain")


def take_over(web_ui: Any, options: Any, host: str | None, fixed: Mapping[str, Any]) -> None:
    """Take the page's options, but what may not be changed from it is as it was.

    The page gives numbers as text, and lets Locust end the test after the run time.
    """
    for name, value in fixed.items():
        setattr(options, name, value)
    options.host = host
    with contextlib.suppress(ValueError, TypeError):
        options.rate = float(options.rate) if options.rate else None
    getattr(web_ui, "_cancel_run_time_timer", lambda: None)()


def refuse(web_ui: Any, reason: str) -> None:
    """Say on the page why nothing is sent."""
    web_ui.template_args = {**web_ui.template_args, "error_message": reason}


def page_of(reports: Path) -> Path:
    """Where a run's page is."""
    return reports / "load.html"
