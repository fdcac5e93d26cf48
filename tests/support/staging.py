"""The way into a real account: checked before the first test, and read-only ever after.

boto3's configuration may lead to an emulator in its place. That is then what is looked at, what can
be proven and what is recorded. `SUITE_EMULATOR_STANDS_FOR_AWS`, set to anything, has the tests take
such an emulator for AWS: so the suite's own tests try what is only asked of AWS. The record calls
its target `emulator in place of AWS`, and evidence takes nothing of it for a proof.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
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
from botocore.utils import ensure_boolean

from tests.support import read_only
from tests.support.outcomes import SuiteError
from tests.support.planning import account_id
from tests.support.report import EXPIRED, invalid_text, without_sign_in
from tests.support.source import SourceTree
from tests.support.target import ELSEWHERE, IN_PLACE, Target

STANDS_FOR_AWS = "SUITE_EMULATOR_STANDS_FOR_AWS"
# A service of AWS's, everywhere, in a region or through an endpoint of a VPC. Not what customers
# run under AWS's names, such as ec2-3-80-1-2.compute-1.amazonaws.com.
_AWS = re.compile(
    r"(api\.|vpce-[a-z0-9-]+\.)?(?!vpce-svc-)[a-z0-9-]+(\.[a-z]+(-[a-z]+)+-\d(\.vpce)?)?"
    r"\.(amazonaws\.com(\.cn)?|api\.aws)"
)

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
    elsewhere = reached("staging") == ELSEWHERE
    return Target(environment, account, session, emulated=False, elsewhere=elsewhere)


def reached(target: str) -> str:
    """What `--target` leads to, as a record calls it: `staging` only where AWS itself answers."""
    if target != "staging" or not _led_elsewhere():
        return target
    return IN_PLACE if os.environ.get(STANDS_FOR_AWS) else ELSEWHERE


def _led_elsewhere() -> bool:
    """Whether boto3's own configuration leads to an endpoint that is not AWS's own.

    It does if that is so for one service, whichever, and if the configuration cannot be read.
    """
    try:
        return not all(_is_of_aws(url) for url in _endpoints() if url)
    except BotoCoreError:
        return True


def _endpoints() -> Iterator[str | None]:
    """The endpoints that variables and the profile name, for all services or for one."""
    session = botocore.session.get_session()
    if ensure_boolean(session.get_config_variable("ignore_configured_endpoint_urls")):
        return
    profile = session.get_scoped_config()
    services = session.full_config.get("services", {}).get(profile.get("services"), {})
    yield from (url for name, url in os.environ.items() if name.startswith("AWS_ENDPOINT_URL"))
    yield profile.get("endpoint_url")
    yield from (one.get("endpoint_url") for one in services.values() if isinstance(one, dict))


def _is_of_aws(url: str) -> bool:
    try:
        place = urlsplit(url)
    except ValueError:
        return False
    return place.scheme == "https" and _AWS.fullmatch(place.hostname or "") is not None


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
