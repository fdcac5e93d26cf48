"""The deployed load balancer, its listeners and its target group."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect_contains,
    expect_equal,
    expect_in,
    expect_members,
    found,
    only,
)
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.mark.requirement("ALB-01")
def test_load_balancer_faces_the_internet_in_the_public_subnets(
    load_balancer: dict[str, Any],
    subnets: list[dict[str, Any]],
    requirement: Requirement,
    catalogue: Any,
) -> None:
    where, expected = load_balancer["LoadBalancerArn"], requirement.expected
    ranges = {s["SubnetId"]: s["CidrBlock"] for s in subnets}
    used = [ranges.get(zone["SubnetId"]) for zone in load_balancer["AvailabilityZones"]]
    expect_equal(where, "scheme", load_balancer["Scheme"], expected["scheme"])
    expect_equal(where, "type", load_balancer["Type"], expected["type"])
    expect_members(where, "subnets", used, catalogue.requirement("NET-01").expected["public"])


@pytest.mark.requirement("ALB-01")
@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("routing.http2.enabled", "http2"),
        ("routing.http.drop_invalid_header_fields.enabled", "drop_invalid_headers"),
    ],
)
def test_load_balancer_attribute_is_set(
    attribute: str,
    key: str,
    load_balancer: dict[str, Any],
    load_balancer_attributes: dict[str, str],
    requirement: Requirement,
) -> None:
    actual = load_balancer_attributes.get(attribute) == "true"
    expect_equal(load_balancer["LoadBalancerArn"], attribute, actual, requirement.expected[key])


@pytest.mark.requirement("ALB-02")
def test_https_allows_modern_tls_only(
    load_balancer: dict[str, Any],
    listeners: dict[int, dict[str, Any]],
    target_group: dict[str, Any],
    requirement: Requirement,
) -> None:
    where, expected = load_balancer["LoadBalancerArn"], requirement.expected
    expect_contains(where, "listeners", listeners, expected["port"])
    listener = listeners[expected["port"]]
    action = only(listener["ListenerArn"], "default action", listener["DefaultActions"])
    expect_equal(where, "protocol", listener["Protocol"], expected["protocol"])
    expect_in(where, "TLS policy", listener.get("SslPolicy"), expected["ssl_policies"])
    expect_equal(where, "target", action["TargetGroupArn"], target_group["TargetGroupArn"])


@pytest.mark.requirement("ALB-03")
def test_http_redirects_to_https(
    load_balancer: dict[str, Any],
    listeners: dict[int, dict[str, Any]],
    requirement: Requirement,
) -> None:
    expected = requirement.expected
    expect_contains(load_balancer["LoadBalancerArn"], "listeners", listeners, expected["port"])
    listener = listeners[expected["port"]]
    action = only(listener["ListenerArn"], "default action", listener["DefaultActions"])
    redirect = action.get("RedirectConfig", {})
    where = listener["ListenerArn"]
    expect_equal(where, "action", action["Type"], "redirect")
    expect_equal(where, "port", redirect.get("Port"), expected["redirect_port"])
    expect_equal(where, "protocol", redirect.get("Protocol"), expected["redirect_protocol"])
    expect_equal(where, "status", redirect.get("StatusCode"), expected["status"])


@pytest.mark.requirement("ALB-04")
def test_target_group_checks_the_health_endpoint(
    target_group: dict[str, Any], requirement: Requirement
) -> None:
    where, expected = target_group["TargetGroupArn"], requirement.expected
    interval, timeout = (
        target_group["HealthCheckIntervalSeconds"],
        target_group["HealthCheckTimeoutSeconds"],
    )
    expect_equal(where, "port", target_group["Port"], expected["port"])
    expect_equal(where, "path", target_group["HealthCheckPath"], expected["path"])
    expect_equal(
        where, "healthy", target_group["HealthyThresholdCount"], expected["healthy_threshold"]
    )
    expect_equal(
        where, "unhealthy", target_group["UnhealthyThresholdCount"], expected["unhealthy_threshold"]
    )
    expect_equal(where, "timeout", timeout, expected["timeout_seconds"])
    expect_equal(where, "interval", interval, expected["interval_seconds"])
    expect_equal(where, "matcher", target_group["Matcher"]["HttpCode"], expected["matcher"])


@pytest.mark.requirement("ALB-04")
def test_targets_drain_before_they_leave(
    target: Target, target_group: dict[str, Any], requirement: Requirement
) -> None:
    where = target_group["TargetGroupArn"]
    answer = target.client("elbv2").describe_target_group_attributes(TargetGroupArn=where)
    attributes = {a["Key"]: a["Value"] for a in answer["Attributes"]}
    delay = attributes.get("deregistration_delay.timeout_seconds")
    expect_equal(where, "delay", delay, str(requirement.expected["deregistration_delay_seconds"]))


@pytest.mark.requirement("ALB-05")
def test_access_logs_may_be_written(
    target: Target,
    load_balancer: dict[str, Any],
    load_balancer_attributes: dict[str, str],
    requirement: Requirement,
) -> None:
    where, expected = load_balancer["LoadBalancerArn"], requirement.expected
    enabled = load_balancer_attributes["access_logs.s3.enabled"] == "true"
    expect_equal(where, "access logs", enabled, expected["enabled"])
    bucket = load_balancer_attributes["access_logs.s3.bucket"]
    policy = json.loads(target.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    grants = [
        statement["Resource"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        and statement["Action"] == expected["action"]
        and statement["Principal"] == {"Service": expected["principal"]}
    ]
    resource = f"arn:aws:s3:::{bucket}/AWSLogs/{target.account_id}/*"
    expect_contains(bucket, "grants", found(bucket, "grant to the load balancer", grants), resource)


@pytest.mark.requirement("ALB-06")
def test_deletion_protection_is_what_the_environment_needs(
    target: Target,
    load_balancer: dict[str, Any],
    load_balancer_attributes: dict[str, str],
    requirement: Requirement,
) -> None:
    protected = load_balancer_attributes["deletion_protection.enabled"] == "true"
    wanted = requirement.expected["deletion_protection"][target.environment]
    expect_equal(load_balancer["LoadBalancerArn"], "protected", protected, wanted)
