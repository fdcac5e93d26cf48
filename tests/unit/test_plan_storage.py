"""The buckets, as planned: encrypted, closed, over TLS only, and as cheap as their use allows."""

from __future__ import annotations

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_none, found, named, only
from tests.support.iam import denied_to_all
from tests.support.placeholders.symbols import plain
from tests.support.plan import Plan
from tests.support.planned_policies import policy as planned
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan


@pytest.fixture
def buckets(plan: Plan) -> list[Resource]:
    """Every bucket."""
    return found("plan", "bucket", plan.all("aws_s3_bucket"))


def by_bucket(plan: Plan, kind: str) -> dict[str, Resource]:
    """The settings of a kind, by the address of the bucket that each is about."""
    return {bucket: one for one in plan.all(kind) for bucket in one.points_to("bucket")}


@pytest.mark.requirement("STORE-01")
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("aws_lb", "access_logs"),
        ("aws_cloudtrail", "s3_bucket_name"),
        ("aws_cloudfront_distribution", "origin"),
    ],
)
def test_bucket_encrypts_as_its_user_can(
    kind: str, path: str, plan: Plan, buckets: list[Resource], requirement: Requirement
) -> None:
    user = only("plan", kind, plan.all(kind))
    used = [bucket.address for bucket in buckets if bucket.address in user.points_to(path)]
    bucket = only(user.where, "bucket", used)
    settings = by_bucket(plan, "aws_s3_bucket_server_side_encryption_configuration")
    inner = "rule[0].apply_server_side_encryption_by_default[0].sse_algorithm"
    expected = requirement.expected
    actual = settings[bucket].value(inner) if bucket in settings else expected["unset"]
    expect_equal(plan.at(bucket).where, "algorithm", actual, expected["algorithms"][kind])


@pytest.mark.requirement("STORE-02")
def test_every_bucket_is_closed_to_the_public(
    plan: Plan, buckets: list[Resource], requirement: Requirement
) -> None:
    settings = by_bucket(plan, "aws_s3_bucket_public_access_block")
    wanted = found("STORE-02", "setting", requirement.expected["settings"])
    opened = [
        bucket.where
        for bucket in buckets
        if bucket.address in settings
        and not all(settings[bucket.address].value(name) is True for name in wanted)
    ]
    expect_none("plan", "bucket that is not closed", opened)


@pytest.mark.requirement("STORE-03")
def test_every_bucket_refuses_requests_without_tls(
    plan: Plan, buckets: list[Resource], requirement: Requirement
) -> None:
    policies = by_bucket(plan, "aws_s3_bucket_policy")
    action, condition = requirement.expected["action"], requirement.expected["condition"]
    lenient = [
        bucket.where
        for bucket in buckets
        if bucket.address not in policies
        or not any(
            denied_to_all(
                planned(plan, policies[bucket.address], "policy"),
                action,
                [arn, f"{arn}/*"],
                condition,
            )
            for arn in (f"⟨{plain(bucket.address)}.arn⟩", f"arn:aws:s3:::{bucket.value('bucket')}")
        )
    ]
    expect_none("plan", "bucket that answers without TLS", lenient)


def for_every_object(rule: Resource) -> bool:
    """Whether a lifecycle rule leaves out no object: by prefix, tag or size."""
    narrow = [rule.value("prefix"), *(one.value("prefix") for one in rule.nested("filter"))]
    others = ("and", "tag", "object_size_greater_than", "object_size_less_than")
    narrow += [one.value(name) for one in rule.nested("filter") for name in others]
    return not any(narrow)


@pytest.mark.requirement("STORE-04")
@pytest.mark.parametrize("name", ["alb-logs", "cdn-logs", "trail-logs", "assets"])
def test_old_objects_move_to_a_cheaper_class(
    name: str, plan: Plan, buckets: list[Resource], requirement: Requirement
) -> None:
    bucket = named("plan", name, buckets, lambda one: one.value("bucket").startswith(f"{name}-"))
    lifecycles = by_bucket(plan, "aws_s3_bucket_lifecycle_configuration")
    rules = lifecycles[bucket.address].nested("rule") if bucket.address in lifecycles else []
    moves = [
        [move.value("storage_class"), move.value("days")]
        for rule in found(bucket.where, "lifecycle rule", rules)
        for move in rule.nested("transition")
        if rule.value("status") == "Enabled" and for_every_object(rule)
    ]
    expect_equal(
        bucket.where,
        "transitions of every object",
        moves,
        [requirement.expected["transitions"][name]],
    )
