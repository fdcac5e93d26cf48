"""Load goes to the environment's own host and nowhere else."""

from __future__ import annotations

import pytest

from tests.load.hosts import RefusedError, permitted
from tests.load.plan import STACK, read_deployment
from tests.support.traffic import Traffic

pytestmark = pytest.mark.selftest


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:3000",
        "http://127.8.9.1",
        "http://localhost:8080/",
        "http://[::1]:3000",
        "https://admin.staging.example.com",
        "https://admin.staging.example.com:443/",
    ],
)
def test_a_host_of_the_environment_is_permitted(url: str, traffic: Traffic) -> None:
    assert permitted(url, "staging", traffic, allow_production=False) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "admin.staging.example.com",
        "ftp://admin.staging.example.com",
        "http://admin.staging.example.com",
        "https://admin.staging.example.com:8443",
        "https://admin.staging.example.com/elsewhere",
        "https://admin.staging.example.com.evil.example",
        "https://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://user:secret@127.0.0.1",
        "https://admin.example.com",
        "https://example.com",
        "http://10.0.0.1",
        "http://127.0.0.1:port",
        "http://[::1",
    ],
    ids=repr,
)
def test_any_other_host_is_refused(url: str | None, traffic: Traffic) -> None:
    with pytest.raises(RefusedError):
        permitted(url, "staging", traffic, allow_production=True)


def test_production_needs_to_be_allowed_in_so_many_words(traffic: Traffic) -> None:
    url = "https://admin.example.com"
    assert permitted(url, "production", traffic, allow_production=True) == url
    with pytest.raises(RefusedError, match="--allow-production"):
        permitted(url, "production", traffic, allow_production=False)


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("http://127.0.0.1:3000", "https://monitoring.us-east-1.amazonaws.com"),
        ("https://admin.staging.example.com", "http://127.0.0.1:5000"),
    ],
)
def test_a_host_is_not_judged_by_another_deployments_alarm(
    host: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(RefusedError, match="not of the same deployment"):
        read_deployment(host, "staging", STACK)


def test_a_loopback_host_without_an_emulator_reads_no_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert read_deployment("http://127.0.0.1:3000", "staging", STACK) is None
