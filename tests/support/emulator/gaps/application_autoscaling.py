"""Application Auto Scaling: tags, and the alarms of target tracking policies."""

from __future__ import annotations

from typing import Any

from tests.support import alarms, scaling_policy
from tests.support.emulator import tags
from tests.support.emulator.registry import AwsError, Call, Document, declare

TAGS = declare(
    "application-autoscaling",
    "tags",
    "ListTagsForResource, TagResource and UntagResource are missing; RegisterScalableTarget drops "
    "the tags.",
)


@TAGS.fills("RegisterScalableTarget")
def register(call: Call) -> Document:
    """Register in moto and keep the tags."""
    answer = call.proceed()
    arn = answer["ScalableTargetARN"]
    tags.of(call, arn).update(call.params.get("Tags") or {})
    return answer


@TAGS.fills("ListTagsForResource")
def list_tags(call: Call) -> Document:
    """The tags of a scalable target."""
    return {"Tags": _tags(call)}


@TAGS.fills("TagResource")
def tag(call: Call) -> Document:
    """Add tags to a scalable target."""
    _tags(call).update(call.params["Tags"])
    return {}


@TAGS.fills("UntagResource")
def untag(call: Call) -> Document:
    """Remove tags from a scalable target."""
    kept = _tags(call)
    for key in call.params["TagKeys"]:
        kept.pop(key, None)
    return {}


def _tags(call: Call) -> tags.Tags:
    arn = call.params["ResourceARN"]
    if arn not in call.table("tags"):
        raise AwsError("ResourceNotFoundException", f"No scalable target found for ARN: {arn}")
    return tags.of(call, arn)


TARGET_TRACKING = declare(
    "application-autoscaling",
    "target tracking alarms",
    "The alarms of a target tracking policy have a threshold of 6 and watch the CPU, whatever the "
    "policy says.",
)
_UTILIZATION = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}


@TARGET_TRACKING.fills("PutScalingPolicy")
def put_policy(call: Call) -> Document:
    """Put in moto, then give its two alarms what `scaling` says that AWS gives them.

    A policy that is put again keeps its ARN, and its alarms their names and states.
    """
    before = _policy(call)
    answer = call.proceed()
    tracking = call.params.get("TargetTrackingScalingPolicyConfiguration") or {}
    metric = _metric(call.params["ResourceId"], tracking)
    if metric is None:
        return answer
    _delete(call, [alarm["AlarmName"] for alarm in answer["Alarms"]])
    if before is not None:
        policy = _policy(call)
        policy.policy_arn, policy.alarms = before.policy_arn, before.alarms
        pairs = [{"AlarmName": one.name, "AlarmARN": one.alarm_arn} for one in before.alarms]
        answer = {**answer, "PolicyARN": before.policy_arn, "Alarms": pairs}
    high, low = (alarm["AlarmName"] for alarm in answer["Alarms"])
    owner = scaling_policy.Policy.tracking(metric["MetricName"], tracking["TargetValue"], 0, 0)
    _put(call, answer, high, metric, owner.high)
    _put(call, answer, low, metric, owner.low)
    return answer


def _policy(call: Call) -> Any:
    """moto's policy that the request names, None if there is none."""
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    keys = ("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension")
    wanted = [call.params[key] for key in keys]
    policies = applicationautoscaling_backends[call.account_id][call.region].policies.values()
    named = [
        one
        for one in policies
        if [one.policy_name, one.service_namespace, one.resource_id, one.scalable_dimension]
        == wanted
    ]
    return named[0] if named else None


def _delete(call: Call, names: list[str]) -> None:
    """Delete moto's own alarms, which have settings and a state of their own."""
    call.emulator("DeleteAlarms", {"AlarmNames": names}, service="cloudwatch")


def _metric(resource: str, tracking: Document) -> Document | None:
    """The metric a policy tracks, as alarm settings; None when AWS chooses it differently."""
    wanted = tracking.get("PredefinedMetricSpecification") or {}
    kind = wanted.get("PredefinedMetricType")
    if kind in _UTILIZATION:
        _, cluster, service = resource.split("/")
        return {
            "Namespace": "AWS/ECS",
            "MetricName": _UTILIZATION[kind],
            "Statistic": "Average",
            "Unit": "Percent",
            "Dimensions": [
                {"Name": "ClusterName", "Value": cluster},
                {"Name": "ServiceName", "Value": service},
            ],
        }
    if kind == "ALBRequestCountPerTarget":
        balancer, _, group = wanted["ResourceLabel"].partition("/targetgroup/")
        return {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "RequestCountPerTarget",
            "Statistic": "Sum",
            "Dimensions": [
                {"Name": "TargetGroup", "Value": f"targetgroup/{group}"},
                {"Name": "LoadBalancer", "Value": balancer},
            ],
        }
    return None


def _put(
    call: Call,
    policy: Document,
    name: str,
    metric: Document,
    alarm: alarms.Alarm,
) -> None:
    """Put a policy's alarm on the metric."""
    call.emulator(
        "PutMetricAlarm",
        {
            "AlarmName": name,
            "AlarmDescription": "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy "
            f"{policy['PolicyARN']}.",
            "AlarmActions": [policy["PolicyARN"]],
            "ComparisonOperator": alarm.comparison_operator,
            "EvaluationPeriods": alarm.evaluation_periods,
            "Period": alarm.period_seconds,
            "Threshold": alarm.threshold,
            **metric,
        },
        service="cloudwatch",
    )
