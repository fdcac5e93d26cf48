"""Tasks on Fargate, their images, and the function that rotates secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.support.cost.counting import KB_PER_GB, MILLION, Month, blocks, chosen, unpriced
from tests.support.cost.estimate import Quantity
from tests.support.cost.load import bounds_by_hour, daily_hour
from tests.support.outcomes import Invalid
from tests.support.planned_resource import Resource

PROVIDERS = {"FARGATE": "fargate", "FARGATE_SPOT": "fargate_spot"}
MB_PER_GB = 1024
CPU_UNITS = 1024
HOUR_MINUTES = 60


def service(month: Month, one: Resource) -> Iterator[Quantity]:
    """The hours of its tasks, by vCPU and GB, and what they say to the data stores across zones."""
    definitions = [d for d in month.plan.all("aws_ecs_task_definition") if _runs(one, d)]
    if len(definitions) != 1:
        raise Invalid(f"{one.where}: its task definition is none of the plan's, or one of several")
    hours = _mean_tasks(month, one) * month.hours
    yield from _task_hours(month, one, definitions[0], _provider(one), hours)
    kb = month.load.requests * month.assumed(month.assumptions.zone_crossing_kb_per_request)
    yield month.quantity(one, "transfer.to_other_zone_gb", kb / KB_PER_GB)


def task_definition(month: Month, definition: Resource) -> Iterator[Quantity]:
    """Nothing where a service runs it; else it is run once for each deployment."""
    if any(_runs(one, definition) for one in month.plan.all("aws_ecs_service")):
        return
    assumptions = month.assumptions
    minutes = month.assumed(assumptions.one_off_task_minutes)
    hours = month.assumed(assumptions.deployments) * minutes / HOUR_MINUTES
    yield from _task_hours(month, definition, definition, "fargate", hours)


def _runs(one: Resource, definition: Resource) -> bool:
    """Whether the service runs the task definition, which it refers to or names by its family."""
    written = str(one.symbolic("task_definition"))
    return definition.block in one.references("task_definition") or definition.symbolic(
        "family"
    ) in re.split("[/:]", written)


def _task_hours(
    month: Month, resource: Resource, definition: Resource, provider: str, hours: float
) -> Iterator[Quantity]:
    if blocks(definition, "ephemeral_storage"):
        raise unpriced(definition, "ephemeral storage beyond 20 GB")
    architecture = "x86_64"
    for platform in blocks(definition, "runtime_platform"):
        architecture = str(platform.value("cpu_architecture") or architecture).lower()
        system = platform.value("operating_system_family") or "LINUX"
        if system != "LINUX":
            raise unpriced(definition, f"a task on {system}")
    item = f"{provider}.{architecture}"
    cpu, memory = float(definition.value("cpu")), float(definition.value("memory"))
    yield month.quantity(resource, f"{item}.vcpu_hour", hours * cpu / CPU_UNITS)
    yield month.quantity(resource, f"{item}.gb_hour", hours * memory / MB_PER_GB)


def _provider(one: Resource) -> str:
    """Where its tasks run: by the capacity provider strategy, else by the launch type."""
    strategy = blocks(one, "capacity_provider_strategy")
    names = {entry.value("capacity_provider") for entry in strategy}
    names = names or {chosen(one, "launch_type", "EC2")}
    if len(names) != 1 or not names <= PROVIDERS.keys():
        raise unpriced(one, f"running on {' and '.join(sorted(names))}")
    return PROVIDERS[names.pop()]


def _mean_tasks(month: Month, one: Resource) -> float:
    """Tasks running on average: what autoscaling makes of schedule and load, else a constant."""
    suffix = f"/{one.value('name')}"
    targets = {
        target.symbolic("resource_id"): target
        for target in month.plan.all("aws_appautoscaling_target")
        if str(target.symbolic("resource_id")).endswith(suffix)
    }
    if not targets:
        return float(one.value("desired_count"))
    if len(targets) > 1:
        raise Invalid(f"{one.where}: {len(targets)} scalable targets; there can be one")
    identifier, target = targets.popitem()
    always = (int(target.value("min_capacity")), int(target.value("max_capacity")))
    changes = {}
    for action in month.plan.all("aws_appautoscaling_scheduled_action"):
        if action.symbolic("resource_id") == identifier:
            changes[_hour(action)] = _bounds(action, always)
    return month.load.mean_tasks(bounds_by_hour(always, changes), _requests(month, identifier))


def _hour(action: Resource) -> float:
    if (zone := chosen(action, "timezone", "UTC")) != "UTC":
        raise Invalid(f"{action.where}: the estimate reads schedules in UTC only, not {zone}")
    return daily_hour(action.value("schedule"), action.where)


def _bounds(action: Resource, always: tuple[int, int]) -> tuple[int, int]:
    """What the action sets; a bound that it leaves alone stays the target's own."""
    set_to = action.value("scalable_target_action[0]")
    given = (set_to.get("min_capacity"), set_to.get("max_capacity"))
    smallest, largest = (
        own if bound in (None, "") else int(bound) for bound, own in zip(given, always, strict=True)
    )
    return smallest, largest


def _requests(month: Month, identifier: str) -> float | None:
    """Requests per task and minute at which autoscaling adds tasks, if it looks at them at all."""
    for policy in month.plan.all("aws_appautoscaling_policy"):
        if policy.symbolic("resource_id") != identifier:
            continue
        for tracking in policy.nested("target_tracking_scaling_policy_configuration"):
            for metric in tracking.nested("predefined_metric_specification"):
                if metric.value("predefined_metric_type") == "ALBRequestCountPerTarget":
                    return float(tracking.value("target_value"))
    return None


def cluster(month: Month, one: Resource) -> Iterator[Quantity]:
    """The metrics of Container Insights; the cluster itself is free."""
    settings = [s for s in blocks(one, "setting") if s.value("name") == "containerInsights"]
    insights = {setting.value("value") for setting in settings}
    if insights - {"enabled", "disabled"}:
        raise unpriced(one, f"Container Insights {', '.join(sorted(insights))}")
    if insights == {"enabled"}:
        # Charged by the hour in which they come: those of a task run once in a while do not count.
        assumed, assumptions = month.assumed, month.assumptions
        metrics = assumed(assumptions.insights_metrics_per_cluster) + len(
            month.plan.all("aws_ecs_service")
        ) * (
            assumed(assumptions.insights_metrics_per_service)
            + assumed(assumptions.insights_metrics_per_task_family)
        )
        yield month.quantity(one, "cloudwatch.metric", metrics)


def registry(month: Month, repository: Resource) -> Iterator[Quantity]:
    """The images kept."""
    yield month.quantity(repository, "ecr.gb", month.assumed(month.assumptions.registry_gb))


def function(month: Month, one: Resource) -> Iterator[Quantity]:
    """Runs, their memory over time, and their traces."""
    if blocks(one, "ephemeral_storage") or blocks(one, "snap_start"):
        raise unpriced(one, "ephemeral storage beyond 512 MB, or SnapStart,")
    runs = month.assumed(month.assumptions.function_runs)
    seconds = runs * month.assumed(month.assumptions.function_seconds)
    memory = chosen(one, "memory_size", 128) / MB_PER_GB
    architecture = chosen(one, "architectures", ["x86_64"])[0]
    yield month.quantity(one, "lambda.request_million", runs / MILLION)
    yield month.quantity(one, f"lambda.{architecture}.gb_second", seconds * memory)
    if any(config.value("mode") == "Active" for config in blocks(one, "tracing_config")):
        yield month.quantity(one, "xray.trace_million", runs / MILLION)
