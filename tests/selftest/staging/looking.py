"""Runs of the tier on an account that boto3's own configuration leads to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.selftest.breaking import STACK
from tests.selftest.documented import given
from tests.selftest.staging.proxy import Fault, Proxy
from tests.support.emulator import Emulator
from tests.support.staging import STANDS_FOR_AWS
from tests.support.tier import Run, run_tier

GIVEN = given(
    "AWS_PROFILE=staging-auditor AWS_REGION=us-east-1 tox -e integration -- --target staging"
)
DRIFT = "tests/integration/test_deployment.py"


@dataclass(frozen=True)
class Look:
    """A run of the tier, and what it asked for: service, operation and region."""

    run: Run
    asked: frozenset[tuple[str, str, str]]


def set_only(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """Let boto3's configuration be these variables, and nothing of this machine."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", *variables):
        monkeypatch.delenv(name, raising=False)
    files = {"AWS_CONFIG_FILE": "/nowhere/a", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/b"}
    for name, value in {**files, **variables}.items():
        monkeypatch.setenv(name, value)


def look(
    account: Emulator,
    proxy: Proxy,
    reports: Path,
    fault: Fault,
    arguments: tuple[str, ...] = (),
    as_aws: bool = True,
) -> Look:
    """Run the tier, or what of it the arguments choose; the fault begins behind the entrance.

    Terraform's comparison takes longer than all the rest, asks as Terraform and is not chosen. The
    tests take the emulator for AWS unless told otherwise, and are then asked as they are of AWS.
    """
    chosen = arguments or ("tests/integration", f"--deselect={DRIFT}")
    proxy.begin(fault)
    with pytest.MonkeyPatch.context() as patch:
        set_only(patch, {**account.environment(), "AWS_ENDPOINT_URL": proxy.endpoint_url})
        patch.setenv(STANDS_FOR_AWS, "1" if as_aws else "")
        run = run_tier("integration", STACK, reports, [*GIVEN, *chosen])
    return Look(run, frozenset(proxy.asked))
