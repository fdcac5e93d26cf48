"""The rules about policies: each fault is found, what is sound passes, and nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import access, policy_lint
from tests.support.access import Request, allowed
from tests.support.iam import Policy, statements
from tests.support.outcomes import Invalid
from tests.unit.concrete_arns import concrete

pytestmark = pytest.mark.selftest

TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/one"
BUCKET = "arn:aws:s3:::one"


def policy(**more: Any) -> Policy:
    """A policy of one statement, which allows."""
    return Policy("one", tuple(statements({"Statement": [{"Effect": "Allow", **more}]})))


def grant(action: Any, resource: Any, **more: Any) -> Policy:
    """A policy that allows these actions on these resources."""
    return policy(Action=action, Resource=resource, **more)


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    """A condition."""
    return {"Condition": {operator: {key: list(values)}}}


# --- parliament ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judged", "told"),
    [
        (grant("dynamodb:GetItem", TABLE), ""),
        (grant("dynamodb:GetItem", BUCKET), "No resources match for the given action"),
        (grant("dynamodb:GetItem", "table/one"), "Invalid ARN"),
        (grant("s3:ListBucket", f"{BUCKET}/*"), "No resources match"),
        (grant("dynamodb:GetItem", TABLE, **when("StringEquals", "s3:prefix", "a")), "condition"),
        (grant("s3:PutObject", f"{BUCKET}/*", **when("Equals", "aws:SourceIp", "a")), "operator"),
        # Only LOW: an action that takes a resource, on everything; that is another rule's.
        (grant("dynamodb:GetItem", "*"), ""),
        # No such action: also another rule's, and no reason to pass over the rest.
        (grant(["dynamodb:FetchItem", "dynamodb:GetItem"], BUCKET), "No resources match"),
        (grant("dynamodb:FetchItem", TABLE), ""),
    ],
)
def test_parliament_is_heard_above_low(judged: Policy, told: str) -> None:
    remarks = "; ".join(access.lint(judged, "LOW"))
    assert told in remarks
    assert bool(told) is bool(remarks)


def test_tolerated_severity_decides() -> None:
    assert access.lint(grant("dynamodb:GetItem", "*"), "INFO") != []


@pytest.mark.parametrize(
    ("pattern", "known"),
    [
        ("s3:GetObject", True),
        ("s3:getobject", True),
        ("kms:GenerateDataKey*", True),
        ("*", True),
        ("s3:FetchObject", False),
        ("kms:Generat3*", False),
        ("simplestorage:GetObject", False),
        ("GetObject", False),
    ],
)
def test_action_exists_or_not(pattern: str, known: bool) -> None:
    assert policy_lint.exists(pattern) is known
    named = access.unknown_actions(grant(["s3:PutObject", pattern], BUCKET))
    assert [pattern in one for one in named] == [True] * (not known)


def test_action_that_only_the_api_knows_is_unknown_and_not_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policy_lint, "actions", lambda _: [])
    with pytest.raises(Invalid, match="newer than its data"):
        policy_lint.exists("s3:PutObject")
    with pytest.raises(Invalid, match="newer than its data"):
        policy_lint.exists("states:StartExecution")


# --- Grants --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judged", "wide"),
    [
        (grant("s3:*", "*"), True),
        (grant("*", "*"), True),
        (grant(["s3:GetObject", "s3:Put*"], "*"), True),
        (grant("iam:*", "arn:aws:iam::111122223333:role/*"), True),
        (grant("s3:*", "arn:aws:s3:::*"), True),
        (grant("s3:*", ["arn:aws:s3:::one", "arn:aws:s3:::*/*"]), True),
        (grant("logs:*", "arn:aws:logs:us-east-1:111122223333:log-group:*"), True),
        (policy(NotAction="iam:*", Resource=TABLE), True),
        (policy(Action="s3:GetObject", NotResource=BUCKET), True),
        (grant("s3:*", f"{BUCKET}/*"), False),
        (grant("s3:GetObject", "*"), False),
        (grant("logs:Put*", "arn:aws:logs:us-east-1:1:log-group:/one:*"), False),
        (grant("ecs:Describe*", "arn:aws:ecs:us-east-1:1:task/cluster/*"), False),
        (grant("s3:*", "*", Effect="Deny"), False),
    ],
)
def test_pattern_of_actions_on_everything_is_found(judged: Policy, wide: bool) -> None:
    assert bool(access.wildcards(judged)) is wide


@pytest.mark.parametrize(
    ("judged", "named"),
    [
        (grant("ecr:GetAuthorizationToken", "*"), []),
        (grant("ecs:DescribeTaskDefinition", "*"), []),
        (grant("ecs:RunTask", "*"), ["ecs:RunTask"]),
        (grant(["ecs:RunTask", "ecs:DescribeTaskDefinition"], "*"), ["ecs:RunTask"]),
        (grant("dynamodb:Get*", "*"), ["dynamodb:GetItem", "dynamodb:GetRecords"]),
        (grant("dynamodb:GetItem", TABLE), []),
        (grant("dynamodb:GetItem", "*", Effect="Deny"), []),
    ],
)
def test_needless_star_is_found(judged: Policy, named: list[str]) -> None:
    found = access.needless_stars(judged)
    assert all(any(one.endswith(name) for one in found) for name in named)
    assert bool(found) is bool(named)


KEYS = ["aws:SourceAccount", "aws:SourceArn"]


@pytest.mark.parametrize(
    ("statement", "open_"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::1:root"}}, True),
        ({"Principal": "*", **when("Bool", "aws:SecureTransport", "true")}, True),
        ({"Principal": "*", **when("StringLike", "aws:SourceArn", "*")}, True),
        ({"Principal": "*", **when("StringNotEquals", "aws:SourceAccount", "1")}, True),
        ({"Principal": "*", **when("StringEqualsIfExists", "aws:SourceAccount", "1")}, True),
        ({"Principal": "*", **when("StringEquals", "aws:sourceaccount", "1")}, False),
        ({"Principal": "*", **when("ArnLike", "aws:SourceArn", "arn:aws:s3:::one")}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": {"Service": "events.amazonaws.com"}}, False),
    ],
    ids=str,
)
def test_grant_to_anyone_is_found(statement: dict[str, Any], open_: bool) -> None:
    judged = policy(**{"Action": "sns:Publish", "Resource": "*", **statement})
    assert bool(access.open_grants(judged, KEYS)) is open_


# --- Trust ---------------------------------------------------------------------------------

GITHUB = {"Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"}


def test_trust_and_sign_ins_are_told_apart() -> None:
    lambda_ = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda"}}
    other = {**lambda_, "Principal": {"AWS": "arn:aws:iam::2:root"}}
    web = {**lambda_, "Principal": GITHUB, **when("StringLike", "sub", "b", "a")}
    denied = {**lambda_, "Effect": "Deny", "Principal": {"Service": "ec2"}}
    trust = Policy("role", tuple(statements({"Statement": [lambda_, other, web, denied]})))
    assert access.trusted(trust) == {"Service:lambda", "AWS:arn:aws:iam::2:root"}
    assert access.sign_ins(trust) == [{"StringLike": {"sub": ["a", "b"]}}]


# --- Requests ------------------------------------------------------------------------------

SNS = "Service:sns.amazonaws.com"
CONTEXT = {"aws:SourceAccount": frozenset(["1"]), "aws:SourceArn": frozenset(["arn:a", "⟨a.arn⟩"])}
REQUEST = Request(SNS, "sqs:SendMessage", frozenset(["arn:queue", "⟨queue.arn⟩"]), CONTEXT)


def queue(**more: Any) -> dict[str, Any]:
    """A statement that lets SNS send to the queue."""
    base = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:queue"}
    return {**base, "Principal": {"Service": "sns.amazonaws.com"}, **more}


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ([queue()], True),
        ([queue(Resource="⟨queue.arn⟩")], True),
        ([queue(Action="SQS:Send*")], True),
        ([queue(Principal="*")], True),
        ([queue(**when("StringEquals", "AWS:SourceAccount", "2", "1"))], True),
        ([queue(**when("ArnEquals", "aws:SourceArn", "arn:*"))], True),
        ([queue(**when("ArnLike", "aws:SourceArn", "⟨a.arn⟩"))], True),
        ([queue(**when("StringNotEquals", "aws:SourceAccount", "2"))], True),
        ([queue(**when("StringEqualsIfExists", "aws:SourceAccount", "1"))], True),
        ([], False),
        ([queue(Action="sqs:ReceiveMessage")], False),
        ([queue(Resource="arn:other")], False),
        ([queue(Principal={"Service": "s3.amazonaws.com"})], False),
        ([queue(**when("StringEquals", "aws:SourceAccount", "2"))], False),
        ([queue(**when("StringEquals", "aws:SourceArn", "arn:*"))], False),
        ([queue(**when("StringNotLike", "aws:SourceAccount", "*"))], False),
        ([queue(), queue(Effect="Deny", Principal="*")], False),
        ([queue(), queue(Effect="Deny", **when("StringEquals", "aws:SourceAccount", "2"))], True),
        # What another statement decides need not be judged, nor what fails for another reason.
        ([queue(), queue(**when("StringEquals", "k", "v"))], True),
        ([queue(Effect="Deny"), queue(**when("StringEquals", "k", "v"))], False),
        ([queue(Effect="Deny", **when("StringEquals", "k", "v"))], False),
        ([queue(Condition={"StringEquals": {"aws:SourceAccount": "2", "k": "v"}})], False),
    ],
)
def test_request_is_decided(written: list[dict[str, Any]], answer: bool) -> None:
    assert allowed(statements({"Statement": written}), REQUEST) is answer


def test_denial_that_hangs_on_the_unknown_is_not_decided() -> None:
    denial = queue(Effect="Deny", **when("StringEquals", "k", "v"))
    with pytest.raises(Invalid, match="condition on k"):
        allowed(statements({"Statement": [queue(), denial]}), REQUEST)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (queue(**when("StringEquals", "aws:PrincipalOrgID", "o")), "aws:PrincipalOrgID"),
        (queue(**when("ForAnyValue:StringEquals", "aws:SourceAccount", "1")), "SourceAccount"),
        (queue(**when("DateLessThan", "aws:SourceAccount", "1")), "SourceAccount"),
        (queue(NotResource="arn:other", Resource=[]), "NotResource"),
        (queue(NotPrincipal={"AWS": "a"}, Principal={}), "NotPrincipal"),
    ],
)
def test_request_that_hangs_on_the_unknown_is_not_decided(
    statement: dict[str, Any], told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        allowed(statements({"Statement": [statement]}), REQUEST)


# --- ARNs in the place of symbols ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        ("⟨aws_kms_key.main.arn⟩", "arn:aws:kms:us-east-1:111122223333:key/main"),
        ("⟨module.assets.aws_s3_bucket.this.arn⟩/static/*", "arn:aws:s3:::this/static/*"),
        ("⟨aws_cloudwatch_log_group.app[0].arn⟩:*",
         "arn:aws:logs:us-east-1:111122223333:log-group:app-0:*"),
        ("⟨aws_ecs_task_definition.app.arn_without_revision⟩:*",
         "arn:aws:ecs:us-east-1:111122223333:task-definition/app:*"),
        ("⟨aws_ecs_service.app.id⟩", "arn:aws:ecs:us-east-1:111122223333:service/app/app"),
        ("⟨aws_secretsmanager_secret.vendor[SENTRY_DSN].arn⟩",
         "arn:aws:secretsmanager:us-east-1:111122223333:secret:vendor-SENTRY_DSN"),
        # A bucket's id is its name: IAM would refuse it, and so does parliament.
        ("⟨aws_s3_bucket.one.id⟩", "one-id"),
        ("arn:aws:s3:::plain", "arn:aws:s3:::plain"),
    ],
)  # fmt: skip
def test_symbol_becomes_an_arn_of_its_kind(text: str, arn: str) -> None:
    assert concrete(text) == arn


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("⟨aws_unheard_of.one.arn⟩", "IAM's name for aws_unheard_of"),
        ("⟨random_id.one.hex⟩", "no attribute of a resource of AWS"),
    ],
)
def test_kind_without_a_known_arn_is_not_guessed(text: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        concrete(text)
