"""A run counts as one on staging only where AWS itself answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.selftest.breaking import STACK
from tests.selftest.staging.looking import set_only
from tests.selftest.test_provenance import FILE, NAMED
from tests.support import provenance
from tests.support.catalogue import Place
from tests.support.outcomes import NotProvable
from tests.support.target import Target
from tests.support.tier import run_tier

pytestmark = pytest.mark.selftest

LOCAL = "http://127.0.0.1:5000"
ELSEWHERE = "emulator elsewhere"
CONFIGURED = """\
[profile plain]
region = us-east-1

[profile led]
endpoint_url = http://127.0.0.1:5000

[profile in-part]
services = local

[profile past]
endpoint_url = http://127.0.0.1:5000
ignore_configured_endpoint_urls = true

[services local]
sns =
  endpoint_url = http://127.0.0.1:5000
"""


def told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], target: str = "staging"
) -> dict[str, Any]:
    """What is recorded of a run on staging when boto3 is configured by these variables."""
    set_only(monkeypatch, {"AWS_ENDPOINT_URL": "", **variables})
    return provenance.describe(provenance.begin(STACK), {Place.runbook}, target, "staging")


@pytest.mark.parametrize(
    ("variables", "target"),
    [
        ({}, "staging"),
        ({"AWS_ENDPOINT_URL": ""}, "staging"),
        ({"AWS_ENDPOINT_URL": "https://sts.us-east-1.amazonaws.com"}, "staging"),
        ({"AWS_ENDPOINT_URL_ECR": "https://api.ecr.us-east-1.amazonaws.com"}, "staging"),
        ({"AWS_ENDPOINT_URL_IAM": "https://iam.amazonaws.com"}, "staging"),
        ({"AWS_ENDPOINT_URL_EC2": "https://ec2.us-gov-west-1.api.aws"}, "staging"),
        (
            {"AWS_ENDPOINT_URL_EC2": "https://vpce-0a1b-2c3d.ec2.us-east-1.vpce.amazonaws.com"},
            "staging",
        ),
        ({"AWS_ENDPOINT_URL": LOCAL}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": LOCAL, "SUITE_EMULATOR_STANDS_FOR_AWS": ""}, ELSEWHERE),
        (
            {"AWS_ENDPOINT_URL": LOCAL, "SUITE_EMULATOR_STANDS_FOR_AWS": "1"},
            "emulator in place of AWS",
        ),
        ({"SUITE_EMULATOR_STANDS_FOR_AWS": "1"}, "staging"),
        ({"AWS_ENDPOINT_URL": "http://localhost:4566"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "http://[::1]:4566"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "https://172.17.0.2:4566"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "https://emulator.example.com"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "https://sts.amazonaws.com.example.com"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "https://sts.amazonaws.com@127.0.0.1"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "https://ec2-3-80-1-2.compute-1.amazonaws.com"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "https://x-1.us-east-1.elb.amazonaws.com"}, ELSEWHERE),
        (
            {"AWS_ENDPOINT_URL": "https://vpce-0a1b.vpce-svc-0c1d.us-east-1.vpce.amazonaws.com"},
            ELSEWHERE,
        ),
        ({"AWS_ENDPOINT_URL": "http://sts.amazonaws.com"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "nonsense"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL": "https://[nonsense"}, ELSEWHERE),
        ({"AWS_ENDPOINT_URL_SNS": LOCAL}, ELSEWHERE),
        (
            {"AWS_ENDPOINT_URL": LOCAL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "staging",
        ),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_target_is_staging_only_where_the_endpoint_is_aws_own(
    variables: dict[str, str], target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(monkeypatch, variables)["target"] == target


@pytest.mark.parametrize(
    ("profile", "target"),
    [
        ("plain", "staging"),
        ("led", ELSEWHERE),
        ("in-part", ELSEWHERE),
        ("past", "staging"),
        ("nobody", ELSEWHERE),
    ],
)
def test_the_profile_may_lead_elsewhere_too(
    profile: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(CONFIGURED, encoding="utf-8")
    chosen = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": profile}
    assert told(monkeypatch, chosen)["target"] == target


@pytest.mark.parametrize("target", ["emulator", None])
def test_endpoint_matters_only_where_staging_is_asked_for(
    target: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_only(monkeypatch, {"AWS_ENDPOINT_URL": LOCAL})
    found = provenance.describe(provenance.begin(STACK), {Place.source}, target, "staging")
    assert found["target"] == target


def test_nobody_knows_the_moto_of_an_emulator_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, {"AWS_ENDPOINT_URL": LOCAL})["versions"]["moto"] == "unknown"
    assert "moto" not in told(monkeypatch, {"AWS_ENDPOINT_URL": ""})["versions"]


def test_what_only_aws_shows_is_not_provable_on_an_emulator_elsewhere() -> None:
    target = Target("staging", "222233334444", None, emulated=False, elsewhere=True)
    with pytest.raises(NotProvable, match="it has none"):
        target.provable_only_on_aws("it has none")
    with pytest.raises(NotProvable, match="it writes"):
        target.provable_only_on_the_emulator("it writes")


def test_record_names_the_emulator_as_the_target_of_run_and_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_only(monkeypatch, {"AWS_ENDPOINT_URL": LOCAL})
    words = [FILE, "-k", NAMED, "--target", "staging"]
    run = run_tier("integration", STACK, tmp_path, words)
    record = json.loads((tmp_path / "integration.json").read_text(encoding="utf-8"))
    assert [one["target"] for one in run.tests] == [ELSEWHERE]
    assert record["provenance"]["target"] == ELSEWHERE
