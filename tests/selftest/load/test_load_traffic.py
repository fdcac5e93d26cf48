"""The traffic file is checked before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import traffic
from tests.support.outcomes import SuiteError

pytestmark = pytest.mark.selftest

TEXT = traffic.DEFAULT_PATH.read_text(encoding="utf-8")


def test_the_traffic_file_is_valid_and_names_every_environment() -> None:
    assert set(traffic.load().environments) == {"develop", "staging", "production"}


def test_the_pool_holds_every_visitor_for_the_longest_response() -> None:
    assert traffic.load().connections(50) == 50 * (5 + 10)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("weight: 3", "weight: 0", "pages.0.weight"),
        ("weight: 3", "wieght: 3", "pages.0"),
        ("path: /dashboard", "path: /", "listed twice"),
        ("path: /dashboard", "path: dashboard", "pages.1.path"),
        ("steady_minutes: 5", "steady_minutes: 0", "scenarios.steady_minutes"),
        ("spike_times: 3", "spike_times: 1", "scenarios.spike_times"),
        ("most_requests_per_second: 50", "most_requests_per_second: 15", "less than the peak"),
        ("error_budget_percent: 1", "error_budget_percent: .nan", "error_budget_percent"),
        ("timeout_seconds: 10", "timeout_seconds: [", "not valid YAML"),
        ("staging:", "qa:", "environments.qa"),
        ("timeout_seconds: 10", "timeout_seconds: 1.0e+308", "timeout_seconds"),
        ("most_requests_per_second: 50", "most_requests_per_second: 1.0e+308", "environments"),
        ("spike_minutes: 3", "spike_minutes: 100000000000", "scenarios.spike_minutes"),
        ("timeout_seconds: 10", "timeout_seconds: 2026-13-01", "not valid YAML"),
        ("timeout_seconds: 10", "timeout_seconds: " + "[" * 5000, "not valid YAML"),
        ("timeout_seconds: 10", "timeout_seconds: 10\ntimeout_seconds: 1", "is given twice"),
        ("path: /dashboard", "path: /d\udce9", "not UTF-8"),
    ],
)
def test_a_wrong_traffic_file_is_one_error_naming_file_and_field(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "traffic.yaml"
    path.write_bytes(TEXT.replace(old, new, 1).encode("utf-8", "surrogateescape"))
    with pytest.raises(SuiteError, match=r"traffic\.yaml") as caught:
        traffic.load(path)
    assert told in str(caught.value)


def test_a_missing_traffic_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="cannot be read"):
        traffic.load(tmp_path / "none.yaml")


def test_an_unknown_environment_is_one_error() -> None:
    with pytest.raises(SuiteError, match="'qa' has no traffic"):
        traffic.load().place("qa")
