"""Application Auto Scaling: tags, and the alarms of target tracking policies."""

from __future__ import annotations

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
ACTIVITIES = declare(
    "application-autoscaling", "activities", "DescribeScalingActivities is missing."
)
_UTILIZATION = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}


@TARGET_TRACKING.fills("PutScalingPolicy")
def put_policy(call: Call) -> Document:
    """Put in moto, then give its two alarms the metric and thresholds AWS gives them.

    High: above the target for 3 periods of 60 s; low: below 90 % of it for 15 (Application Auto
    Scaling user guide, "Target tracking scaling policies", as observed on ECS services).
    """
    answer = call.proceed()
    tracking = call.params.get("TargetTrackingScalingPolicyConfiguration") or {}
    metric = _metric(call.params["ResourceId"], tracking)
    if metric is None:
        return answer
    high, low = (alarm["AlarmName"] for alarm in answer["Alarms"])
    target = tracking["TargetValue"]
    _replace(call, answer, high, metric, "GreaterThanThreshold", target, 3)
    _replace(call, answer, low, metric, "LessThanThreshold", 0.9 * target, 15)
    return answer


@ACTIVITIES.fills("DescribeScalingActivities")
def describe_activities(call: Call) -> Document:
    """None: nothing in the control plane scales."""
    return {"ScalingActivities": []}


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


def _replace(
    call: Call,
    policy: Document,
    name: str,
    metric: Document,
    comparison: str,
    threshold: float,
    periods: int,
) -> None:
    """Put an alarm in the place of moto's alarm of that name."""
    call.emulator("DeleteAlarms", {"AlarmNames": [name]}, service="cloudwatch")
    call.emulator(
        "PutMetricAlarm",
        {
            "AlarmName": name,
            "AlarmDescription": "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy "
            f"{policy['PolicyARN']}.",
            "AlarmActions": [policy["PolicyARN"]],
            "ComparisonOperator": comparison,
            "EvaluationPeriods": periods,
            "Period": 60,
            "Threshold": threshold,
            **metric,
        },
        service="cloudwatch",
    )
