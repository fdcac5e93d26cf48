"""The steady scenario on an environment that lives, and that is broken while it lives."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.load.living.process import Started, started
from tests.selftest.documented import given
from tests.support.project import ROOT

pytestmark = [pytest.mark.selftest, pytest.mark.provider, pytest.mark.alone]

LOCUSTFILES = {
    "open": ROOT / "tests/load/locustfile.py",
    "closed": Path(__file__).with_name("closed_loop_locustfile.py"),
}
PLAIN_LOCUST = given(
    "locust -f tests/load/locustfile.py --host https://admin.staging.mantisnxt.com"
    " --scenario steady --headless"
)
STAGING = "https://admin.staging.mantisnxt.com"
SOUND = {"failing_percent": 0, "other_seconds": 0}


@pytest.fixture(scope="module")
def region() -> Iterator[Started]:
    """Staging, a region minute in two seconds."""
    with started(["--time-scale", "30"]) as living:
        yield living


@pytest.fixture
def broken(region: Started, request: pytest.FixtureRequest) -> Iterator[Started]:
    """The region with a fault, (path, document), that is taken away afterwards."""
    path, document = request.param
    put(region, path, document)
    yield region
    put(region, "faults", {"refuse": False})
    put(region, "workload", SOUND)


def put(region: Started, path: str, document: dict[str, Any]) -> None:
    """Tell the region something."""
    request = urllib.request.Request(
        f"{region.url}/{path}", json.dumps(document).encode(), method="PUT"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


def steady(region: Started, reports: Path, loop: str = "open") -> tuple[int, str, str]:
    """Exit code, outcome and what was seen of a run of plain Locust."""
    instead = {"tests/load/locustfile.py": str(LOCUSTFILES[loop]), STAGING: region.host}
    words = [instead.get(word, word) for word in PLAIN_LOCUST]
    words += ["--only-summary", "--region-url", region.url, "--reports", str(reports)]
    run = subprocess.run(
        [sys.executable, "-m", "locust", *words],
        cwd=ROOT, env=dict(region.environment), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "Traceback" not in run.stdout + run.stderr
    found = json.loads((reports / "load.json").read_text(encoding="utf-8"))
    (quiet,) = [one for one in found["tests"] if one["requirement"] == "LOAD-02"]
    return run.returncode, quiet["outcome"], quiet["actual"]


def test_a_sound_environment_passes(region: Started, tmp_path: Path) -> None:
    code, outcome, actual = steady(region, tmp_path)
    assert (code, outcome) == (0, "pass"), actual


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (("faults", {"refuse": True}), "connection refused"),
        (("workload", {"failing_percent": 50}), "status 500"),
    ],
    ids=["refusing", "errors-that-are-fast"],
    indirect=["broken"],
)
def test_an_environment_that_does_not_answer_as_it_should_fails(
    broken: Started, told: str, tmp_path: Path
) -> None:
    code, outcome, actual = steady(broken, tmp_path)
    assert (code, outcome) == (1, "fail"), actual
    assert told in actual


@pytest.mark.parametrize("broken", [("workload", {"other_seconds": 0.1})], indirect=True)
def test_a_closed_loop_is_invalid_however_quiet_the_alarm_stays(
    broken: Started, tmp_path: Path
) -> None:
    code, outcome, actual = steady(broken, tmp_path, loop="closed")
    assert (code, outcome) == (3, "invalid"), actual
    assert "the offered rate was missed" in actual
