"""Keys, the audit trail, the reminder, images, revisions and versions, as planned."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

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
    only,
)
from tests.support.plan import Plan
from tests.support.planned_resource import Resource

pytestmark = pytest.mark.plan


@pytest.mark.requirement("KMS-01")
def test_every_key_is_renewed(plan: Plan, requirement: Requirement) -> None:
    # AWS renews no other kind by itself.
    symmetric = [
        key
        for key in plan.all("aws_kms_key")
        if key.value("customer_master_key_spec") in (None, "SYMMETRIC_DEFAULT")
    ]
    keys = found("plan", "key", symmetric)
    kept = [
        key.where
        for key in keys
        if (key.value("enable_key_rotation") or False) != requirement.expected["rotation"]
    ]
    expect_none("plan", "key that is never renewed", kept)


@pytest.fixture
def trail_log(plan: Plan) -> Resource:
    """The log group that the trail writes to."""
    trail = only("plan", "CloudTrail trail", plan.all("aws_cloudtrail"))
    groups = trail.points_to("cloud_watch_logs_group_arn")
    return plan.at(only(trail.where, "log group", groups))


@pytest.mark.requirement("AUD-02")
def test_trail_reaches_cloudwatch(plan: Plan, trail_log: Resource) -> None:
    trail = only("plan", "CloudTrail trail", plan.all("aws_cloudtrail"))
    role = plan.at(only(trail.where, "role", trail.points_to("cloud_watch_logs_role_arn")))
    expect_equal(trail_log.where, "type", trail_log.type, "aws_cloudwatch_log_group")
    expect_equal(role.where, "type", role.type, "aws_iam_role")


@pytest.mark.requirement("AUD-03")
@pytest.mark.parametrize("event", ["root-sign-in", "sign-in-without-mfa", "unauthorized-call"])
def test_somebody_is_told_of_the_event(
    event: str, plan: Plan, prefix: str, trail_log: Resource, requirement: Requirement
) -> None:
    sign = requirement.expected["patterns"][event]
    filters = plan.all("aws_cloudwatch_log_metric_filter")
    own = [
        one
        for one in filters
        if sign in one.value("pattern")
        and (one.symbolic("log_group_name") == trail_log.value("name"))
    ]
    source = only(trail_log.where, f"filter for {sign}", own)
    terms = terms_of(source.value("pattern"))
    expect_members(source.where, "terms", terms, requirement.expected["terms"][event])
    counted = source.value("metric_transformation[0].value")
    expect_equal(source.where, "counted for each", counted, requirement.expected["counted"])
    metric = tuple(
        source.value(f"metric_transformation[0].{part}") for part in ("namespace", "name")
    )
    alarms = [
        alarm
        for alarm in plan.all("aws_cloudwatch_metric_alarm")
        if (alarm.symbolic("namespace"), alarm.symbolic("metric_name")) == metric
    ]
    alarm = only(trail_log.where, f"alarm on {' '.join(metric)}", alarms)
    topic = plan.one("aws_sns_topic", name=f"{prefix}-{requirement.expected['topic_suffix']}")
    expect_contains(alarm.where, "topics", alarm.points_to("alarm_actions"), topic.address)


def terms_of(pattern: str) -> list[str]:
    """The comparisons of a filter's pattern; each further one lets less, or more, through."""
    inner = pattern.strip().strip("{}").replace("(", "").replace(")", "")
    return [term.strip() for term in re.split(r"&&|\|\|", inner)]


@pytest.fixture
def reminder(plan: Plan, requirement: Requirement) -> Resource:
    """The rule that reminds people of the vendors' secrets, by its schedule."""
    schedule = requirement.expected["schedule"]
    rules = plan.all("aws_cloudwatch_event_rule")
    own = [rule for rule in rules if rule.value("schedule_expression") == schedule]
    return only("plan", f"rule with {schedule}", own)


@pytest.mark.requirement("SEC-04")
def test_vendors_secrets_are_remembered(
    plan: Plan, prefix: str, reminder: Resource, requirement: Requirement
) -> None:
    targets = [
        one
        for one in plan.all("aws_cloudwatch_event_target")
        if one.symbolic("rule") in (reminder.value("name"), reminder.address)
        or reminder.address in one.points_to("rule")
    ]
    target = only(reminder.where, "target", targets)
    topic = plan.one("aws_sns_topic", name=f"{prefix}-{requirement.expected['topic_suffix']}")
    expect_equal(target.where, "topic", target.points_to("arn"), {topic.address})
    words = set(json.loads(target.value("input")).replace(":", "").split())
    expect_subset(target.where, "message", words, requirement.expected["names"])
    enabled = reminder.value("state") != "DISABLED" and reminder.value("is_enabled") is not False
    expect(reminder.where, enabled, "an enabled rule", "disabled")


@pytest.mark.requirement("UPD-01")
def test_images_are_scanned_and_never_change(plan: Plan, requirement: Requirement) -> None:
    expected = requirement.expected
    repository = only("plan", "image repository", plan.all("aws_ecr_repository"))
    scanned = [
        one.value("scan_on_push") for one in repository.nested("image_scanning_configuration")
    ]
    tags = repository.value("image_tag_mutability")
    expect_equal(repository.where, "scanned at push", scanned, [expected["scanned"]])
    expect_equal(repository.where, "tags", tags, expected["tags"])


@pytest.mark.requirement("DB-11")
@pytest.mark.parametrize("kind", ["aws_rds_cluster_instance", "aws_elasticache_replication_group"])
def test_minor_versions_are_taken(kind: str, plan: Plan, requirement: Requirement) -> None:
    every = found("plan", kind, plan.all(kind))
    # Redis's is a text in the provider.
    taken = {one.where: str(one.value("auto_minor_version_upgrade")).lower() for one in every}
    wanted = str(requirement.expected["upgraded"]).lower()
    expect_none(
        "plan", f"{kind} left at its version", [w for w, is_ in taken.items() if is_ != wanted]
    )


@pytest.fixture
def parameters(plan: Plan, aurora: Resource) -> tuple[str, dict[str, Any]]:
    """Where Aurora's own parameter group is, and its parameters by name."""
    groups = aurora.points_to("db_cluster_parameter_group_name")
    named = [
        group
        for group in plan.all("aws_rds_cluster_parameter_group")
        if group.address in groups
        or group.value("name") == aurora.symbolic("db_cluster_parameter_group_name")
    ]
    group = only(aurora.where, "parameter group of its own", named)
    return group.where, {one["name"]: one["value"] for one in group.value("parameter")}


@pytest.mark.requirement("DB-10")
def test_aurora_refuses_connections_without_tls(
    parameters: tuple[str, dict[str, Any]], requirement: Requirement
) -> None:
    where, given = parameters
    name = requirement.expected["parameter"]
    expect_equal(where, name, given.get(name), requirement.expected["value"])


@pytest.mark.requirement("DB-10")
def test_aurora_speaks_no_old_tls(
    parameters: tuple[str, dict[str, Any]], requirement: Requirement
) -> None:
    where, given = parameters
    versions = requirement.expected["versions"]
    oldest = given.get(versions["parameter"], versions["default"])
    expect_in(where, versions["parameter"], oldest, versions["allowed"])


@pytest.mark.requirement("DB-14")
def test_auroras_log_tells_of_changes_and_slow_statements(
    parameters: tuple[str, dict[str, Any]], requirement: Requirement
) -> None:
    where, given = parameters
    wanted = requirement.expected["parameters"]
    expect_equal(where, "parameters", {name: given.get(name) for name in wanted}, wanted)


@pytest.mark.requirement("REDIS-07")
def test_redis_node_has_the_memory(
    redis: Resource, planned_environment: str, requirement: Requirement
) -> None:
    node, least = redis.value("node_type"), requirement.expected["at_least_gib"]
    known = requirement.expected["node_gib"]
    expect_contains(redis.where, "node types whose memory is known", known, node)
    wanted = least[planned_environment]
    expect(
        redis.where, known[node] >= wanted,
        f"a node with at least {wanted} GiB", f"{node} with {known[node]} GiB",
    )  # fmt: skip


@pytest.mark.requirement("ECS-13")
def test_revisions_to_go_back_to_are_kept(
    plan: Plan, prefix: str, requirement: Requirement
) -> None:
    task = plan.one("aws_ecs_task_definition", family=f"{prefix}-app")
    expect_equal(task.where, "kept", task.value("skip_destroy"), requirement.expected["kept"])


@pytest.mark.requirement("ECS-13")
def test_images_to_go_back_to_are_kept(plan: Plan, requirement: Requirement) -> None:
    least = requirement.expected["images_at_least"]
    policies = plan.all("aws_ecr_lifecycle_policy")
    rules = [
        (one.where, rule["selection"])
        for one in policies
        for rule in json.loads(one.value("policy"))["rules"]
        if rule["selection"]["tagStatus"] != "untagged"
    ]
    scarce = [
        f"{where} keeps {selection['countNumber']} by {selection['countType']}"
        for where, selection in rules
        if selection["countType"] != "imageCountMoreThan" or selection["countNumber"] < least
    ]
    found("plan", "image repository", plan.all("aws_ecr_repository"))
    expect_none("plan", f"rule that keeps fewer than {least} images", scarce)
