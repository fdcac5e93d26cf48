"""An account to look at: an emulator with the recorded deployment, behind a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.selftest.breaking import STACK
from tests.selftest.staging import looking
from tests.selftest.staging.looking import Look, set_only
from tests.selftest.staging.proxy import Exchange, Fault, Proxy
from tests.support.deployment import Deployment, account_id, deploy
from tests.support.emulator import Emulator
from tests.support.tier import Run

Looking = Callable[..., Run]


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
        reports = tmp_path_factory.mktemp(f"look-{next(numbers)}")
        return looking.look(account, proxy, reports, fault, arguments).run

    return run


@pytest.fixture(scope="session")
def honest(proxy: Proxy, account: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Look:
    """The tier on the account as it is."""
    reports = tmp_path_factory.mktemp("look-honest")
    return looking.look(account, proxy, reports, Exchange.honest)
