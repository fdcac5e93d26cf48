"""Policies as deployed: what roles may do and who may assume them, and who may use what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from tests.support.expectations import found
from tests.support.iam import Policy, statements
from tests.support.target import Target

_NO_POLICY = ("NoSuchBucketPolicy", "ResourceNotFoundException")


def roles(target: Target) -> list[dict[str, Any]]:
    """The roles whose names begin as the environment's."""
    every = target.pages("iam", "list_roles", "Roles")
    return [role for role in every if role["RoleName"].startswith(target.prefix)]


def trust(role: dict[str, Any]) -> Policy:
    """Who may assume the role."""
    return Policy(role["Arn"], tuple(statements(role["AssumeRolePolicyDocument"])))


def identity_policies(target: Target, role: dict[str, Any]) -> list[Policy]:
    """What the role may do by policies of the stack's own, inline and attached."""
    client, name = target.client("iam"), role["RoleName"]
    inline = target.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
    documents = [
        (f"{role['Arn']} {one}", client.get_role_policy(RoleName=name, PolicyName=one))
        for one in inline
    ]
    return [
        Policy(where, tuple(statements(answer["PolicyDocument"]))) for where, answer in documents
    ] + [_attached(target, arn) for arn in attached(target, role) if not _of_aws(arn)]


def _attached(target: Target, arn: str) -> Policy:
    client = target.client("iam")
    version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = client.get_policy_version(PolicyArn=arn, VersionId=version)
    return Policy(arn, tuple(statements(answer["PolicyVersion"]["Document"])))


def _of_aws(arn: str) -> bool:
    return arn.startswith("arn:aws:iam::aws:")


def attached(target: Target, role: dict[str, Any]) -> list[str]:
    """The ARNs of the managed policies that are attached to the role."""
    pages = target.pages(
        "iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role["RoleName"]
    )
    return [one["PolicyArn"] for one in pages]


# --- Resources -----------------------------------------------------------------------------


def resource_policies(target: Target) -> list[Policy]:
    """What stands on the environment's buckets, topics, functions and keys with an alias.

    Each of the four kinds must be there.
    """
    kinds = {"bucket": _buckets, "topic": _topics, "key": _keys, "function": _functions}
    return [
        policy
        for kind, policies in kinds.items()
        for policy in found(target.prefix, f"{kind} with a policy", policies(target))
    ]


def _buckets(target: Target) -> Iterator[Policy]:
    client = target.client("s3")
    for bucket in target.pages("s3", "list_buckets", "Buckets"):
        name = bucket["Name"]
        if target.prefix in name:
            yield from _written(
                f"arn:aws:s3:::{name}", partial(client.get_bucket_policy, Bucket=name)
            )


def _topics(target: Target) -> Iterator[Policy]:
    client = target.client("sns")
    for topic in target.pages("sns", "list_topics", "Topics"):
        arn = topic["TopicArn"]
        if arn.rpartition(":")[2].startswith(target.prefix):
            document = client.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
            yield Policy(arn, tuple(statements(document)))


def _keys(target: Target) -> Iterator[Policy]:
    client = target.client("kms")
    for alias in target.pages("kms", "list_aliases", "Aliases"):
        if alias["AliasName"].startswith(f"alias/{target.prefix}"):
            key = alias["TargetKeyId"]
            answer = client.get_key_policy(KeyId=key, PolicyName="default")
            yield Policy(alias["AliasArn"], tuple(statements(answer["Policy"])))


def _functions(target: Target) -> Iterator[Policy]:
    client = target.client("lambda")
    for function in target.pages("lambda", "list_functions", "Functions"):
        name, arn = function["FunctionName"], function["FunctionArn"]
        if name.startswith(target.prefix):
            yield from _written(arn, partial(client.get_policy, FunctionName=name))


def _written(where: str, read: Callable[[], Mapping[str, str]]) -> Iterator[Policy]:
    """The policy, if there is one."""
    try:
        yield Policy(where, tuple(statements(read()["Policy"])))
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NO_POLICY:
            raise
