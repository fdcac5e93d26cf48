"""The stand-in starts, and fails to start, as the deployed container would."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.selftest.load.one_task import Application, running
from tests.support.deployed import HealthCheck, Task
from tests.support.outcomes import Violation
from tests.support.standin.__main__ import missing_variables

pytestmark = pytest.mark.selftest

APPLICATION = Application(("NODE_ENV", "SENTRY_DSN"), ("/", "/dashboard"), "/api/health")
COMPLETE = {"NODE_ENV": "staging", "SENTRY_DSN": "https://key@example.com/1"}


def task(environment: dict[str, str], path: str = "/api/health") -> Task:
    """A task definition with these variables whose health check asks for this path."""
    return Task("arn:task-definition/app:1", 3000, HealthCheck(path, 30, 5, 3, 60), environment)


def status(url: str) -> int:
    """The status of a GET."""
    try:
        return int(urllib.request.urlopen(url, timeout=10).status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    ("path", "expected"), [("/api/health", 200), ("/dashboard?page=2", 200), ("/nowhere", 404)]
)
def test_the_task_serves_its_paths_and_no_others(path: str, expected: int) -> None:
    with running(task(COMPLETE), APPLICATION) as service:
        assert status(service.host + path) == expected
    assert service.served == 1


@pytest.mark.parametrize(
    "environment",
    [{"NODE_ENV": "staging"}, {"NODE_ENV": "staging", "SENTRY_DSN": ""}],
    ids=["absent", "empty"],
)
def test_the_task_does_not_start_without_a_variable_of_the_contract(
    environment: dict[str, str],
) -> None:
    refused = pytest.raises(Violation, match=r"missing environment variables: SENTRY_DSN$")
    with refused, running(task(environment), APPLICATION):
        pytest.fail("it started")


def test_the_task_is_not_healthy_when_its_health_check_asks_elsewhere() -> None:
    unhealthy = pytest.raises(Violation, match=r"GET /healthz .* it answers 404")
    with unhealthy, running(task(COMPLETE, path="/healthz"), APPLICATION):
        pytest.fail("it became healthy")


def test_the_task_gets_the_containers_variables_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SENTRY_DSN", "the test run's own")
    refused = pytest.raises(Violation, match=r"missing environment variables: SENTRY_DSN$")
    with refused, running(task({"NODE_ENV": "staging"}), APPLICATION):
        pytest.fail("it saw the test run's variable")


def test_missing_variables_are_named_in_the_order_asked() -> None:
    assert missing_variables(["B", "A", "C"], {"C": "set"}) == ["B", "A"]
