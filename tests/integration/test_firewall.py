"""The deployed web ACLs and their logs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect_equal,
    expect_members,
    expect_none,
    expect_subset,
    only,
)
from tests.support.target import Target

pytestmark = pytest.mark.deployed


@pytest.fixture(params=["CLOUDFRONT", "REGIONAL"])
def acl(request: pytest.FixtureRequest, target: Target) -> dict[str, Any]:
    """The web ACL before the distribution, and the one before the load balancer."""
    scope = request.param
    listed = target.pages("wafv2", "list_web_acls", "WebACLs", Scope=scope)
    own = [one for one in listed if one["Name"].startswith(f"{target.prefix}-")]
    summary = only(target.prefix, f"web ACL of scope {scope}", own)
    place = {"Scope": scope, "Name": summary["Name"], "Id": summary["Id"]}
    return dict(target.client("wafv2").get_web_acl(**place)["WebACL"])


@pytest.fixture
def groups(acl: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The AWS-managed rule groups of the web ACL by name."""
    statements = [rule["Statement"]["ManagedRuleGroupStatement"] for rule in acl["Rules"]]
    return {group["Name"]: group for group in statements}


@pytest.mark.requirement("WAF-01")
def test_firewall_stops_what_is_known_to_be_bad(
    acl: dict[str, Any], groups: dict[str, Any], requirement: Requirement
) -> None:
    let_off = [rule["Name"] for rule in acl["Rules"] if "None" not in rule["OverrideAction"]]
    expect_members(acl["ARN"], "rule groups", groups, requirement.expected["groups"])
    expect_none(acl["ARN"], "rule group that only counts", let_off)


@pytest.mark.requirement("WAF-01")
def test_firewall_lets_uploads_through(
    acl: dict[str, Any], groups: dict[str, Any], requirement: Requirement
) -> None:
    overrides = {name: group.get("RuleActionOverrides", []) for name, group in groups.items()}
    counted = {
        name: [rule["Name"] for rule in rules if "Count" in rule["ActionToUse"]]
        for name, rules in overrides.items()
        if rules
    }
    expect_equal(acl["ARN"], "rules that only count", counted, requirement.expected["counted"])


@pytest.mark.requirement("WAF-02")
def test_firewalls_log_holds_no_session(
    target: Target, acl: dict[str, Any], requirement: Requirement
) -> None:
    answer = target.client("wafv2").get_logging_configuration(ResourceArn=acl["ARN"])
    fields = answer["LoggingConfiguration"].get("RedactedFields", [])
    redacted = [field["SingleHeader"]["Name"] for field in fields]
    expect_subset(acl["ARN"], "redacted headers", redacted, requirement.expected["redacted"])
