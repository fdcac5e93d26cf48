"""The deployed CloudFront distribution."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect, expect_equal, expect_in, named
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("CDN-01")
@pytest.mark.parametrize("path", ["static_path", "api_path"])
def test_path_is_served_over_tls(
    path: str, distribution: dict[str, Any], requirement: Requirement
) -> None:
    configuration = distribution["DistributionConfig"]
    pattern = requirement.expected[path]
    behaviour = named(
        distribution["ARN"], f"cache behaviour {pattern}", configuration["CacheBehaviors"]["Items"],
        lambda b: b["PathPattern"] == pattern,
    )  # fmt: skip
    allowed = requirement.expected["viewer_protocol"]
    expect_in(distribution["ARN"], pattern, behaviour["ViewerProtocolPolicy"], allowed)
    expect(distribution["ARN"], bool(behaviour.get("CachePolicyId")), "a cache policy", "none")


@pytest.mark.requirement("CDN-01")
def test_static_assets_come_from_the_private_bucket(
    distribution: dict[str, Any], requirement: Requirement
) -> None:
    configuration, arn = distribution["DistributionConfig"], distribution["ARN"]
    pattern = requirement.expected["static_path"]
    behaviour = named(
        arn, pattern, configuration["CacheBehaviors"]["Items"],
        lambda b: b["PathPattern"] == pattern,
    )  # fmt: skip
    origin = named(
        arn, "origin of the assets", configuration["Origins"]["Items"],
        lambda o: o["Id"] == behaviour["TargetOriginId"],
    )  # fmt: skip
    expect(arn, ".s3." in origin["DomainName"], "an S3 origin", origin["DomainName"])
    expect(arn, bool(origin.get("OriginAccessControlId")), "origin access control", "none")


@pytest.mark.requirement("CDN-01")
def test_distribution_stands_behind_the_web_acl(
    target: Target, distribution: dict[str, Any], requirement: Requirement
) -> None:
    configuration = distribution["DistributionConfig"]
    acls = target.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    acl = named(
        target.prefix, "web ACL of the distribution", acls,
        lambda a: a["Name"].startswith(target.prefix),
    )  # fmt: skip
    tls = configuration["ViewerCertificate"]["MinimumProtocolVersion"]
    expect_equal(distribution["ARN"], "web ACL", configuration["WebACLId"], acl["ARN"])
    expect_equal(distribution["ARN"], "TLS", tls, requirement.expected["minimum_tls"])
    expect_equal(distribution["ARN"], "enabled", configuration["Enabled"], True)
