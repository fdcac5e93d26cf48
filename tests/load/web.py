"""Locust's own page: a link from it to the verdict, and what may not be changed from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Response

from tests.load.hosts import UsageError

# Said on the command line, on purpose, or not at all.
FIXED = ("allow_production", "overload", "reports", "stack", "region_url", "environment")
PAGE = "/verdict"
NOT_YET = "No run has been judged yet."


@dataclass
class Verdict:
    """What the verdict's page shows: the report's page, or else the lines that tell it."""

    told: list[str] = field(default_factory=lambda: [NOT_YET])
    page: Path | None = None

    def response(self) -> Response:
        """The page as Flask wants it."""
        if self.page is not None and self.page.is_file():
            return Response(self.page.read_text(encoding="utf-8"), mimetype="text/html")
        return Response("\n\n".join(self.told) + "\n", mimetype="text/plain")


def install(web_ui: Any, shown: Callable[[], Verdict]) -> None:
    """Put the verdict's page beside Locust's, with a link to it among the downloads."""
    link = {"href": PAGE, "title": "Verdict of the run"}
    web_ui.template_args = {**web_ui.template_args, "extended_csv_files": [link]}
    web_ui.app.add_url_rule(PAGE, "verdict", lambda: shown().response())


def take_over(web_ui: Any, options: Any, host: str | None, fixed: Mapping[str, Any]) -> None:
    """Take the page's options, but what may not be changed from it is as it was.

    The page gives numbers as text, and lets Locust end the test after the run time. Raises
    UsageError for what is no number.
    """
    for name, value in fixed.items():
        setattr(options, name, value)
    options.host = host
    try:
        options.rate = float(options.rate) if options.rate else None
    except ValueError as error:
        raise UsageError(f"--rate {options.rate}: give requests per second") from error
    # Not in Locust's documented interface: where it is missing, the run is cut short and says so.
    getattr(web_ui, "_cancel_run_time_timer", lambda: None)()
