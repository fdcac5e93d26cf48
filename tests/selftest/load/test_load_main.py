"""The command of the load tier, from the deployment to the report, where one thing is not right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.load.report.report import write
from tests.selftest.documented import given
from tests.selftest.load import reported
from tests.selftest.load.observations import STEADY
from tests.support.project import ROOT

pytestmark = pytest.mark.selftest

COMMAND = [sys.executable, "-m", "tests.selftest.load.changed_main", "--scenario", "steady"]
ALARM = "arn:aws:cloudwatch:us-east-1:222233334444:alarm:mantisnxt-staging-api-response-time"
SERVICE = "service/mantisnxt-staging/mantisnxt-staging-app"
ACCOUNTLESS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def settings(change: str) -> dict[str, str]:
    """This environment without an AWS account, and what is changed by hand."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**own, **ACCOUNTLESS, "CHANGE": change}


def load(reports: Path, *more: str, change: str = "nothing") -> subprocess.CompletedProcess[str]:
    """A run to its end."""
    return subprocess.run(
        [*COMMAND, "--reports", str(reports), *more],
        cwd=ROOT,
        env=settings(change),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def results(reports: Path) -> dict[str, tuple[str, str, str]]:
    """Outcome, where and what was seen, by requirement."""
    document = json.loads((reports / "load.json").read_text(encoding="utf-8"))
    return {
        one["requirement"]: (one["outcome"], one["where"], one["actual"])
        for one in document["tests"]
    }


@pytest.mark.parametrize(
    ("change", "where", "actual"),
    [
        ("threshold 5", ALARM, "threshold_seconds 5.0"),
        ("periods 1", ALARM, "datapoints_to_alarm 1, evaluation_periods 1"),
        ("target-times CPU 2", SERVICE, "target of ECSServiceAverageCPUUtilization 140.0"),
        ("no-scale-in Memory", SERVICE, "scale-in of ECSServiceAverageMemoryUtilization off"),
        ("minimum 5", SERVICE, "minimum capacity 5"),
    ],
    ids=["threshold-times-ten", "one-period", "target-times-two", "no-scale-in", "minimum"],
)
@pytest.mark.provider
@pytest.mark.alone
def test_what_is_deployed_otherwise_fails_by_name_before_a_request_is_sent(
    change: str, where: str, actual: str, tmp_path: Path
) -> None:
    run = load(tmp_path, change=change)
    assert run.returncode == 1, run.stdout + run.stderr
    assert results(tmp_path)["LOAD-02"] == ("fail", where, actual)
    assert results(tmp_path)["LOAD-01"][0] == "invalid"
    assert f"  where     {where}\n" in run.stdout


@pytest.mark.parametrize(
    ("change", "actual"),
    [
        ("without NODE_ENV", "missing environment variables: NODE_ENV"),
        ("without SENTRY_DSN", "missing environment variables: SENTRY_DSN"),
        ("health-path /healthz", "port 3000, health on /healthz"),
        ("no-service", "there is none"),
    ],
    ids=["variable", "secret", "health-path", "no-service"],
)
@pytest.mark.provider
@pytest.mark.alone
def test_a_task_that_is_not_the_application_fails(change: str, actual: str, tmp_path: Path) -> None:
    run = load(tmp_path, change=change)
    assert run.returncode == 1, run.stdout + run.stderr
    outcome, _, seen = results(tmp_path)["LOAD-01"]
    assert (outcome, seen) == ("fail", actual)
    assert results(tmp_path)["LOAD-02"][0] == "invalid"


def test_a_stack_that_cannot_be_deployed_is_one_error_and_invalid(tmp_path: Path) -> None:
    run = load(tmp_path, change="error main.tf:7: no such thing")
    assert run.returncode == 3
    assert run.stderr.splitlines() == [
        "error: main.tf:7: no such thing",
        "error: the region did not start; what is wrong is told above",
    ]
    assert [outcome for outcome, *_ in results(tmp_path).values()] == ["invalid", "invalid"]


def test_staging_without_an_account_is_invalid(tmp_path: Path) -> None:
    words = given(
        "AWS_PROFILE=staging-auditor AWS_REGION=us-east-1 tox -e load -- --target staging"
    )
    run = load(tmp_path, *words)
    assert run.returncode == 3, run.stdout + run.stderr
    assert "no usable AWS credentials for staging" in results(tmp_path)["LOAD-02"][2]
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--environment", "qa"], "invalid choice: 'qa'"),
        (["--rate", "0"], "--rate 0"),
        (["--duration", "60"], "the alarm needs 2"),
        (["--duration", "nan"], "--duration nan"),
        (["--duration", "inf"], "--duration inf"),
        (["--begin", "25:00"], "--begin: 25:00"),
        (["--service-time", "0.0001"], "--service-time 0.0001"),
        (["--stack", f"{__file__}/terraform"], "no .tf file in it"),
        (["--compare", "reports/none.json"], "--compare reports/none.json: No such file"),
        (["--time-scale", "0"], "--time-scale 0"),
        (["--target", "staging", "--time-scale", "9"], "--time-scale"),
        (["--host", "http://127.0.0.1:3000"], "--host: with --target emulator"),
        (["--reports", f"{__file__}/reports"], "--reports"),
        (["--target", "staging", "--service-time", "1"], "--service-time"),
        (["--target", "staging", "--host", "https://example.com"], "not staging's own host"),
        (["--target", "staging", "--host", "http://127.0.0.1:9"], "leave it out"),
        (["--target", "staging", "--environment", "production"], "--allow-production"),
    ],
    ids=[
        "environment",
        "rate",
        "duration",
        "duration-that-is-no-number",
        "duration-without-end",
        "time-of-day",
        "service-time",
        "stack",
        "nothing-to-compare-with",
        "time-scale",
        "time-scale-of-staging",
        "host-of-the-emulator",
        "reports",
        "service-time-of-staging",
        "another-host",
        "loopback-is-not-staging",
        "production",
    ],
)
def test_wrong_usage_is_refused_before_anything_is_deployed(
    options: list[str], told: str, tmp_path: Path
) -> None:
    run = load(tmp_path, *options)
    assert run.returncode == 2
    assert "error: " in run.stderr
    assert told in run.stderr
    assert run.stdout == ""
    assert not (tmp_path / "load.json").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [(["--rate", "0"], "--rate 0"), (["--compare", "{}"], "would take the place of")],
    ids=["rate", "compare-with-what-is-replaced"],
)
def test_a_refused_run_leaves_the_earlier_report(
    options: list[str], told: str, tmp_path: Path
) -> None:
    earlier = tmp_path / "load.json"
    write(replace(reported.of(STEADY), provenance={}), tmp_path)
    was = earlier.read_text(encoding="utf-8")
    run = load(tmp_path, *(one.format(earlier) for one in options))
    assert (run.returncode, told in run.stderr) == (2, True), run.stderr
    assert earlier.read_text(encoding="utf-8") == was


def test_reports_in_a_loop_of_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    run = load(tmp_path / "loop")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
    assert f"--reports {tmp_path}/loop: " in run.stderr


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
    ids=["Ctrl-C", "SIGTERM", "terminal-closed"],
)
@pytest.mark.parametrize(
    ("change", "line"),
    [("seconds 60", "changing: seconds"), ("nothing", "requests/s on")],
    ids=["while-deploying", "under-load"],
)
@pytest.mark.provider
@pytest.mark.alone
def test_a_run_cut_short_leaves_nothing_running_and_a_partial_report(
    change: str, line: str, number: signal.Signals, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [*COMMAND, "--reports", str(tmp_path)], cwd=ROOT, env=settings(change), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        assert any(line in told for told in run.stdout)
        started = psutil.Process(run.pid).children(recursive=True)
        assert len(started) >= 2
        run.send_signal(number)
        assert "Traceback" not in run.stdout.read()
    assert run.returncode == 3
    assert not any(one.is_running() for one in started)
    assert [outcome for outcome, *_ in results(tmp_path).values()] == ["invalid", "invalid"]
    assert '"complete": false' in (tmp_path / "load.json").read_text(encoding="utf-8")
