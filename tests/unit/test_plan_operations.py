"""Alarms, notifications, edge, audit, backup, cost and access of the pipeline, as planned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import planned_policies
from tests.support.catalogue import Requirement
from tests.support.expectations import (
    expect,
    expect_contains,
    expect_equal,
    expect_in,
    expect_members,
    expect_none,
    expect_subset,
    found,
    named,
    only,
)
from tests.support.plan import Plan
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan


def expect_alarm(alarm: Resource, expected: dict[str, Any], threshold: float) -> None:
    arguments = {
        "namespace": expected["namespace"],
        "metric_name": expected["metric"],
        "statistic": expected["statistic"],
        "comparison_operator": expected["comparison"],
        "threshold": threshold,
        "period": expected["period_seconds"],
        "evaluation_periods": expected["evaluation_periods"],
    }
    actual = {name: alarm.value(name) for name in arguments}
    expect_equal(alarm.where, "alarm", actual, arguments)


@pytest.mark.requirement("MON-01")
def test_response_time_alarm_watches_the_service(
    plan: Plan,
    prefix: str,
    load_balancer: Resource,
    target_group: Resource,
    requirement: Requirement,
) -> None:
    expected = requirement.expected
    alarm = plan.one(
        "aws_cloudwatch_metric_alarm", alarm_name=f"{prefix}-{expected['name_suffix']}"
    )
    watched = alarm.points_to("dimensions")
    expect_alarm(alarm, expected, expected["threshold_seconds"])
    expect_members(alarm.where, "dimensions", alarm.keys("dimensions"), expected["dimensions"])
    expect_equal(alarm.where, "watched", watched, {load_balancer.address, target_group.address})


@pytest.mark.requirement("MON-02")
def test_database_alarm_watches_the_cluster(
    plan: Plan, prefix: str, aurora: Resource, requirement: Requirement
) -> None:
    expected = requirement.expected
    alarm = plan.one(
        "aws_cloudwatch_metric_alarm", alarm_name=f"{prefix}-{expected['name_suffix']}"
    )
    expect_alarm(alarm, expected, expected["threshold_percent"])
    expect_members(alarm.where, "dimensions", alarm.keys("dimensions"), expected["dimensions"])
    expect_equal(alarm.where, "watched", alarm.references("dimensions"), {aurora.address})


@pytest.mark.requirement("MON-03")
@pytest.mark.parametrize("index", [0, 1], ids=["001", "002"])
def test_cache_alarm_uses_a_dimension_that_aws_emits(
    index: int, plan: Plan, prefix: str, redis: Resource, requirement: Requirement
) -> None:
    expected = requirement.expected
    name = f"{prefix}-{expected['name_suffixes'][index]}"
    alarm = plan.one("aws_cloudwatch_metric_alarm", alarm_name=name)
    expect_alarm(alarm, expected, expected["threshold_percent"])
    expect_members(alarm.where, "dimensions", alarm.keys("dimensions"), [expected["dimension"]])
    expect_contains(alarm.where, "watched", alarm.references("dimensions"), redis.address)


@pytest.mark.requirement("MON-04")
def test_every_alarm_tells_the_alerts_topic(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    topic = plan.one("aws_sns_topic", name=f"{prefix}-{requirement.expected['topic_suffix']}")
    alarms = found("plan", "alarm", plan.all("aws_cloudwatch_metric_alarm"))
    mute = [a.where for a in alarms if topic.address not in a.points_to("alarm_actions")]
    expect_none(topic.where, "alarm that does not tell it", mute)


@pytest.mark.parametrize(
    "suffix",
    [
        pytest.param("alerts", marks=pytest.mark.requirement("MON-04")),
        pytest.param("cache-alerts", marks=pytest.mark.requirement("MON-07")),
    ],
)
def test_topic_has_its_subscriber(
    suffix: str, plan: Plan, prefix: str, requirement: Requirement
) -> None:
    topic = plan.one("aws_sns_topic", name=f"{prefix}-{requirement.expected['topic_suffix']}")
    subscriptions = plan.all("aws_sns_topic_subscription")
    own = [s for s in subscriptions if topic.address in s.points_to("topic_arn")]
    actual = [
        (one.value("protocol"), one.value("endpoint"))
        for one in found(topic.where, "subscription", own)
    ]
    wanted = (requirement.expected["protocol"], requirement.expected["endpoint"])
    expect_contains(topic.where, "subscriptions", actual, wanted)


@pytest.mark.requirement("MON-07")
def test_cache_tells_its_topic(
    plan: Plan, prefix: str, redis: Resource, requirement: Requirement
) -> None:
    topic = plan.one("aws_sns_topic", name=f"{prefix}-{requirement.expected['topic_suffix']}")
    told = redis.points_to("notification_topic_arn")
    expect_equal(redis.where, "notification topic", told, {topic.address})


@pytest.mark.requirement("MON-06")
def test_application_log_is_kept(
    plan: Plan, prefix: str, planned_environment: str, requirement: Requirement
) -> None:
    group = plan.one("aws_cloudwatch_log_group", name=f"/ecs/{prefix}-app")
    wanted = requirement.expected["retention_days"][planned_environment]
    expect_equal(group.where, "retention in days", group.value("retention_in_days"), wanted)


@pytest.mark.requirement("CDN-01")
@pytest.mark.parametrize("path", ["static_path", "api_path"])
def test_path_is_served_over_tls(path: str, plan: Plan, requirement: Requirement) -> None:
    distribution = only("plan", "distribution", plan.all("aws_cloudfront_distribution"))
    pattern = requirement.expected[path]
    behaviour = named(
        distribution.where, pattern, distribution.nested("ordered_cache_behavior"),
        lambda b: b.value("path_pattern") == pattern,
    )  # fmt: skip
    protocol = behaviour.value("viewer_protocol_policy")
    allowed = requirement.expected["viewer_protocol"]
    expect_in(distribution.where, f"{pattern} viewer protocol", protocol, allowed)
    cached = bool(behaviour.symbolic("cache_policy_id"))
    expect(distribution.where, cached, "a cache policy", "none")


@pytest.mark.requirement("CDN-01")
def test_distribution_stands_behind_a_web_acl(plan: Plan, requirement: Requirement) -> None:
    distribution = only("plan", "distribution", plan.all("aws_cloudfront_distribution"))
    tls = distribution.value("viewer_certificate[0].minimum_protocol_version")
    acls = found(distribution.where, "web ACL", distribution.references("web_acl_id"))
    scopes = [plan.at(acl).value("scope") for acl in acls]
    expect_equal(distribution.where, "TLS", tls, requirement.expected["minimum_tls"])
    expect_equal(distribution.where, "web ACL's scope", scopes, ["CLOUDFRONT"])


@pytest.mark.requirement("AUD-01")
def test_trail_records_every_region(plan: Plan, requirement: Requirement) -> None:
    trail = only("plan", "CloudTrail trail", plan.all("aws_cloudtrail"))
    regions, validated = (
        trail.value("is_multi_region_trail"),
        trail.value("enable_log_file_validation"),
    )
    expect_equal(trail.where, "multi-region", regions, requirement.expected["multi_region"])
    expect_equal(trail.where, "validation", validated, requirement.expected["log_file_validation"])


@pytest.mark.requirement("DR-01")
def test_backups_are_copied_into_the_second_regions_vault(
    plan: Plan, requirement: Requirement
) -> None:
    backup = only("plan", "backup plan", plan.all("aws_backup_plan"))
    vault = only(
        backup.where, "vault of the copy",
        backup.references("rule[0].copy_action[0].destination_vault_arn"),
    )  # fmt: skip
    region = plan.region_of(plan.at(vault))
    expect_equal(backup.where, "region of the copy", region, requirement.expected["region"])


@pytest.mark.requirement("DR-01")
def test_backups_themselves_lie_in_the_databases_region(plan: Plan, aurora: Resource) -> None:
    backup, here = only("plan", "backup plan", plan.all("aws_backup_plan")), plan.region_of(aurora)
    name = backup.value("rule[0].target_vault_name")
    vaults = [one for one in plan.all("aws_backup_vault") if one.value("name") == name]
    regions = [plan.region_of(one) for one in found(backup.where, f"vault {name}", vaults)]
    expect_equal(backup.where, "region of the vault", regions, [here])


@pytest.mark.requirement("COST-01")
def test_budget_speaks_before_the_money_is_gone(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    budget, expected = only("plan", "budget", plan.all("aws_budgets_budget")), requirement.expected
    limit = float(budget.value("limit_amount"))
    topics = budget.references("notification[0].subscriber_sns_topic_arns")
    expect_equal(budget.where, "unit", budget.value("limit_unit"), expected["unit"])
    expect_equal(budget.where, "period", budget.value("time_unit"), expected["period"])
    expect(
        budget.where, limit <= expected["production_maximum_usd"],
        f"at most {expected['production_maximum_usd']}", f"{limit}",
    )  # fmt: skip
    topic = plan.one("aws_sns_topic", name=f"{prefix}-alerts")
    expect_equal(budget.where, "topic", topics, {topic.block})


@pytest.mark.requirement("SEC-02")
@pytest.mark.parametrize("name", ["database", "redis-auth-token"])
def test_secret_rotates(name: str, plan: Plan, prefix: str, requirement: Requirement) -> None:
    secret = plan.one("aws_secretsmanager_secret", name=f"{prefix}/{name}")
    rotations = plan.all("aws_secretsmanager_secret_rotation")
    own = [r for r in rotations if secret.address in r.points_to("secret_id")]
    expect_contains("SEC-02", "secrets", requirement.expected["secrets"], name)
    rules = only(secret.where, "rotation", own).value("rotation_rules")
    expect_contains(
        secret.where, "schedule", only(secret.where, "rule", rules), "schedule_expression"
    )


@pytest.mark.requirement("PIPE-02")
def test_deploy_role_trusts_this_repositorys_branch_only(
    plan: Plan, prefix: str, planned_environment: str, requirement: Requirement, catalogue: Any
) -> None:
    role, expected = plan.one("aws_iam_role", name=f"{prefix}-deploy"), requirement.expected
    branches = catalogue.requirement("PIPE-01").expected["branches"]
    branch = only("PIPE-01", "branch", [b for b, e in branches.items() if e == planned_environment])
    statement = only(
        role.where, "trust statement", planned_policies.policy(plan, role, "assume_role_policy")
    )
    subject = f"repo:{expected['repository']}:ref:refs/heads/{branch}"
    wanted = {
        f"{expected['provider']}:aud": [expected["audience"]],
        f"{expected['provider']}:sub": [subject],
    }
    expect_equal(role.where, "trust", statement.conditions, {"StringEquals": wanted})


@pytest.mark.requirement("PIPE-02")
def test_deploy_role_has_one_way_in(plan: Plan, prefix: str, requirement: Requirement) -> None:
    role = plan.one("aws_iam_role", name=f"{prefix}-deploy")
    trust = planned_policies.policy(plan, role, "assume_role_policy")
    actions = {action for statement in trust for action in statement.actions}
    expect_members(role.where, "ways in", actions, [requirement.expected["sign_in"]])


@pytest.mark.requirement("TF-03")
def test_everything_taggable_carries_the_tags(
    plan: Plan, planned_environment: str, requirement: Requirement
) -> None:
    wanted = {**requirement.expected["tags"], "Environment": planned_environment}
    tagged = [r for r in plan.resources if "tags_all" in {*r.after, *r.unknown}]
    bare = [
        f"{r.where} lacks {', '.join(sorted(dict(lacking)))}"
        for r in found("plan", "tagged resource", tagged)
        if (lacking := wanted.items() - tags_of(r).items())
    ]
    expect_none("plan", "resource without the tags", bare)


def tags_of(resource: Resource) -> dict[str, str]:
    """A resource's tags; where neither it nor its provider has any, even that is left open."""
    return resource.value("tags_all" if resource.knows("tags_all") else "tags") or {}


@pytest.mark.requirement("TF-02")
def test_environment_is_planned_under_its_own_name(
    plan: Plan, prefix: str, planned_environment: str, requirement: Requirement
) -> None:
    expect_contains(
        "TF-02", "environments", requirement.expected["environments"], planned_environment
    )
    cluster = plan.one(
        "aws_ecs_cluster", name=f"{requirement.expected['name_prefix']}-{planned_environment}"
    )
    names = [r.value("name") for r in plan.all("aws_lb")]
    expect_subset(cluster.where, "load balancers", names, [f"{prefix}-alb"])


@pytest.mark.requirement("SEC-01")
def test_no_secret_stands_in_the_plan(plan: Plan, requirement: Requirement) -> None:
    places = plan.places_of_secrets()
    allowed = requirement.expected["allowed_attributes"]
    leaks = [p for p in places if not any(_is_attribute(p, a) for a in allowed)]
    expect_none("plan", "secret value", leaks)


def _is_attribute(place: str, attribute: str) -> bool:
    resource_type, _, name = attribute.rpartition(".")
    return place.startswith(f"{resource_type}.") and place.endswith(f".{name}")
