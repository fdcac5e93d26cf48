"""Only reads leave: a session whose clients stop every other call before it is sent.

A read is an operation whose name begins with a verb of reading, and which hands out neither a
credential nor somebody's data, nor changes anything in spite of its name. What changes something is
what the Service Authorization Reference gives another access level than Read or List; the suite's
own tests compare it with this rule.
"""

from __future__ import annotations

import os
import re
from typing import Any

import boto3
import botocore.session

from tests.support.outcomes import Invalid

_READS = re.compile(r"(BatchGet|Describe|Get|Head|List|Lookup|Simulate)(?=[A-Z])")
# Whatever the service: who holds the answer can sign in, call or decrypt something with it.
_HANDS_OUT = re.compile(
    r"Credential|Password|Token|Secret(Value|String)|Presigned|(Login|Upload)Url"
)
# By botocore's hyphenated service id: data of the application or of its customers, code, keys.
_DATA = {
    "api-gateway": {"GetApiKey", "GetApiKeys"},
    "cloudwatch-logs": {"GetLogEvents", "GetLogObject", "GetLogRecord", "GetQueryResults"},
    "dynamodb": {"BatchGetItem", "GetItem"},
    "dynamodb-streams": {"GetRecords"},
    "ecr": {"GetDownloadUrlForLayer"},
    "ecr-public": {"GetDownloadUrlForLayer"},
    "kinesis": {"GetRecords"},
    "lambda": {"GetFunction", "GetLayerVersion", "GetLayerVersionByArn"},
    "s3": {"GetObject", "GetObjectTorrent"},
    "ssm": {"GetParameter", "GetParameterHistory", "GetParameters", "GetParametersByPath"},
    "wafv2": {"GetDecryptedAPIKey"},
}
# What IAM counts among writes.
_CHANGES = {
    "appfabric": {"BatchGetUserAccessTasks"},
    "cognito-identity": {"GetId"},
    "lightsail": {"GetInstanceAccessDetails"},
    "sfn": {"GetActivityTask"},
    "socialmessaging": {"GetWhatsAppMessageMedia"},
}


def is_read(service_id: str, operation: str) -> bool:
    """Whether the operation is a read; `service_id` is botocore's, as in `secrets-manager`."""
    return (
        _READS.match(operation) is not None
        and _HANDS_OUT.search(operation) is None
        and operation not in _DATA.get(service_id, ())
        and operation not in _CHANGES.get(service_id, ())
    )


def stop_writes(event_name: str, **_: Any) -> None:
    """A handler of botocore's events: raises Invalid for a call that is not a read."""
    service_id, operation = event_name.split(".")[1:3]
    if not is_read(service_id, operation):
        raise Invalid(
            f"{service_id}:{operation} is not a read and was stopped before it was sent: "
            "a real account is only looked at"
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
    # The first is emitted before anything is made of the call, the last for whatever is sent.
    for event in ("provide-client-params", "before-send"):
        made.events.register_first(event, stop_writes)
    return made
