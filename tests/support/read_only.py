"""Only reads leave: a session whose clients stop every other call before it is sent.

A read is an operation of a service that the tests look at, whose name begins with a verb of
reading, and which hands out neither a credential nor somebody's data. That none of them changes
anything in spite of its name, the suite's own tests show by the access levels of the Service
Authorization Reference.
"""

from __future__ import annotations

import os
import re
from typing import Any

import boto3
import botocore.session

from tests.support.outcomes import Invalid

_READS = re.compile(r"(BatchGet|Describe|Get|Head|List|Lookup|Simulate)(?=[A-Z])")
# What the tests look at, by botocore's hyphenated service id. Of other services nobody has said
# which of their reads hand out data or credentials, so none is asked.
_SERVICES = frozenset({
    "application-auto-scaling", "backup", "budgets", "cloudfront", "cloudtrail", "cloudwatch",
    "cloudwatch-logs", "cost-explorer", "ec2", "ecr", "ecs", "elastic-load-balancing-v2",
    "elasticache", "eventbridge", "iam", "kms", "lambda", "rds", "s3", "secrets-manager", "sns",
    "sts", "wafv2",
})  # fmt: skip
# Whatever the service: who holds the answer can sign in, call or decrypt something with it.
_HANDS_OUT = re.compile(r"Credential|Password|Token|SecretValue")
# Data of the application or of its customers, code, and keys in spite of the name.
_DATA = {
    "cloudfront": {"GetConnectionFunction", "GetFunction"},
    "cloudtrail": {"GetQueryResults"},
    "cloudwatch-logs": {"GetLogEvents", "GetLogObject", "GetLogRecord", "GetLookupTable",
                        "GetQueryResults"},
    "ec2": {"DescribeInstanceAttribute", "DescribeLaunchTemplateVersions",
            "DescribeVerifiedAccessTrustProviders", "DescribeVpnConnections", "GetConsoleOutput",
            "GetConsoleScreenshot", "GetInstanceUefiData", "GetLaunchTemplateData",
            "GetVpnConnectionDeviceSampleConfiguration"},
    "ecr": {"GetDownloadUrlForLayer"},
    "kms": {"GetParametersForImport"},
    "lambda": {"GetDurableExecution", "GetDurableExecutionHistory", "GetDurableExecutionState",
               "GetFunction", "GetLayerVersion", "GetLayerVersionByArn"},
    "s3": {"GetObject", "GetObjectAnnotation", "GetObjectTorrent"},
    "wafv2": {"GetDecryptedAPIKey", "GetSampledRequests", "ListAPIKeys"},
}  # fmt: skip
# The first is emitted before anything is made of a call, the second for whatever is signed, also
# for somebody else to send, the last for whatever is sent.
GUARDED = ("provide-client-params", "choose-signer", "before-send")


def is_read(service_id: str, operation: str) -> bool:
    """Whether the operation is a read; `service_id` is botocore's, as in `secrets-manager`."""
    return (
        service_id in _SERVICES
        and _READS.match(operation) is not None
        and _HANDS_OUT.search(operation) is None
        and operation not in _DATA.get(service_id, ())
    )


def stop_writes(event_name: str, **_: Any) -> None:
    """A handler of botocore's events: raises Invalid for a call that is not a read."""
    service_id, operation = event_name.split(".")[1:3]
    if not is_read(service_id, operation):
        raise Invalid(
            f"{service_id}:{operation} is not a read, or none that the tests need, "
            "and was stopped before it was sent: a real account is only looked at"
        )


def session() -> boto3.Session:
    """A session by boto3's own configuration, whose clients in every region only read.

    AWS_REGION goes before AWS_DEFAULT_REGION, as with every other tool of AWS's; boto3 alone does
    not know it. Credentials come from a session without the guard: a profile may have to assume a
    role to get them. Raises botocore's errors when the profile is unknown.
    """
    signing_in, reading = botocore.session.get_session(), botocore.session.get_session()
    if region := os.environ.get("AWS_REGION"):
        signing_in.set_config_variable("region", region)
    provider = signing_in.get_component("credential_provider")
    reading.register_component("credential_provider", provider)
    made = boto3.Session(botocore_session=reading, region_name=region or None)
    for event in GUARDED:
        made.events.register_first(event, stop_writes)
    return made
