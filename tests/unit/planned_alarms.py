"""The alarms of a plan as data, what stands behind them, and where their messages go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.metrics import Metrics
from tests.support.outcomes import Invalid
from tests.support.plan import Plan
from tests.support.planned_policies import policy
from tests.support.planned_resource import Resource
from tests.support.topics import Key, Topic
from tests.support.watches import LogMetric, Reading, Watch

_AWS_KEY = "alias/aws/sns"


def watches(plan: Plan, account: str) -> list[Watch | Invalid]:
    """Every metric alarm; in the place of one, why it cannot be read before apply."""
    return [_watch(plan, alarm, account) for alarm in plan.all("aws_cloudwatch_metric_alarm")]


def _watch(plan: Plan, alarm: Resource, account: str) -> Watch | Invalid:
    try:
        return _read(plan, alarm, account)
    except Invalid as reason:
        return reason


def _read(plan: Plan, alarm: Resource, account: str) -> Watch:
    readings, compared = _readings(alarm)
    region = _region(plan, alarm)
    written = f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm.value('alarm_name')}"
    periods = int(alarm.value("evaluation_periods"))
    return Watch(
        where=alarm.where,
        readings=readings,
        compared=compared,
        threshold=alarm.value("threshold"),
        comparison_operator=alarm.value("comparison_operator"),
        evaluation_periods=periods,
        datapoints_to_alarm=int(alarm.value("datapoints_to_alarm") or periods),
        unit=alarm.value("unit") or None,
        region=region,
        actions=_actions(alarm),
        arns=_spellings(alarm, "arn") | {written},
    )


def _region(plan: Plan, resource: Resource) -> str | None:
    try:
        return plan.region_of(resource)
    except (Invalid, LookupError):
        return None


def _readings(alarm: Resource) -> tuple[tuple[Reading, ...], int | None]:
    """The metrics, and which of them is compared with the threshold; None for an expression."""
    if not alarm.sets("metric_query"):
        return (_reading(alarm, "statistic", "extended_statistic"),), 0
    queries = [(query, query.nested("metric")) for query in alarm.nested("metric_query")]
    metrics = [(query, metric) for query, found in queries for metric in found]
    readings = tuple(_reading(metric, "stat") for _, metric in metrics)
    returned = [i for i, (query, _) in enumerate(metrics) if query.value("return_data")]
    return readings, returned[0] if returned else None


def _reading(written: Resource, *statistics: str) -> Reading:
    given = filter(None, map(written.value, statistics))
    return Reading(
        namespace=written.value("namespace"),
        name=written.value("metric_name"),
        dimensions=_dimensions(written),
        statistic=next(given, "none"),
        period_seconds=int(written.value("period") or 0),
    )


def _dimensions(written: Resource) -> Mapping[str, str]:
    given = written.symbolic("dimensions") or {}
    if given.keys() != written.keys("dimensions") or None in given.values():
        raise Invalid(f"{written.where}: dimensions are known only after apply")
    return dict(given)


def _actions(alarm: Resource) -> tuple[str, ...]:
    if not alarm.value("actions_enabled"):
        return ()
    given = alarm.symbolic("alarm_actions")
    if None in (given or []) or (given is None and not alarm.knows("alarm_actions")):
        raise Invalid(f"{alarm.where}: alarm_actions are known only after apply")
    return tuple(given or ())


def log_metrics(plan: Plan) -> tuple[LogMetric, ...]:
    """The metrics that the stack's own filters make of its logs."""
    return tuple(
        _log_metric(made)
        for filter_ in plan.all("aws_cloudwatch_log_metric_filter")
        for made in filter_.nested("metric_transformation")
    )


def _log_metric(made: Resource) -> LogMetric:
    return LogMetric(
        namespace=made.value("namespace"),
        name=made.value("name"),
        dimensions=frozenset(made.value("dimensions") or {}),
        unit=made.value("unit") or "None",
        counts=not str(made.value("value")).startswith("$"),
    )


# --- What stands behind a dimension --------------------------------------------------------


def held(plan: Plan, table: Metrics) -> dict[str, set[str]]:
    """For each dimension the values that resources of the plan have, some of them symbols."""
    return {
        name: {
            value
            for kind, attributes in dimension.held_by.items()
            for resource in plan.all(kind)
            for attribute in attributes
            for value in _values(resource, attribute)
        }
        for name, dimension in table.dimensions.items()
    }


def _values(resource: Resource, attribute: str) -> Iterator[str]:
    own = resource.symbolic(attribute)
    if own is None:
        return
    if resource.type == "aws_elasticache_replication_group":
        yield from (f"{own}-{suffix}" for suffix in _members(resource))
    else:
        yield str(own)


def _members(group: Resource) -> list[str]:
    """How a replication group's members end: `001` on; with shards `0001-001` on."""
    shards = group.symbolic("num_node_groups")
    if group.sets("num_node_groups") and shards:
        nodes = int(group.symbolic("replicas_per_node_group") or 0) + 1
        return [f"{s:04}-{n:03}" for s in range(1, int(shards) + 1) for n in range(1, nodes + 1)]
    return [f"{n:03}" for n in range(1, int(group.symbolic("num_cache_clusters") or 1) + 1)]


# --- Where messages go ---------------------------------------------------------------------


def topics(plan: Plan, account: str) -> list[Topic]:
    """The topics, each with its subscribers, its policy and its key's."""
    return [_topic(plan, topic, account) for topic in plan.all("aws_sns_topic")]


def _topic(plan: Plan, topic: Resource, account: str) -> Topic:
    arns = _spellings(topic, "arn", "id")
    arns |= {f"arn:aws:sns:{_region(plan, topic)}:{account}:{topic.symbolic('name')}"}
    policies = [
        (one, "policy") for one in plan.all("aws_sns_topic_policy") if one.symbolic("arn") in arns
    ] + [(topic, "policy")] * topic.sets("policy")
    return Topic(
        where=topic.where,
        arns=arns,
        subscribers=tuple(
            str(one.symbolic("endpoint"))
            for one in plan.all("aws_sns_topic_subscription")
            if one.symbolic("topic_arn") in arns
        ),
        policy=tuple(s for one, path in policies for s in policy(plan, one, path))
        if policies
        else None,
        key=_key(plan, topic),
    )


def _key(plan: Plan, topic: Resource) -> Key | None:
    name = topic.symbolic("kms_master_key_id")
    if not name:
        return None
    if str(name).endswith(_AWS_KEY):
        return Key(_AWS_KEY, None)
    for alias in plan.all("aws_kms_alias"):
        if name in _spellings(alias, "name", "arn", "id"):
            name = alias.symbolic("target_key_id")
    for key in plan.all("aws_kms_key"):
        if name in _spellings(key, "arn", "key_id", "id"):
            return Key(key.where, _key_policy(plan, key))
    raise Invalid(f"{topic.where}: its key {name} is not in the plan")


def _key_policy(plan: Plan, key: Resource) -> tuple[Any, ...]:
    separate = [
        one
        for one in plan.all("aws_kms_key_policy")
        if one.symbolic("key_id") in _spellings(key, "arn", "key_id", "id")
    ]
    written = separate or ([key] if key.sets("policy") else [])
    # Without one the account's own principals may use the key, and no service.
    return tuple(statement for one in written for statement in policy(plan, one, "policy"))


def _spellings(resource: Resource, *attributes: str) -> frozenset[str]:
    values = (resource.symbolic(attribute) for attribute in attributes)
    return frozenset(str(value) for value in values if value)
