"""The deployed CloudFront distribution."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect,
    expect_equal,
    expect_in,
    expect_members,
    expect_none,
    expect_subset,
    found,
    named,
    only,
)
from tests.support.iam import Statement, granted, statements
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
    acls = target.pages("wafv2", "list_web_acls", "WebACLs", Scope="CLOUDFRONT")
    acl = named(
        target.prefix, "web ACL of the distribution", acls,
        lambda a: a["Name"].startswith(target.prefix),
    )  # fmt: skip
    tls = configuration["ViewerCertificate"]["MinimumProtocolVersion"]
    expect_equal(distribution["ARN"], "web ACL", configuration["WebACLId"], acl["ARN"])
    expect_equal(distribution["ARN"], "TLS", tls, requirement.expected["minimum_tls"])
    expect_equal(distribution["ARN"], "enabled", configuration["Enabled"], True)


def behaviour(distribution: dict[str, Any], path: str) -> dict[str, Any]:
    """The cache behaviour of a path; `default` is the one of every other path."""
    configuration = distribution["DistributionConfig"]
    ordered = configuration["CacheBehaviors"]["Items"]
    every = [{**configuration["DefaultCacheBehavior"], "PathPattern": "default"}, *ordered]
    return named(distribution["ARN"], path, every, lambda b: b["PathPattern"] == path)


@pytest.fixture
def cache_policy(
    target: Target, distribution: dict[str, Any], requirement: Requirement
) -> dict[str, Any]:
    """The cache policy of the path that the requirement is about."""
    policy = behaviour(distribution, requirement.expected["path"])["CachePolicyId"]
    answer = target.client("cloudfront").get_cache_policy(Id=policy)["CachePolicy"]
    return {"Id": policy, **answer["CachePolicyConfig"]}


@pytest.mark.requirement("CDN-02")
def test_answer_is_cached_for_its_caller_only(
    cache_policy: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = cache_policy["Id"], requirement.expected
    key = cache_policy["ParametersInCacheKeyAndForwardedToOrigin"]
    headers = [name.lower() for name in key["HeadersConfig"].get("Headers", {}).get("Items", [])]
    cookies = key["CookiesConfig"]["CookieBehavior"]
    queries = key["QueryStringsConfig"]["QueryStringBehavior"]
    expect_subset(where, "headers in the key", headers, expected["headers"])
    expect_equal(where, "cookies in the key", cookies, expected["cookies"])
    expect_equal(where, "query strings in the key", queries, expected["query_strings"])


@pytest.mark.requirement("CDN-02")
@pytest.mark.parametrize("argument", ["MinTTL", "DefaultTTL"])
def test_answer_is_cached_only_if_it_says_so(
    argument: str, cache_policy: dict[str, Any], requirement: Requirement
) -> None:
    wanted = requirement.expected["default_ttl_seconds"]
    expect_equal(cache_policy["Id"], argument, cache_policy[argument], wanted)


@pytest.mark.requirement("CDN-03")
@pytest.mark.parametrize("index", [0, 1], ids=["default", "api"])
def test_application_sees_the_host_that_was_typed(
    index: int, distribution: dict[str, Any], requirement: Requirement
) -> None:
    path = requirement.expected["paths"][index]
    forwarded = behaviour(distribution, path).get("OriginRequestPolicyId")
    wanted = requirement.expected["origin_request_policy"]
    expect_equal(distribution["ARN"], f"origin request policy of {path}", forwarded, wanted)


@pytest.fixture
def assets(distribution: dict[str, Any]) -> str:
    """The bucket that the distribution reads."""
    origins = distribution["DistributionConfig"]["Origins"]["Items"]
    origin = named(
        distribution["ARN"], "origin with access control", origins,
        lambda o: bool(o.get("OriginAccessControlId")),
    )  # fmt: skip
    return str(origin["DomainName"].partition(".s3.")[0])


def expect_grants(where: str, grants: list[Statement], actions: list[str], condition: str) -> None:
    allowed = {action for statement in grants for action in statement.actions}
    loose = [
        str(statement)
        for statement in grants
        if not any(condition in tests for tests in statement.conditions.values())
    ]
    expect_subset(where, "what the distribution may do", allowed, actions)
    expect_none(where, f"grant without a condition on {condition}", loose)


@pytest.mark.requirement("CDN-04")
def test_distribution_may_read_the_bucket(
    target: Target, assets: str, requirement: Requirement
) -> None:
    expected = requirement.expected
    policy = target.client("s3").get_bucket_policy(Bucket=assets)["Policy"]
    grants = granted(statements(policy), principal=f"Service:{expected['principal']}")
    expect_grants(assets, grants, expected["bucket"], expected["condition"])


@pytest.mark.requirement("CDN-04")
def test_distribution_may_use_the_buckets_key(
    target: Target, assets: str, requirement: Requirement
) -> None:
    expected = requirement.expected
    answer = target.client("s3").get_bucket_encryption(Bucket=assets)
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    key = found(assets, "encryption rule", rules)[0]["ApplyServerSideEncryptionByDefault"]
    where = key["KMSMasterKeyID"]
    policy = target.client("kms").get_key_policy(KeyId=where, PolicyName="default")["Policy"]
    grants = granted(statements(policy), principal=f"Service:{expected['principal']}")
    expect_grants(where, grants, expected["key"], expected["condition"])


@pytest.mark.requirement("CDN-04")
def test_pipeline_may_publish_the_assets(target: Target, requirement: Requirement) -> None:
    iam, role = target.client("iam"), f"{target.prefix}-deploy"
    policies = target.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
    actions = {
        action
        for name in found(role, "policy", policies)
        for statement in granted(
            statements(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        )
        for action in statement.actions
    }
    expect_subset(role, "what the pipeline may do", actions, requirement.expected["pipeline"])


@pytest.mark.requirement("CDN-05")
def test_edge_speaks_tls_to_the_load_balancer(
    distribution: dict[str, Any], requirement: Requirement
) -> None:
    where = distribution["ARN"]
    origins = distribution["DistributionConfig"]["Origins"]["Items"]
    origin = only(
        where, "origin that is no bucket", [o for o in origins if "CustomOriginConfig" in o]
    )
    settings, expected = origin["CustomOriginConfig"], requirement.expected
    expect_equal(where, "protocol", settings["OriginProtocolPolicy"], expected["protocol"])
    versions = settings["OriginSslProtocols"]["Items"]
    expect_members(where, "versions of TLS", versions, expected["tls"])
    expect_equal(where, "port", settings["HTTPSPort"], expected["port"])
