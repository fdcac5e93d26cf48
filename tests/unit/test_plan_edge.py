"""CloudFront, the firewall and the domain, as planned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect_contains,
    expect_equal,
    expect_members,
    expect_none,
    expect_subset,
    found,
    named,
    only,
)
from tests.support.iam import Statement, granted
from tests.support.plan import Plan
from tests.support.planned_policies import policy as planned
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan


@pytest.fixture
def distribution(plan: Plan) -> Resource:
    """The CloudFront distribution."""
    return only("plan", "distribution", plan.all("aws_cloudfront_distribution"))


def behaviours(distribution: Resource) -> list[tuple[str, Resource]]:
    """The cache behaviours by their paths; `default` is the one of every other path."""
    ordered = distribution.nested("ordered_cache_behavior")
    every = [("default", one) for one in distribution.nested("default_cache_behavior")]
    return every + [(one.value("path_pattern"), one) for one in ordered]


def behaviour(distribution: Resource, path: str) -> Resource:
    """The cache behaviour of a path."""
    every = behaviours(distribution)
    where = f"{distribution.where}: cache behaviours"
    return named(where, path, every, lambda pair: pair[0] == path)[1]


@pytest.fixture
def cache_policy(plan: Plan, distribution: Resource, requirement: Requirement) -> Resource:
    """The cache policy of the path that the requirement is about; one of the stack's own."""
    path = behaviour(distribution, requirement.expected["path"])
    return plan.at(only(path.where, "cache policy of its own", path.points_to("cache_policy_id")))


@pytest.mark.requirement("CDN-02")
def test_answer_is_cached_for_its_caller_only(
    cache_policy: Resource, requirement: Requirement
) -> None:
    where, expected = cache_policy.where, requirement.expected
    key = only(where, "key", cache_policy.nested(
        "parameters_in_cache_key_and_forwarded_to_origin"
    ))  # fmt: skip
    headers = [name.lower() for name in key.value("headers_config[0].headers[0].items")]
    cookies = key.value("cookies_config[0].cookie_behavior")
    queries = key.value("query_strings_config[0].query_string_behavior")
    expect_subset(where, "headers in the key", headers, expected["headers"])
    expect_equal(where, "cookies in the key", cookies, expected["cookies"])
    expect_equal(where, "query strings in the key", queries, expected["query_strings"])


@pytest.mark.requirement("CDN-02")
@pytest.mark.parametrize("argument", ["min_ttl", "default_ttl"])
def test_answer_is_cached_only_if_it_says_so(
    argument: str, cache_policy: Resource, requirement: Requirement
) -> None:
    ttl = cache_policy.value(argument)
    expect_equal(cache_policy.where, argument, ttl, requirement.expected["default_ttl_seconds"])


@pytest.mark.requirement("CDN-06")
def test_assets_are_cached(distribution: Resource, requirement: Requirement) -> None:
    wanted = requirement.expected["cache_policies"]
    actual = {one: behaviour(distribution, one).symbolic("cache_policy_id") for one in wanted}
    expect_equal(distribution.where, "cache policies", actual, wanted)


@pytest.mark.requirement("CDN-03")
@pytest.mark.parametrize("index", [0, 1], ids=["default", "api"])
def test_application_sees_the_host_that_was_typed(
    index: int, distribution: Resource, requirement: Requirement
) -> None:
    path = requirement.expected["paths"][index]
    forwarded = behaviour(distribution, path).value("origin_request_policy_id")
    wanted = requirement.expected["origin_request_policy"]
    expect_equal(distribution.where, f"origin request policy of {path}", forwarded, wanted)


@pytest.mark.requirement("CDN-03")
def test_load_balancers_certificate_is_for_that_host(
    plan: Plan, distribution: Resource, load_balancer: Resource
) -> None:
    listeners = plan.all("aws_lb_listener")
    own = [one for one in listeners if load_balancer.address in one.points_to("load_balancer_arn")]
    certificates = {name for one in own for name in one.references("certificate_arn")}
    covered = [
        name
        for certificate in plan.all("aws_acm_certificate")
        if certificate.block in chained(plan, certificates)
        for name in (
            certificate.value("domain_name"),
            *certificate.value("subject_alternative_names"),
        )
    ]
    expect_subset(load_balancer.where, "certificate", covered, distribution.value("aliases"))


def chained(plan: Plan, certificates: set[str]) -> set[str]:
    """These, and the certificates whose validation they are."""
    validations = plan.all("aws_acm_certificate_validation")
    own = [one for one in validations if one.block in certificates]
    return certificates | {name for one in own for name in one.references("certificate_arn")}


@pytest.fixture
def assets(plan: Plan, distribution: Resource) -> str:
    """The address of the bucket that the distribution reads."""
    origins = [o for o in distribution.nested("origin") if o.symbolic("origin_access_control_id")]
    origin = only(distribution.where, "origin with access control", origins)
    return only(origin.where, "bucket", origin.points_to("domain_name"))


@pytest.fixture
def assets_key(plan: Plan, assets: str) -> Resource:
    """The key that the bucket encrypts with."""
    every = plan.all("aws_s3_bucket_server_side_encryption_configuration")
    own = only(assets, "encryption", [one for one in every if assets in one.points_to("bucket")])
    path = "rule[0].apply_server_side_encryption_by_default[0].kms_master_key_id"
    return plan.at(only(own.where, "key", own.points_to(path)))


def variables_of(statement: Statement) -> set[str]:
    """What the statement's conditions look at."""
    return {variable for tests in statement.conditions.values() for variable in tests}


def expect_grants(where: str, grants: list[Statement], actions: list[str], condition: str) -> None:
    allowed = {action for statement in grants for action in statement.actions}
    loose = [str(statement) for statement in grants if condition not in variables_of(statement)]
    expect_subset(where, "what the distribution may do", allowed, actions)
    expect_none(where, f"grant without a condition on {condition}", loose)


@pytest.mark.requirement("CDN-04")
def test_distribution_may_read_the_bucket(
    plan: Plan, assets: str, requirement: Requirement
) -> None:
    expected = requirement.expected
    policies = [p for p in plan.all("aws_s3_bucket_policy") if assets in p.points_to("bucket")]
    policy = only(assets, "bucket policy", policies)
    principal = f"Service:{expected['principal']}"
    grants = granted(planned(plan, policy, "policy"), principal=principal)
    expect_grants(policy.where, grants, expected["bucket"], expected["condition"])


@pytest.mark.requirement("CDN-04")
def test_distribution_may_use_the_buckets_key(
    plan: Plan, assets_key: Resource, requirement: Requirement
) -> None:
    expected = requirement.expected
    principal = f"Service:{expected['principal']}"
    grants = granted(planned(plan, assets_key, "policy"), principal=principal)
    expect_grants(assets_key.where, grants, expected["key"], expected["condition"])


@pytest.mark.requirement("CDN-04")
def test_pipeline_may_publish_the_assets(plan: Plan, prefix: str, requirement: Requirement) -> None:
    role = plan.one("aws_iam_role", name=f"{prefix}-deploy")
    policies = [p for p in plan.all("aws_iam_role_policy") if role.address in p.points_to("role")]
    actions = {
        action
        for policy in found(role.where, "policy", policies)
        for statement in granted(planned(plan, policy, "policy"))
        for action in statement.actions
    }
    expect_subset(role.where, "what the pipeline may do", actions, requirement.expected["pipeline"])


@pytest.mark.requirement("DNS-01")
def test_domain_leads_to_the_distribution(
    plan: Plan, distribution: Resource, requirement: Requirement
) -> None:
    records = [
        one.value("type")
        for one in plan.all("aws_route53_record")
        if one.symbolic("name") in distribution.value("aliases")
        and distribution.block in one.references("alias[0].name")
    ]
    expect_members(distribution.where, "records", records, requirement.expected["types"])


@pytest.mark.requirement("DNS-01")
def test_domains_alias_can_be_made(
    plan: Plan, distribution: Resource, requirement: Requirement
) -> None:
    refused = [
        one.where
        for one in plan.all("aws_route53_record")
        if distribution.block in one.references("alias[0].name")
        and one.value("alias[0].evaluate_target_health") != requirement.expected["evaluates_health"]
    ]
    expect_none(distribution.where, "alias that follows its health", refused)


def groups_of(acl: Resource) -> dict[str, dict[str, Any]]:
    """The AWS-managed rule groups of a web ACL by name."""
    statements = [rule["statement"][0] for rule in acl.value("rule")]
    groups = [group for s in statements for group in s["managed_rule_group_statement"]]
    return {group["name"]: group for group in groups}


@pytest.fixture(params=["CLOUDFRONT", "REGIONAL"])
def acl(request: pytest.FixtureRequest, plan: Plan) -> Resource:
    """The web ACL before the distribution, and the one before the load balancer."""
    return plan.one("aws_wafv2_web_acl", scope=request.param)


@pytest.mark.requirement("WAF-01")
def test_firewall_stops_what_is_known_to_be_bad(acl: Resource, requirement: Requirement) -> None:
    expect_members(acl.where, "rule groups", groups_of(acl), requirement.expected["groups"])
    rules = acl.value("rule")
    let_off = [
        rule["name"] for rule in rules if not any(one["none"] for one in rule["override_action"])
    ]
    expect_none(acl.where, "rule group that only counts", let_off)


@pytest.mark.requirement("WAF-01")
def test_firewall_lets_everything_else_through(acl: Resource, requirement: Requirement) -> None:
    chosen = only(acl.where, "default action", acl.value("default_action"))
    taken = [name for name, settings in chosen.items() if settings]
    expect_equal(acl.where, "default action", taken, [requirement.expected["others"]])


@pytest.mark.requirement("WAF-01")
def test_firewall_lets_uploads_through(acl: Resource, requirement: Requirement) -> None:
    counted = {
        name: [
            rule["name"]
            for rule in group["rule_action_override"]
            if any(one["count"] for one in rule["action_to_use"])
        ]
        for name, group in groups_of(acl).items()
        if group["rule_action_override"]
    }
    expect_equal(acl.where, "rules that only count", counted, requirement.expected["counted"])


@pytest.mark.requirement("WAF-02")
def test_firewalls_log_holds_no_session(
    plan: Plan, acl: Resource, requirement: Requirement
) -> None:
    logs = plan.all("aws_wafv2_web_acl_logging_configuration")
    own = [one for one in logs if acl.address in one.points_to("resource_arn")]
    log = only(acl.where, "logging configuration", own)
    redacted = [
        header["name"] for one in log.value("redacted_fields") for header in one["single_header"]
    ]
    expect_contains("WAF-02", "headers", requirement.expected["redacted"], "cookie")
    expect_subset(log.where, "redacted headers", redacted, requirement.expected["redacted"])


@pytest.mark.requirement("CDN-05")
def test_edge_speaks_tls_to_the_load_balancer(
    distribution: Resource, load_balancer: Resource, requirement: Requirement
) -> None:
    origins = [one for one in distribution.nested("origin") if one.nested("custom_origin_config")]
    origin = only(distribution.where, "origin that is no bucket", origins)
    protocol = origin.value("custom_origin_config[0].origin_protocol_policy")
    versions = origin.value("custom_origin_config[0].origin_ssl_protocols")
    expect_equal(distribution.where, "protocol", protocol, requirement.expected["protocol"])
    expect_members(distribution.where, "versions of TLS", versions, requirement.expected["tls"])
    port = origin.value("custom_origin_config[0].https_port")
    expect_equal(distribution.where, "port", port, requirement.expected["port"])


@pytest.mark.requirement("CDN-01")
def test_distribution_serves_the_agreed_paths_only(
    distribution: Resource, requirement: Requirement
) -> None:
    paths = [one.value("path_pattern") for one in distribution.nested("ordered_cache_behavior")]
    wanted = [requirement.expected["static_path"], requirement.expected["api_path"]]
    expect_members(distribution.where, "paths of their own", paths, wanted)


@pytest.mark.requirement("CDN-01")
@pytest.mark.parametrize(
    ("path", "from_bucket"), [("static_path", True), ("api_path", False), ("default", False)]
)
def test_path_leads_to_its_origin(
    path: str, from_bucket: bool, distribution: Resource, requirement: Requirement
) -> None:
    pattern = requirement.expected.get(path, path)
    target = behaviour(distribution, pattern).value("target_origin_id")
    origin = named(
        distribution.where, target, distribution.nested("origin"),
        lambda one: one.value("origin_id") == target,
    )  # fmt: skip
    bucket = bool(origin.symbolic("origin_access_control_id"))
    expect_equal(distribution.where, f"{pattern} comes from the bucket", bucket, from_bucket)
    # What is put before each path is asked for, and is not there.
    expect_equal(
        distribution.where, f"path before {pattern}", origin.value("origin_path") or "", ""
    )


@pytest.mark.requirement("CDN-02")
def test_page_is_never_cached(distribution: Resource, requirement: Requirement) -> None:
    policy = behaviour(distribution, "default").symbolic("cache_policy_id")
    wanted = requirement.expected["pages_cache_policy"]
    expect_equal(distribution.where, "cache policy of the pages", policy, wanted)


@pytest.mark.requirement("CDN-07")
def test_every_answer_keeps_the_browser_safe(
    distribution: Resource, requirement: Requirement
) -> None:
    policies = [
        (path, one.symbolic("response_headers_policy_id"))
        for path, one in found(distribution.where, "behaviour", behaviours(distribution))
    ]
    others = [pair for pair in policies if pair[1] != requirement.expected["headers_policy"]]
    expect_none(distribution.where, "path whose answers lack the headers", others)


@pytest.mark.requirement("WAF-01")
def test_firewall_looks_at_every_request(acl: Resource) -> None:
    narrowed = [name for name, group in groups_of(acl).items() if group["scope_down_statement"]]
    expect_none(acl.where, "rule group that looks at some requests only", narrowed)
