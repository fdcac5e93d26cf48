"""An account to look at: an emulator with the recorded deployment, behind a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from tests.selftest.breaking import STACK, Run, run_tier
from tests.selftest.staging.proxy import Exchange, Fault, Proxy
from tests.support.deployment import Deployment, account_id, deploy
from tests.support.emulator import Emulator

Looking = Callable[..., Run]
DRIFT = "tests/integration/test_deployment.py"


@pytest.fixture(scope="session")
def account() -> Iterator[Emulator]:
    """An emulator that no test run has started."""
    with Emulator(account_id(STACK, "staging")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def deployed(account: Emulator) -> Iterator[Deployment]:
    """The stack as deployed there."""
    with deploy(account, STACK, "staging") as deployment:
        yield deployment


@pytest.fixture(scope="session")
def proxy(account: Emulator, deployed: Deployment) -> Iterator[Proxy]:
    """What stands before it."""
    with Proxy(account.endpoint_url) as running:
        yield running


def set_only(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """Let boto3's configuration be these variables, and nothing of this machine."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", *variables):
        monkeypatch.delenv(name, raising=False)
    files = {"AWS_CONFIG_FILE": "/nowhere/a", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/b"}
    for name, value in {**files, **variables}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def into(
    proxy: Proxy, account: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Fault], Proxy]:
    """Leads this process's boto3 to the account, with a fault."""

    def lead(fault: Fault) -> Proxy:
        variables = {**account.environment(), "AWS_ENDPOINT_URL": proxy.endpoint_url}
        set_only(monkeypatch, variables)
        proxy.begin(fault, from_the_start=True)
        return proxy

    return lead


@pytest.fixture(scope="session")
def look(proxy: Proxy, account: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Looking:
    """Runs the tier on the account with a fault, after an honest entrance."""
    numbers = count()

    def run(fault: Fault, *arguments: str) -> Run:
        variables = {**account.environment(), "AWS_ENDPOINT_URL": proxy.endpoint_url}
        reports = tmp_path_factory.mktemp(f"look-{next(numbers)}")
        chosen = arguments or ("tests/integration", f"--deselect={DRIFT}")
        proxy.begin(fault)
        with pytest.MonkeyPatch.context() as patch:
            set_only(patch, variables)
            return run_tier("integration", STACK, reports, ["--target", "staging", *chosen])

    return run


@dataclass(frozen=True)
class Look:
    """A run of the tier, and the services' operations that it asked for."""

    run: Run
    asked: frozenset[tuple[str, str]]


@pytest.fixture(scope="session")
def honest(look: Looking, proxy: Proxy) -> Look:
    """The tier on the account as it is."""
    return Look(look(Exchange.honest), frozenset(proxy.asked))
