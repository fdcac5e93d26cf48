"""What somebody has changed by hand in a real account is told by its address in the stack."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from botocore.config import Config

from tests.selftest.staging import faults
from tests.selftest.staging.conftest import Looking
from tests.selftest.staging.looking import DRIFT
from tests.selftest.staging.proxy import Exchange, Fault
from tests.support.deployment import STATE, Deployment
from tests.support.emulator import Emulator

pytestmark = [pytest.mark.selftest, pytest.mark.provider]

BUCKET, KEY = "mantisnxt-terraform-state-222233334444", "admin-panel/staging/terraform.tfstate"
PLAN = f"{DRIFT}::test_second_plan_is_empty"


@pytest.fixture
def state(account: Emulator, deployed: Deployment) -> Iterator[None]:
    """The deployment's state, where the environment's backend settings say."""
    path_style = Config(s3={"addressing_style": "path"})
    client = account.session().client("s3", config=path_style)
    client.create_bucket(Bucket=BUCKET)
    client.upload_file(str(deployed.directory / STATE), BUCKET, KEY)
    yield
    client.delete_object(Bucket=BUCKET, Key=KEY)
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def foreign_tag(account: Emulator) -> Iterator[None]:
    """A tag that somebody has put on the VPC."""
    client = account.session().client("ec2")
    vpcs = client.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["mantisnxt-staging-vpc"]}])
    change = {"Resources": [vpcs["Vpcs"][0]["VpcId"]], "Tags": [{"Key": "Owner", "Value": "x"}]}
    client.create_tags(**change)
    yield
    client.delete_tags(**change)


def test_a_change_by_hand_is_told_by_its_address(
    state: None, foreign_tag: None, look: Looking
) -> None:
    run = look(Exchange.honest, PLAN)
    assert run.code == 1
    assert [test["outcome"] for test in run.tests] == ["fail"]
    told = run.tests[0]["message"].splitlines()
    assert "  actual    changes = update module.vpc.aws_vpc.this" in told


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Exchange.honest, f'S3 bucket "{BUCKET}" does not exist'),
        (partial(faults.for_terraform, faults.denied), "StatusCode: 403"),
    ],
    ids=["none", "denied"],
)
def test_a_state_out_of_reach_is_no_pass(fault: Fault, said: str, look: Looking) -> None:
    run = look(fault, PLAN)
    assert [test["outcome"] for test in run.tests] == ["not_provable"]
    assert "Terraform cannot reach the state of staging: " in run.tests[0]["message"]
    assert said in run.tests[0]["message"]
