"""A deployment played back is the deployment that was recorded, or none at all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import deployment
from tests.support.emulator import Emulator
from tests.support.emulator.recording import BrokenRecordingError

pytestmark = pytest.mark.selftest

ACCOUNT = "222233334444"


def deploy_something(emulator: Emulator) -> dict[str, Any]:
    """What identifies and dates a few new objects, from services that draw in different ways."""
    session = emulator.session()
    vpc = session.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]
    key = session.client("kms").create_key(Description="recorded")["KeyMetadata"]
    certificate = session.client("acm").request_certificate(DomainName="recorded.example.com")
    budget = {"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY",
              "BudgetLimit": {"Amount": "1", "Unit": "USD"}}  # fmt: skip
    session.client("budgets").create_budget(AccountId=ACCOUNT, Budget=budget)
    return {"vpc": vpc["VpcId"], "key": key["KeyId"], "created": key["CreationDate"],
            "certificate": certificate["CertificateArn"]}  # fmt: skip


def found(emulator: Emulator) -> dict[str, Any]:
    """The same, as an emulator describes it."""
    session = emulator.session()
    vpcs = session.client("ec2").describe_vpcs(
        Filters=[{"Name": "cidr", "Values": ["10.9.0.0/16"]}]
    )
    keys = session.client("kms").list_keys()["Keys"]
    described = [session.client("kms").describe_key(KeyId=k["KeyId"])["KeyMetadata"] for k in keys]
    certificates = session.client("acm").list_certificates()["CertificateSummaryList"]
    return {"vpc": [v["VpcId"] for v in vpcs["Vpcs"]], "key": [k["KeyId"] for k in described],
            "created": [k["CreationDate"] for k in described],
            "certificate": [c["CertificateArn"] for c in certificates]}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A recording, and what was made while it was."""
    path = tmp_path_factory.mktemp("recording") / "requests.gz"
    with Emulator(ACCOUNT) as emulator:
        emulator.record()
        made = deploy_something(emulator)
        emulator.save(path)
        emulator.session().client("ec2").create_vpc(CidrBlock="10.8.0.0/16")
    return path, made


@pytest.fixture
def other() -> Iterator[Emulator]:
    """An emulator in which nothing has happened."""
    with Emulator(ACCOUNT) as running:
        yield running


def test_what_was_recorded_is_there_again(
    recorded: tuple[Path, dict[str, Any]], other: Emulator
) -> None:
    path, made = recorded
    other.play(path)
    assert found(other) == {name: [value] for name, value in made.items()}


def test_what_came_after_the_recording_is_not(
    recorded: tuple[Path, dict[str, Any]], other: Emulator
) -> None:
    other.play(recorded[0])
    vpcs = other.session().client("ec2").describe_vpcs(
        Filters=[{"Name": "cidr", "Values": ["10.8.0.0/16"]}]
    )  # fmt: skip
    assert vpcs["Vpcs"] == []


def altered(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    """A change of the recording's document, as a change of the file."""

    def alter(content: bytes) -> bytes:
        document = json.loads(gzip.decompress(content))
        change(document)
        return gzip.compress(json.dumps(document).encode())

    return alter


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "half-written": (lambda content: content[: len(content) // 2], "cannot be read"),
    "empty": (lambda _: b"", "cannot be read"),
    "no recording": (lambda _: gzip.compress(b"[]"), "cannot be read"),
    "other format": (altered(lambda d: d.update(format=0)), "is of another format"),
    "nothing in it": (altered(lambda d: d.update(entries=[])), "is of another format"),
    "other answer": (altered(lambda d: d["entries"][-1].update(answer="200 0")),
                     r"request \d+ \(AWSBudgetServiceGateway.CreateBudget\) is answered"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_recording_is_refused_and_leaves_nothing(
    damage: str, recorded: tuple[Path, dict[str, Any]], other: Emulator, tmp_path: Path
) -> None:
    change, told = DAMAGES[damage]
    path = tmp_path / "requests.gz"
    path.write_bytes(change(recorded[0].read_bytes()))
    with pytest.raises(BrokenRecordingError, match=told):
        other.play(path)
    assert found(other) == {"vpc": [], "key": [], "created": [], "certificate": []}


@pytest.fixture
def kept(recorded: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """A kept deployment, as `deploy` leaves it."""
    directory = tmp_path / "kept"
    (directory / "stack").mkdir(parents=True)
    (directory / "stack" / deployment.STATE).write_text("{}", encoding="utf-8")
    (directory / deployment.PLANNED).write_text("4", encoding="utf-8")
    (directory / deployment.REQUESTS).write_bytes(recorded[0].read_bytes())
    return directory


def test_a_kept_deployment_is_played(kept: Path, other: Emulator) -> None:
    told: list[str] = []
    assert deployment.played(other, kept, told.append)
    assert told == ["the recorded deployment was played; --fresh applies anew"]


@pytest.mark.parametrize("missing", ["stack/terraform.tfstate", "planned", "requests.gz"])
def test_a_kept_deployment_that_lacks_something_is_thrown_away(
    missing: str, kept: Path, other: Emulator
) -> None:
    (kept / missing).unlink()
    told: list[str] = []
    assert not deployment.played(other, kept, told.append)
    assert not kept.exists()
    assert [line.partition(":")[0] for line in told] == ["the recorded deployment is discarded"]
