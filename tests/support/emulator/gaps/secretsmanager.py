"""Secrets Manager rotation, without running the rotation function."""

from __future__ import annotations

import datetime
import uuid

from tests.support.emulator.registry import AwsError, Call, Document, Forwarded, declare

ROTATION = declare(
    "secretsmanager",
    "rotation",
    "RotateSecret runs the function (which needs Docker) or fails with a 500 on a secret without "
    "a version, forgets the function and rules that are no number of days, and leaves rotation "
    "disabled.",
)
_PRINCIPAL = "secretsmanager.amazonaws.com"


@ROTATION.fills("RotateSecret")
def rotate(call: Call) -> Document:
    """Record the rotation settings. The function is not run: no version appears.

    As AWS does, refuses when Secrets Manager may not invoke the function.
    """
    secret = call.emulator("DescribeSecret", {"SecretId": call.params["SecretId"]})
    kept = call.table("rotation").get(secret["ARN"], {})
    function = call.params.get("RotationLambdaARN") or kept.get("RotationLambdaARN")
    if function is None:
        raise AwsError(
            "InvalidRequestException",
            "No Lambda rotation function ARN is associated with this secret.",
        )
    if not _may_invoke(call, function):
        raise AwsError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function "
            f"policy grants access to the principal {_PRINCIPAL}",
        )
    call.table("rotation")[secret["ARN"]] = {
        "RotationEnabled": True,
        "RotationLambdaARN": function,
        "RotationRules": call.params.get("RotationRules") or kept.get("RotationRules", {}),
    }
    token = call.params.get("ClientRequestToken") or str(uuid.uuid4())
    return {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token}


@ROTATION.fills("CancelRotateSecret")
def cancel(call: Call) -> Document:
    """Turn rotation off; the function stays known, as by AWS."""
    secret = call.emulator("DescribeSecret", {"SecretId": call.params["SecretId"]})
    kept = call.table("rotation").get(secret["ARN"])
    if kept is not None:
        kept["RotationEnabled"] = False
    return {"ARN": secret["ARN"], "Name": secret["Name"]}


@ROTATION.fills("DescribeSecret")
def describe(call: Call) -> Document:
    """moto's description with the rotation settings."""
    answer = call.proceed()
    _overlay(call, answer)
    return answer


@ROTATION.fills("ListSecrets")
def list_secrets(call: Call) -> Document:
    """moto's list with the rotation settings."""
    answer = call.proceed()
    for secret in answer["SecretList"]:
        _overlay(call, secret)
    return answer


def _overlay(call: Call, secret: Document) -> None:
    kept = call.table("rotation").get(secret["ARN"])
    if kept is None:
        return
    secret.update(kept)
    days = kept["RotationRules"].get("AutomaticallyAfterDays")
    if kept["RotationEnabled"] and days:
        start = secret.get("CreatedDate") or datetime.datetime.now(datetime.UTC)
        secret["NextRotationDate"] = start + datetime.timedelta(days=days)


def _may_invoke(call: Call, function: str) -> bool:
    """Whether the function exists and its policy names Secrets Manager."""
    try:
        policy = call.emulator("GetPolicy", {"FunctionName": function}, service="lambda")
    except Forwarded:
        return False
    return _PRINCIPAL in policy["Policy"]
