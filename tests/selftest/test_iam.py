"""Policy documents are read whole: lists and single values, patterns, and what they leave out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.iam import Statement, denied_to_all, granted, matches, statements
from tests.support.outcomes import Invalid

pytestmark = pytest.mark.selftest

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "ReadSecrets",
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com", "AWS": ["arn:aws:iam::1:root", "*"]},
        "Action": "secretsmanager:Get*",
        "Resource": ["a", "b"],
        "Condition": {"Bool": {"aws:SecureTransport": False}, "StringEquals": {"k": ["x", "y"]}},
    },
}


def read(**more: Any) -> Statement:
    """The statement of a document with these elements."""
    (statement,) = statements({"Statement": [{"Effect": "Allow", **more}]})
    return statement


@pytest.mark.parametrize(
    "written", [DOCUMENT, json.dumps(DOCUMENT), quote(json.dumps(DOCUMENT))], ids=str.__class__
)
def test_document_is_read_in_each_of_its_forms(written: Any) -> None:
    (statement,) = statements(written)
    assert statement == Statement(
        sid="ReadSecrets",
        effect="Allow",
        actions=frozenset(["secretsmanager:Get*"]),
        resources=frozenset(["a", "b"]),
        principals=frozenset(
            ["Service:ecs-tasks.amazonaws.com", "AWS:arn:aws:iam::1:root", "AWS:*"]
        ),
        conditions={"Bool": {"aws:SecureTransport": ["false"]}, "StringEquals": {"k": ["x", "y"]}},
    )


def test_document_without_a_statement_says_nothing() -> None:
    assert statements('{"Version": "2012-10-17"}') == []


def test_what_is_no_policy_is_not_judged() -> None:
    with pytest.raises(Invalid, match="without Statement"):
        statements('{"rules": []}')


def test_what_a_statement_leaves_out_is_kept() -> None:
    statement = read(NotAction="iam:*", NotResource="a", NotPrincipal={"AWS": "b"})
    left_out = (statement.not_actions, statement.not_resources, statement.not_principals)
    assert left_out == (frozenset(["iam:*"]), frozenset(["a"]), frozenset(["AWS:b"]))
    assert statement.covers("s3:GetObject")
    assert not statement.covers("iam:PassRole")


@pytest.mark.parametrize(
    ("principal", "anyone"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["arn:aws:iam::1:root", "*"]}, True),
        ({"Service": "sns.amazonaws.com"}, False),
        ({"AWS": "arn:aws:iam::1:root"}, False),
    ],
    ids=str,
)
def test_anyone_is_anyone_in_each_form(principal: Any, anyone: bool) -> None:
    assert read(Principal=principal, Action="s3:*").for_anyone is anyone


def test_all_but_some_are_anyone() -> None:
    assert read(NotPrincipal={"AWS": "b"}, Action="s3:*").for_anyone


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("kms:GenerateDataKey*", "kms:GenerateDataKey", True),
        ("kms:GenerateDataKey*", "kms:GenerateRandom", False),
        ("s3:Get?bject", "s3:GetObject", True),
        ("*", "anything:at/all", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("s3:Get", "s3:GetObject", False),
    ],
)
def test_pattern_fits_as_iam_reads_it(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


@pytest.mark.parametrize(
    "action",
    ["secretsmanager:GetSecretValue", "secretsmanager:Get*", "SecretsManager:*", "*"],
)
def test_grant_by_a_pattern_is_a_grant(action: str) -> None:
    policy = [read(Action=action, Resource="*", Principal={"Service": "a"})]
    assert granted(policy, action="secretsmanager:GetSecretValue") == policy
    assert granted(policy, action="secretsmanager:GetSecretValue", principal="Service:a") == policy
    assert granted(policy, principal="Service:b") == []


def test_denial_is_no_grant() -> None:
    (denial,) = statements({"Statement": [{"Effect": "Deny", "Action": "s3:*"}]})
    assert granted([denial], action="s3:GetObject") == []


BUCKET = ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]
WITHOUT_TLS = {"Bool": {"aws:SecureTransport": ["false"]}}
REFUSAL: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": BUCKET,
    "Condition": WITHOUT_TLS,
}


@pytest.mark.parametrize(
    ("written", "refused"),
    [
        ({}, True),
        ({"Action": "*"}, True),
        ({"Resource": "*"}, True),
        ({"Resource": "arn:aws:s3:::logs*"}, True),
        ({"Condition": {"Bool": {"aws:securetransport": "false"}}}, True),
        ({"Effect": "Allow"}, False),
        ({"Principal": {"AWS": "arn:aws:iam::1:root"}}, False),
        ({"Action": "s3:GetObject"}, False),
        ({"Resource": BUCKET[1]}, False),
        ({"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"]}, False),
        ({"Resource": [BUCKET[0], f"{BUCKET[0]}/AWSLogs/*"]}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({"Condition": WITHOUT_TLS | {"StringEquals": {"aws:sourceVpc": "vpc-1"}}}, False),
    ],
    ids=str,
)
def test_denial_to_all_is_of_all_and_on_nothing_else(
    written: dict[str, Any], refused: bool
) -> None:
    policy = statements({"Statement": [REFUSAL | written]})
    assert bool(denied_to_all(policy, "s3:*", BUCKET, WITHOUT_TLS)) is refused
