"""The command of the load tier, from the deployment to the report, on a seeded emulator."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.selftest.load.seeded_main import SECRET_VALUE

pytestmark = pytest.mark.selftest

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "tests.selftest.load.seeded_main"]
ALARM = "arn:aws:cloudwatch:us-east-1:222233334444:alarm:mantisnxt-staging-api-response-time"
ACCOUNTLESS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def settings(seed: dict[str, Any]) -> dict[str, str]:
    """This environment without an AWS account."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**own, **ACCOUNTLESS, "SEED": json.dumps(seed)}


def load(reports: Path, *more: str, **seed: Any) -> subprocess.CompletedProcess[str]:
    """A run to its end."""
    return subprocess.run(
        [*COMMAND, "--reports", str(reports), *more],
        cwd=ROOT,
        env=settings(seed),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def results(reports: Path) -> dict[str, tuple[str, str, str]]:
    """Outcome, where and what was seen, by requirement."""
    document = json.loads((reports / "load.json").read_text(encoding="utf-8"))
    return {
        one["requirement"]: (one["outcome"], one["where"], one["actual"])
        for one in document["tests"]
    }


@pytest.mark.parametrize("variable", ["NODE_ENV", "SENTRY_DSN"])
def test_a_task_without_a_variable_of_the_contract_fails(variable: str, tmp_path: Path) -> None:
    run = load(tmp_path, without=variable)
    assert run.returncode == 1, run.stdout + run.stderr
    outcome, where, actual = results(tmp_path)["LOAD-01"]
    assert (outcome, actual) == ("fail", f"missing environment variables: {variable}")
    assert where.endswith("task-definition/mantisnxt-staging-app:1")
    assert results(tmp_path)["LOAD-02"][0] == "invalid"
    assert SECRET_VALUE not in run.stdout + run.stderr + (tmp_path / "load.json").read_text()


def test_an_alarm_with_another_threshold_fails_by_name(tmp_path: Path) -> None:
    run = load(tmp_path, threshold=5)
    assert run.returncode == 1, run.stdout + run.stderr
    assert results(tmp_path)["LOAD-02"] == ("fail", ALARM, "threshold_seconds 5.0")
    assert results(tmp_path)["LOAD-01"][0] == "invalid"
    assert f"  where     {ALARM}\n" in run.stdout


@pytest.mark.parametrize(
    ("seed", "actual"),
    [
        ({"health_path": "/healthz"}, "port 3000, health on /healthz"),
        ({"service": False}, "there is none"),
    ],
    ids=["other-health-path", "no-service"],
)
def test_another_task_than_the_catalogues_fails(
    seed: dict[str, Any], actual: str, tmp_path: Path
) -> None:
    run = load(tmp_path, **seed)
    assert run.returncode == 1, run.stdout + run.stderr
    assert results(tmp_path)["LOAD-01"][::2] == ("fail", actual)


def test_a_stack_that_cannot_be_deployed_is_one_error_and_invalid(tmp_path: Path) -> None:
    run = load(tmp_path, error="main.tf:7: no such thing")
    assert run.returncode == 3
    assert run.stderr == "error: main.tf:7: no such thing\n"
    assert [outcome for outcome, *_ in results(tmp_path).values()] == ["invalid", "invalid"]


def test_staging_without_an_account_is_invalid(tmp_path: Path) -> None:
    run = load(tmp_path, "--target", "staging")
    assert run.returncode == 3, run.stdout + run.stderr
    assert "no usable AWS credentials for staging" in results(tmp_path)["LOAD-02"][2]
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--environment", "qa"], "invalid choice: 'qa'"),
        (["--rate", "0"], "--rate 0"),
        (["--duration", "60"], "the alarm needs 2"),
        (["--service-time", "-1"], "--service-time -1"),
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
        "service-time",
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize(
    ("seed", "line", "processes"),
    [({"seconds": 60}, "seeding", 1), ({}, "requests/s on", 3)],
    ids=["while-deploying", "under-load"],
)
def test_a_run_cut_short_leaves_nothing_running_and_a_partial_report(
    seed: dict[str, Any], line: str, processes: int, number: signal.Signals, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [*COMMAND, "--reports", str(tmp_path)], cwd=ROOT, env=settings(seed), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        assert any(line in told for told in run.stdout)
        started = psutil.Process(run.pid).children(recursive=True)
        assert len(started) == processes
        run.send_signal(number)
        assert "Traceback" not in run.stdout.read()
    assert run.returncode == 3
    assert not any(one.is_running() for one in started)
    assert [outcome for outcome, *_ in results(tmp_path).values()] == ["invalid", "invalid"]
    assert '"complete": false' in (tmp_path / "load.json").read_text(encoding="utf-8")
