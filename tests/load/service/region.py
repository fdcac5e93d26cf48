"""What a deployment gives the service to carry its load with, read from a plan or an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tests.support import alarms, planning, scaling_policy
from tests.support.alarms import Alarm
from tests.support.deployed import aws_errors
from tests.support.outcomes import SuiteError, Violation
from tests.support.plan import Plan
from tests.support.planned_resource import Resource
from tests.support.scaling import Scaling, Suspended
from tests.support.scaling_policy import Capacity, Policy
from tests.support.schedules import Bounds, Schedule, in_force
from tests.support.target import Target
from tests.support.windows import WEEK_MINUTES, Window

_Model = TypeVar("_Model")
_VCPU_UNITS = 1024
_TRACKED = "target_tracking_scaling_policy_configuration[0]"
_SPECIFICATION = f"{_TRACKED}.predefined_metric_specification[0]"


@dataclass(frozen=True)
class Watched:
    """An alarm and the metric that it watches."""

    name: str
    namespace: str
    metric: str
    alarm: Alarm


@dataclass(frozen=True)
class Region:
    """The service of an environment: its bounds, its policies, the size of a task, its alarms.

    `vcpus` and `memory_mib` are a task's. `actions` change the bounds by the week. `watched` are
    the alarms on a single metric; those on an expression are left out.
    """

    environment: str
    capacity: Capacity
    actions: tuple[Bounds, ...]
    scaling: Scaling
    vcpus: float
    memory_mib: float
    watched: tuple[Watched, ...]

    @property
    def response_alarm(self) -> Alarm:
        """The alarm that a release is judged by. Raises SuiteError when it is not of means."""
        name = f"mantisnxt-{self.environment}-api-response-time"
        found = [one.alarm for one in self.watched if one.name == name]
        if not found:
            raise SuiteError(f"{self.environment} has no alarm {name}: nothing to forecast for")
        if found[0].statistic != "Average":
            raise SuiteError(f"{name} is on {found[0].statistic}: only means can be forecast")
        return found[0]

    def fired(self, minute: int) -> Capacity | None:
        """The bounds that a scheduled action sets at that minute of the week, if one fires."""
        fired = [one for one in self.actions if minute % WEEK_MINUTES in one.schedule.minutes]
        return _capacity(fired[-1]) if fired else None

    def capacity_at(self, minute: int) -> Capacity:
        """The bounds in force at that minute of the week."""
        held = in_force(self.actions, Window(minute % WEEK_MINUTES, 1, f"minute {minute}"))
        return _capacity(held[-1]) if held else self.capacity


def _capacity(bounds: Bounds) -> Capacity:
    return Capacity(bounds.minimum, bounds.maximum)


def planned(plan: Plan, environment: str) -> Region:
    """The region that a plan would make. Raises SuiteError naming what cannot be modelled."""
    target = plan.one("aws_appautoscaling_target", service_namespace="ecs")
    task = plan.one("aws_ecs_task_definition", family=f"mantisnxt-{environment}-app")
    capacity = Capacity(int(target.value("min_capacity")), int(target.value("max_capacity")))
    policies = [
        _modelled(one.where, partial(scaling_policy.from_description, _policy(one)))
        for one in plan.all("aws_appautoscaling_policy")
    ]
    if not policies:
        raise SuiteError(f"{target.where}: no policy scales it: nothing to forecast")
    return Region(
        environment=environment,
        capacity=capacity,
        actions=tuple(
            _action(one, capacity) for one in plan.all("aws_appautoscaling_scheduled_action")
        ),
        scaling=Scaling(tuple(policies)),
        vcpus=float(task.value("cpu")) / _VCPU_UNITS,
        memory_mib=float(task.value("memory")),
        watched=tuple(
            _watched(one)
            for one in plan.all("aws_cloudwatch_metric_alarm")
            if not one.sets("metric_query")
        ),
    )


def of_stack(stack: Path, environments: Sequence[str]) -> list[Region]:
    """The regions that a Terraform tree describes for these environments."""
    plans = planning.plan_all(stack.resolve(), list(dict.fromkeys(environments)))
    return [planned(plan, environment) for environment, plan in plans.items()]


def deployed(target: Target) -> Region:
    """The region as it is deployed; policies act by the alarms that they really own.

    Raises Violation where a part is not there, Invalid where it may not be read, and SuiteError
    naming what cannot be modelled.
    """
    service = f"service/{target.prefix}/{target.prefix}-app"
    with aws_errors():
        targets = _scaling(
            target, "describe_scalable_targets", "ScalableTargets", ResourceIds=[service]
        )
        policies = _scaling(
            target, "describe_scaling_policies", "ScalingPolicies", ResourceId=service
        )
        actions = _scaling(
            target, "describe_scheduled_actions", "ScheduledActions", ResourceId=service
        )
        described = target.pages("cloudwatch", "describe_alarms", "MetricAlarms")
        task = _task(target)
    scalable = (targets or _none(service, "scalable target"))[0]
    capacity = Capacity(scalable["MinCapacity"], scalable["MaxCapacity"])
    return Region(
        environment=target.environment,
        capacity=capacity,
        actions=tuple(_scheduled(one, capacity) for one in actions),
        scaling=Scaling(
            tuple(
                _deployed_policy(one, described)
                for one in policies or _none(service, "scaling policy")
            ),
            _suspended(scalable.get("SuspendedState", {})),
        ),
        vcpus=float(task["cpu"]) / _VCPU_UNITS,
        memory_mib=float(task["memory"]),
        watched=tuple(
            _deployed_alarm(one)
            for one in described
            if one["AlarmName"].startswith(target.prefix) and "MetricName" in one
        ),
    )


def _suspended(state: Mapping[str, bool]) -> Suspended:
    return Suspended(
        scale_in=state.get("DynamicScalingInSuspended", False),
        scale_out=state.get("DynamicScalingOutSuspended", False),
        scheduled=state.get("ScheduledScalingSuspended", False),
    )


def _deployed_alarm(description: Mapping[str, Any]) -> Watched:
    return Watched(
        name=description["AlarmName"],
        namespace=description["Namespace"],
        metric=description["MetricName"],
        alarm=_modelled(description["AlarmArn"], partial(alarms.from_description, description)),
    )


def _none(where: str, what: str) -> list[Any]:
    raise Violation(where=where, expected=f"a {what}", actual="there is none")


def _scaling(target: Target, operation: str, key: str, **asked: Any) -> list[Any]:
    return target.pages("application-autoscaling", operation, key, ServiceNamespace="ecs", **asked)


def _task(target: Target) -> Mapping[str, Any]:
    """The task definition that the service runs."""
    ecs, name = target.client("ecs"), f"{target.prefix}-app"
    services = ecs.describe_services(cluster=target.prefix, services=[name])["services"]
    running = (services or _none(name, "service"))[0]["taskDefinition"]
    definition: Mapping[str, Any] = ecs.describe_task_definition(taskDefinition=running)
    return definition["taskDefinition"]  # type: ignore[no-any-return]


def _deployed_policy(description: Mapping[str, Any], described: Sequence[Any]) -> Policy:
    names = {one["AlarmName"] for one in description.get("Alarms", [])}
    owned = [one for one in described if one["AlarmName"] in names]
    return _modelled(
        description["PolicyARN"], partial(scaling_policy.from_description, description, owned)
    )


def _scheduled(action: Mapping[str, Any], own: Capacity) -> Bounds:
    sets = action["ScalableTargetAction"]
    return Bounds(
        action["ScheduledActionARN"],
        Schedule.parse(action["Schedule"]),
        int(sets.get("MinCapacity", own.minimum)),
        int(sets.get("MaxCapacity", own.maximum)),
    )


def _modelled(where: str, model: Callable[[], _Model]) -> _Model:
    try:
        return model()
    except ValueError as error:
        raise SuiteError(f"{where}: {error}") from error


def _action(action: Resource, own: Capacity) -> Bounds:
    sets = action.nested("scalable_target_action")[0]
    least, most = sets.value("min_capacity"), sets.value("max_capacity")
    return Bounds(
        action.where,
        Schedule.parse(action.value("schedule")),
        int(own.minimum if least is None else least),
        int(own.maximum if most is None else most),
    )


def _watched(resource: Resource) -> Watched:
    return Watched(
        name=str(resource.value("alarm_name")),
        namespace=str(resource.value("namespace")),
        metric=str(resource.value("metric_name")),
        alarm=_modelled(resource.where, partial(alarms.from_description, _alarm(resource))),
    )


def _policy(resource: Resource) -> dict[str, Any]:
    """As `DescribeScalingPolicies` would tell it."""
    names = {
        "TargetValue": "target_value",
        "ScaleInCooldown": "scale_in_cooldown",
        "ScaleOutCooldown": "scale_out_cooldown",
        "DisableScaleIn": "disable_scale_in",
    }
    description: dict[str, Any] = {"PolicyName": resource.value("name")}
    if resource.nested("target_tracking_scaling_policy_configuration"):
        tracked = {
            name: value
            for name, path in names.items()
            if (value := resource.value(f"{_TRACKED}.{path}")) is not None
        }
        if resource.nested(f"{_TRACKED}.predefined_metric_specification"):
            kind = resource.value(f"{_SPECIFICATION}.predefined_metric_type")
            tracked["PredefinedMetricSpecification"] = {"PredefinedMetricType": kind}
        description["TargetTrackingScalingPolicyConfiguration"] = tracked
    return description


def _alarm(resource: Resource) -> dict[str, Any]:
    """As `DescribeAlarms` would tell it."""
    names = {
        "AlarmName": "alarm_name",
        "Threshold": "threshold",
        "ComparisonOperator": "comparison_operator",
        "Statistic": "statistic",
        "ExtendedStatistic": "extended_statistic",
        "Period": "period",
        "EvaluationPeriods": "evaluation_periods",
        "DatapointsToAlarm": "datapoints_to_alarm",
        "TreatMissingData": "treat_missing_data",
        "EvaluateLowSampleCountPercentile": "evaluate_low_sample_count_percentiles",
    }
    values = {name: resource.value(path) for name, path in names.items() if resource.knows(path)}
    return {name: value for name, value in values.items() if value not in (None, "")}
