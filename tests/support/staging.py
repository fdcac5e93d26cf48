"""The way into a real account: checked before the first test, and read-only ever after."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)

from tests.support import read_only
from tests.support.outcomes import SuiteError
from tests.support.planning import account_id
from tests.support.report import EXPIRED, invalid_text, without_sign_in
from tests.support.source import SourceTree
from tests.support.target import Target

# An endpoint that nobody listens to is told of within half a minute.
_QUICK = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=10
)


def enter(stack: Path, environment: str) -> Target:
    """The environment in the account that boto3's own configuration leads to.

    Raises SuiteError, in one line with what was found and what was expected, unless account, region
    and the Environment tag of the VPC are those of the environment's variables.
    """
    account, region = account_id(stack, environment), expected_region(stack, environment)
    wanted = f"{environment} is account {account} in {region}"
    try:
        session = read_only.session()
        actual = session.region_name
        if actual != region:
            found = f"the region is {actual}" if actual else "no region is set"
            raise SuiteError(f"{found}, but {wanted}; set AWS_REGION={region}")
        _check_account(session, environment, account, wanted)
        _check_tag(session, environment, wanted)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise SuiteError(f"{without_sign_in(_reason(error))}. Expected: {wanted}") from error
    return Target(environment, account, session, emulated=False)


def expected_region(stack: Path, environment: str) -> str:
    """The region of the environment's variables, else the variable's default."""
    source = SourceTree.load(stack)
    written = source.variables(environment).get("aws_region")
    defaults = [block.get("default") for block in source.blocks("variable", "aws_region")]
    region = written or next(iter(defaults), None)
    if not isinstance(region, str):
        raise SuiteError(f"{stack.name}: no variable aws_region says where {environment} is")
    return region


def _check_account(session: Any, environment: str, account: str, wanted: str) -> None:
    found = session.client("sts", config=_QUICK).get_caller_identity()["Account"]
    if found != account:
        raise SuiteError(
            f"the credentials are for account {found}, but {wanted}; choose the right AWS_PROFILE"
        )


def _check_tag(session: Any, environment: str, wanted: str) -> None:
    name = f"mantisnxt-{environment}-vpc"
    pages = session.client("ec2", config=_QUICK).get_paginator("describe_vpcs")
    named = [{"Name": "tag:Name", "Values": [name]}]
    vpcs = [vpc for page in pages.paginate(Filters=named) for vpc in page["Vpcs"]]
    if not vpcs:
        raise SuiteError(f"the account has no VPC {name}, but {wanted}; deploy the stack first")
    tags = [{tag["Key"]: tag["Value"] for tag in vpc.get("Tags", [])} for vpc in vpcs]
    found = sorted({one.get("Environment", "missing") for one in tags})
    if found != [environment]:
        raise SuiteError(
            f"the Environment tag of VPC {name} is {', '.join(found)}, but expected {environment}"
        )


def _reason(error: Exception) -> str:
    """What stood in the way, in one line that says what to do."""
    match error:
        case ProfileNotFound():
            return f"{error}; choose another AWS_PROFILE"
        case NoCredentialsError():
            return "no AWS credentials: set AWS_PROFILE, or leave --target out for the emulator"
        case AwsConnectionError() | HTTPClientError():
            return f"AWS cannot be reached ({_line(error)}); check AWS_ENDPOINT_URL and the network"
        case ValueError():
            return f"AWS_ENDPOINT_URL={os.environ.get('AWS_ENDPOINT_URL')}: {_line(error)}"
        case ClientError() if error.response.get("Error", {}).get("Code") in EXPIRED:
            return "the AWS credentials have expired; sign in again"
        case ClientError():
            return invalid_text(error)
    return f"no usable AWS credentials: {_line(error)}; sign in again or set AWS_PROFILE"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
