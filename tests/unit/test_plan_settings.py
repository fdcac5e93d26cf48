"""Settings that stand alone: each kind of resource with the values that it is agreed to have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.catalogue import Requirement
from tests.support.expectations import expect_equal, expect_members, expect_none, found, named, only
from tests.support.outcomes import Violation
from tests.support.plan import Plan
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan

SETTLED = ["STORE-05", "DR-04", "KMS-03", "ECS-16", "CDN-06", "SCALE-09", "TF-03",
           "WAF-03"]  # fmt: skip


def value_at(resource: Resource, path: str) -> Any:
    """The value at a path; None where a block on the way is not there."""
    try:
        return resource.value(path)
    except Violation:
        return None


def wrong(plan: Plan, prefix: str, rule: dict[str, Any]) -> Iterator[str]:
    """What is another than a rule says; or that there are not as many as it says."""
    name = str(rule.get("named", "")).format(prefix=prefix)
    every = [
        one
        for one in plan.all(rule["of"])
        if not name or name in (value_at(one, "name"), value_at(one, "family"))
    ]
    if len(every) != rule["number"]:
        yield f"{len(every)} {rule['of']} {name}, not {rule['number']}"
    for one in every:
        for path, wanted in rule["values"].items():
            if (actual := value_at(one, path)) != wanted:
                yield f"{one.where} {path} = {actual}, not {wanted}"


@pytest.mark.parametrize(
    "identifier",
    [pytest.param(i, marks=pytest.mark.requirement(i), id=i) for i in SETTLED],
)
def test_settings_are_as_agreed(
    identifier: str, plan: Plan, prefix: str, requirement: Requirement
) -> None:
    rules = found(identifier, "setting", requirement.expected["settings"])
    others = [one for rule in rules for one in wrong(plan, prefix, rule)]
    expect_none("plan", "setting that is another than agreed", others)


@pytest.mark.requirement("STORE-05")
@pytest.mark.parametrize("name", ["alb-logs", "cdn-logs", "trail-logs"])
def test_old_log_is_removed_when_nobody_needs_it(
    name: str, plan: Plan, requirement: Requirement
) -> None:
    bucket = named(
        "plan", name, plan.all("aws_s3_bucket"), lambda b: b.value("bucket").startswith(f"{name}-")
    )
    own = [
        one
        for one in plan.all("aws_s3_bucket_lifecycle_configuration")
        if bucket.address in one.points_to("bucket")
    ]
    days = value_at(only(bucket.where, "lifecycle", own), "rule[0].expiration[0].days")
    expect_equal(bucket.where, "removed after days", days, requirement.expected["removed"][name])


@pytest.mark.requirement("NET-15")
def test_private_subnets_reach_s3_by_an_endpoint(plan: Plan, requirement: Requirement) -> None:
    endpoint = only("plan", "VPC endpoint", plan.all("aws_vpc_endpoint"))
    tables = endpoint.points_to("route_table_ids")
    private = [
        table.address
        for table in plan.all("aws_route_table")
        if "-private-" in table.value("tags_all.Name")
    ]
    kind, service = endpoint.value("vpc_endpoint_type"), endpoint.value("service_name")
    expect_equal(endpoint.where, "kind", kind, requirement.expected["kind"])
    expect_equal(endpoint.where, "service", service, requirement.expected["service"])
    expect_members(endpoint.where, "route tables", tables, private)


@pytest.mark.requirement("COST-01")
def test_budget_speaks_of_what_was_spent_and_of_what_will_be(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    budget = only("plan", "budget", plan.all("aws_budgets_budget"))
    topic = plan.one("aws_sns_topic", name=f"{prefix}-alerts")
    told = [
        [notice.value("notification_type"), notice.value("threshold")]
        for notice in budget.nested("notification")
        if topic.address in notice.points_to("subscriber_sns_topic_arns")
        and notice.value("comparison_operator") == "GREATER_THAN"
        and notice.value("threshold_type") == requirement.expected["threshold_type"]
    ]
    expect_members(budget.where, "notices", told, requirement.expected["notices_percent"])


@pytest.mark.requirement("NET-02")
def test_subnet_has_the_route_table_of_its_tier(plan: Plan) -> None:
    pairs = [
        (tier_of(plan.at(subnet)), tier_of(plan.at(table)), subnet)
        for one in found("plan", "association", plan.all("aws_route_table_association"))
        for subnet in one.points_to("subnet_id")
        for table in one.points_to("route_table_id")
    ]
    others = [f"{subnet} is in a table of {table}" for own, table, subnet in pairs if own != table]
    expect_none("plan", "subnet with another tier's table", others)
    subnets = [subnet.address for subnet in plan.all("aws_subnet")]
    expect_members("plan", "subnets with a table", [subnet for *_, subnet in pairs], subnets)


def tier_of(resource: Resource) -> str:
    """The tier in the name of a subnet or a route table."""
    name = resource.value("tags_all.Name")
    return next((tier for tier in ("public", "private", "db") if f"-{tier}" in name), name)


@pytest.mark.requirement("NET-16")
def test_default_group_admits_nothing(plan: Plan, requirement: Requirement) -> None:
    group = only("plan", "default security group", plan.all("aws_default_security_group"))
    rules = [name for name in requirement.expected["rejected"] if group.sets(name)]
    expect_none(group.where, "rule of the default group", rules)


@pytest.mark.requirement("WAF-01")
def test_firewall_stands_before_the_load_balancer(plan: Plan, load_balancer: Resource) -> None:
    associations = plan.all("aws_wafv2_web_acl_association")
    own = [one for one in associations if load_balancer.address in one.points_to("resource_arn")]
    association = only(load_balancer.where, "association with a web ACL", own)
    acls = [plan.at(acl).value("scope") for acl in association.points_to("web_acl_arn")]
    expect_equal(association.where, "scope of its ACL", acls, ["REGIONAL"])


@pytest.mark.requirement("STORE-05")
def test_no_other_rule_removes_anything(plan: Plan, requirement: Requirement) -> None:
    removed = requirement.expected["removed"].items()
    days_of = {
        bucket.address: [days for name, days in removed if bucket.value("bucket").startswith(name)]
        for bucket in found("plan", "bucket", plan.all("aws_s3_bucket"))
    }
    others = [
        f"{one.where} {rule.value('id')}: after {expiration.value('days')} days"
        for one in plan.all("aws_s3_bucket_lifecycle_configuration")
        for bucket in one.points_to("bucket")
        for rule in one.nested("rule")[1:]
        for expiration in rule.nested("expiration")
        if [expiration.value("days")] != days_of[bucket]
    ]
    expect_none("plan", "further rule that removes anything sooner", others)


@pytest.mark.requirement("ENV-03")
def test_environments_own_value_reaches_what_it_is_for(
    plan: Plan, prefix: str, planned_environment: str, requirement: Requirement
) -> None:
    given = requirement.expected["variables"][planned_environment]
    places = found("ENV-03", "place", requirement.expected["reaches"])
    others = [
        f"{one.where} {place['at']} = {actual}, not {given[place['variable']]}"
        for place in places
        for one in [plan.one(place["of"], **{place["by"]: f"{prefix}{place['suffix']}"})]
        if (actual := str(one.value(place["at"])).removesuffix(".0"))
        != str(given[place["variable"]])
    ]
    expect_none("plan", "value of another environment", others)
