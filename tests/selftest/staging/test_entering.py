"""Who does not lead to the environment's account is refused before the first test, in one line."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from tests.selftest.breaking import STACK
from tests.selftest.documented import given
from tests.selftest.staging import faults, looking
from tests.selftest.staging.looking import Look, set_only
from tests.selftest.staging.proxy import Exchange, Fault, Proxy
from tests.support import staging
from tests.support.emulator import Emulator
from tests.support.outcomes import SuiteError
from tests.support.tier import run_tier

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

HERE = "staging is account 222233334444 in us-east-1"
Into = Callable[[Fault], Proxy]


def refusal() -> str:
    """Why boto3's configuration does not lead to staging; one line."""
    with pytest.raises(SuiteError) as refused:
        staging.enter(STACK, "staging")
    assert "\n" not in str(refused.value)
    return str(refused.value)


def answering(operation: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """An account in which one operation answers otherwise."""
    return faults.only(operation, partial(faults.changed, change))


@pytest.mark.parametrize("address", ["http://me:hunter2@127.0.0.1:9", "me:hunter2@127.0.0.1:9"])
def test_a_password_in_the_endpoint_is_not_shown(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}
    set_only(monkeypatch, {**keys, "AWS_ENDPOINT_URL": address})
    told = refusal()
    assert "***@127.0.0.1:9" in told
    assert "hunter2" not in told


def test_the_right_account_is_entered(into: Into) -> None:
    into(Exchange.honest)
    target = staging.enter(STACK, "staging")
    assert (target.environment, target.account_id) == ("staging", "222233334444")


@pytest.mark.parametrize(("told", "elsewhere"), [("", True), ("1", False)], ids=["not", "told"])
def test_an_emulator_is_taken_for_aws_only_when_told(
    told: str, elsewhere: bool, into: Into, monkeypatch: pytest.MonkeyPatch
) -> None:
    into(Exchange.honest)
    monkeypatch.setenv(staging.STANDS_FOR_AWS, told)
    target = staging.enter(STACK, "staging")
    assert (target.emulated, target.elsewhere) == (False, elsewhere)


@pytest.mark.parametrize(
    ("as_aws", "confirmed", "target"),
    [(True, "pass", "emulator in place of AWS"), (False, "not_provable", "emulator elsewhere")],
    ids=["for-aws", "as-it-is"],
)
def test_the_record_says_that_an_emulator_was_looked_at(
    as_aws: bool, confirmed: str, target: str, account: Emulator, proxy: Proxy, tmp_path: Path
) -> None:
    file = ("tests/integration/test_monitoring.py",)
    run = looking.look(account, proxy, tmp_path, Exchange.honest, file, as_aws).run
    outcomes = {one["test"].partition("::")[2]: one["outcome"] for one in run.tests}
    assert outcomes["test_subscriber_has_confirmed"] == confirmed
    assert outcomes["test_alerts_topic_has_its_subscriber"] == "pass"
    record = json.loads((tmp_path / "integration.json").read_text(encoding="utf-8"))
    told = [one["target"] for one in (record["provenance"], *record["tests"])]
    assert set(told) == {target}


def test_the_tier_passes_on_an_emulator_in_place_of_aws(honest: Look) -> None:
    assert honest.run.code == 0, honest.run.output[-2000:]
    assert {test["outcome"] for test in honest.run.tests} <= {"pass", "not_provable", "waived"}
    assert len([test for test in honest.run.tests if test["outcome"] == "pass"]) >= 150


def test_the_wrong_account_is_refused_before_the_first_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator("999988887777") as other:
        set_only(monkeypatch, other.environment())
        words = given("tox -e integration -- --target staging")
        run = run_tier("integration", STACK, tmp_path, ["tests/integration", *words])
    assert (run.code, run.tests) == (1, ())
    found = f"error: the credentials are for account 999988887777, but {HERE}; choose the right"
    assert len(re.findall(found, run.output)) == 1
    assert "Traceback" not in run.output
    assert " passed" not in run.output


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.only("GetCallerIdentity", faults.error("ExpiredToken", 403)),
         f"the AWS credentials have expired; sign in again. Expected: {HERE}"),
        (faults.only("GetCallerIdentity", faults.error("InvalidClientTokenId", 403)),
         "AWS answered GetCallerIdentity with InvalidClientTokenId; try again"),
        (faults.only("GetCallerIdentity", faults.error("ServiceUnavailable", 503)),
         "AWS answered GetCallerIdentity with ServiceUnavailable; try again"),
        (faults.only("DescribeVpcs", faults.denied),
         "AWS denied DescribeVpcs: add ec2:DescribeVpcs to the auditor's policy"),
        (faults.only("DescribeVpcs", faults.empty),
         f"the account has no VPC mantisnxt-staging-vpc, but {HERE}; deploy the stack first"),
        (Exchange.hang_up, "AWS cannot be reached"),
    ],
    ids=["expired", "unknown-key", "unavailable", "denied", "nothing-deployed", "hung-up"],
)  # fmt: skip
def test_what_stands_in_the_way_is_told(fault: Fault, said: str, into: Into) -> None:
    into(fault)
    assert said in refusal()


@pytest.mark.parametrize("value", ["production", None])
def test_another_environments_tag_is_refused(value: str | None, into: Into) -> None:
    tags = [{"Key": "Environment", "Value": value}] if value else []
    into(answering("DescribeVpcs", lambda answer: {"Vpcs": [{**answer["Vpcs"][0], "Tags": tags}]}))
    assert refusal() == (
        f"the Environment tag of VPC mantisnxt-staging-vpc is {value or 'missing'}, "
        "but expected staging"
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, f"no region is set, but {HERE}"),
        ({"AWS_REGION": "eu-west-1"}, f"the region is eu-west-1, but {HERE}; set AWS_REGION="),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found; choose"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no AWS credentials: set AWS_PRO"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "no usable AWS credentials: Partial credentials found"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS cannot be reached (Could not connect"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "AWS_ENDPOINT_URL=nonsense: Invalid endpoint"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_configured_wrongly_is_told(
    changed: dict[str, str], said: str, into: Into, monkeypatch: pytest.MonkeyPatch
) -> None:
    into(Exchange.honest)
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    assert said in refusal()
    assert HERE in refusal()


def test_the_region_may_be_botos_own_setting(into: Into, monkeypatch: pytest.MonkeyPatch) -> None:
    into(Exchange.honest)
    monkeypatch.delenv("AWS_REGION")
    assert staging.enter(STACK, "staging").session.region_name == "us-east-1"


@pytest.fixture
def silent() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_silent_endpoint_is_not_waited_for(
    silent: str, into: Into, monkeypatch: pytest.MonkeyPatch
) -> None:
    into(Exchange.honest)
    monkeypatch.setenv("AWS_ENDPOINT_URL", silent)
    quick = Config(read_timeout=0.2)
    monkeypatch.setattr(staging, "_QUICK", staging._QUICK.merge(quick))
    begun = time.monotonic()
    assert "AWS cannot be reached (Read timeout" in refusal()
    assert time.monotonic() - begun < 5


def test_half_a_minute_is_the_most_that_an_endpoint_is_waited_for() -> None:
    attempts = staging._QUICK.retries["total_max_attempts"]
    assert attempts * (staging._QUICK.connect_timeout + staging._QUICK.read_timeout) <= 30
