"""The deployed buckets: encrypted, closed, over TLS only, and as cheap as their use allows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_none, found, only
from tests.support.iam import denied_to_all, statements
from tests.support.target import Target

pytestmark = pytest.mark.deployed

BUCKETS = ["alb-logs", "cdn-logs", "trail-logs", "assets"]


@pytest.fixture(scope="session")
def buckets(target: Target) -> list[str]:
    """The names of the environment's buckets."""
    every = [one["Name"] for one in target.pages("s3", "list_buckets", "Buckets")]
    return found(target.prefix, "bucket", [name for name in every if target.prefix in name])


@pytest.fixture(params=BUCKETS)
def bucket(request: pytest.FixtureRequest, buckets: list[str], target: Target) -> str:
    """Each bucket of the environment in turn."""
    wanted = f"{request.param}-{target.prefix}-"
    return only(target.prefix, request.param, [n for n in buckets if n.startswith(wanted)])


@pytest.mark.requirement("STORE-02")
def test_every_bucket_is_looked_at(buckets: list[str]) -> None:
    others = [name for name in buckets if not name.startswith(tuple(BUCKETS))]
    expect_none("S3", "bucket that no test here is about", others)


@pytest.fixture(scope="session")
def used_by(
    target: Target, load_balancer_attributes: dict[str, str], distribution: dict[str, Any]
) -> dict[str, list[str]]:
    """The buckets that each kind of resource uses."""
    trails = target.client("cloudtrail").describe_trails()["trailList"]
    origins = distribution["DistributionConfig"]["Origins"]["Items"]
    return {
        "aws_lb": [load_balancer_attributes["access_logs.s3.bucket"]],
        "aws_cloudtrail": [t["S3BucketName"] for t in trails if target.prefix in t["Name"]],
        "aws_cloudfront_distribution": [
            origin["DomainName"].partition(".s3.")[0]
            for origin in origins
            if ".s3." in origin["DomainName"]
        ],
    }


@pytest.mark.requirement("STORE-01")
@pytest.mark.parametrize("kind", ["aws_lb", "aws_cloudtrail", "aws_cloudfront_distribution"])
def test_bucket_encrypts_as_its_user_can(
    kind: str, target: Target, used_by: dict[str, list[str]], requirement: Requirement
) -> None:
    bucket = only(target.prefix, f"bucket of {kind}", used_by[kind])
    answer = target.client("s3").get_bucket_encryption(Bucket=bucket)
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    used = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
    expect_equal(bucket, "algorithms", used, [requirement.expected["algorithms"][kind]])


@pytest.mark.requirement("STORE-02")
def test_bucket_is_closed_to_the_public(
    bucket: str, target: Target, requirement: Requirement
) -> None:
    answer = target.client("s3").get_public_access_block(Bucket=bucket)
    settings = {key.lower(): on for key, on in answer["PublicAccessBlockConfiguration"].items()}
    wanted = found("STORE-02", "setting", requirement.expected["settings"])
    off = [name for name in wanted if settings.get(name.replace("_", "")) is not True]
    expect_none(bucket, "setting that is off", off)


@pytest.mark.requirement("STORE-03")
def test_bucket_refuses_requests_without_tls(
    bucket: str, target: Target, requirement: Requirement
) -> None:
    policy = statements(target.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    action, condition = requirement.expected["action"], requirement.expected["condition"]
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    refusing = denied_to_all(policy, action, everything, condition)
    found(bucket, "statement that refuses them for all of it", refusing)


def for_every_object(rule: dict[str, Any]) -> bool:
    """Whether a lifecycle rule leaves out no object: by prefix, tag or size."""
    return not any([rule.get("Prefix"), *rule.get("Filter", {}).values()])


@pytest.mark.requirement("STORE-04")
def test_old_objects_move_to_a_cheaper_class(
    bucket: str, target: Target, requirement: Requirement
) -> None:
    answer = target.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
    moves: list[list[Any]] = [
        [move["StorageClass"], move["Days"]]
        for rule in found(bucket, "lifecycle rule", answer["Rules"])
        for move in rule.get("Transitions", [])
        if rule["Status"] == "Enabled" and for_every_object(rule)
    ]
    name = bucket.partition(f"-{target.prefix}")[0]
    expect_equal(
        bucket, "transitions of every object", moves, [requirement.expected["transitions"][name]]
    )
