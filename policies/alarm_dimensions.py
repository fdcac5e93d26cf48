"""An alarm watches a metric by dimensions that AWS emits it by.

On any other set the alarm waits for data for ever and stays in INSUFFICIENT_DATA. Checkov has no
check for it. The sets are those of the services' own documentation and of aws-cdk-lib's canned
metrics. A metric of AWS that is not listed is unknown, not wrong; one's own metrics are what one
makes them.
"""

from __future__ import annotations

from typing import Any

from _values import blocks, is_unknown, value
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

Sets = tuple[frozenset[str], ...]


def sets(*names: str) -> Sets:
    """Each name is one set, its dimensions joined by +."""
    return tuple(frozenset(name.split("+")) - {""} for name in names)


BY_TARGET = sets("LoadBalancer", "LoadBalancer+TargetGroup")
BY_TARGET_AND_ZONE = BY_TARGET + sets(
    "LoadBalancer+AvailabilityZone", "LoadBalancer+TargetGroup+AvailabilityZone"
)
HOSTS = sets("LoadBalancer+TargetGroup", "LoadBalancer+TargetGroup+AvailabilityZone")
DATABASE = sets("DBInstanceIdentifier", "DBClusterIdentifier", "DBClusterIdentifier+Role")
# Never ReplicationGroupId: ElastiCache emits by member.
CACHE = sets("CacheClusterId", "CacheClusterId+CacheNodeId", "")
# ClusterName alone is emitted for tasks on EC2 only.
SERVICE = sets("ClusterName+ServiceName")

EMITTED: dict[tuple[str, str], Sets] = {
    ("AWS/ApplicationELB", "TargetResponseTime"): BY_TARGET_AND_ZONE,
    ("AWS/ApplicationELB", "RequestCountPerTarget"): sets(
        "TargetGroup", "LoadBalancer+TargetGroup"
    ),
    ("AWS/ApplicationELB", "RequestCount"): BY_TARGET,
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"): sets(
        "LoadBalancer", "LoadBalancer+AvailabilityZone"
    ),
    ("AWS/ApplicationELB", "HTTPCode_ELB_504_Count"): sets("LoadBalancer"),
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"): BY_TARGET_AND_ZONE,
    ("AWS/ApplicationELB", "HealthyHostCount"): HOSTS,
    ("AWS/ApplicationELB", "UnHealthyHostCount"): HOSTS,
    **{
        ("AWS/RDS", metric): DATABASE
        for metric in (
            "CPUUtilization",
            "DatabaseConnections",
            "FreeableMemory",
            "ReadLatency",
            "WriteLatency",
        )
    },
    **{
        ("AWS/ElastiCache", metric): CACHE
        for metric in (
            "CacheHitRate",
            "CPUUtilization",
            "EngineCPUUtilization",
            "Evictions",
            "DatabaseMemoryUsagePercentage",
            "CurrConnections",
        )
    },
    ("AWS/ECS", "CPUUtilization"): SERVICE,
    ("AWS/ECS", "MemoryUtilization"): SERVICE,
}


class AlarmDimensions(BaseResourceCheck):
    """Looks at the metric of aws_cloudwatch_metric_alarm, or at each metric of its queries."""

    requirement = "MON-03"

    def __init__(self) -> None:
        super().__init__(
            name="An alarm watches a metric by dimensions that AWS emits it by",
            id="CKV2_MNXT_7",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_cloudwatch_metric_alarm"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """The worst of the metrics decides."""
        self.evaluated_keys = ["namespace", "metric_name", "dimensions"]
        queried = [m for query in blocks(conf, "metric_query") for m in blocks(query, "metric")]
        results = {self._judge(metric) for metric in queried or [conf]}
        for worst in (CheckResult.FAILED, CheckResult.UNKNOWN):
            if worst in results:
                return worst
        return CheckResult.PASSED

    def _judge(self, metric: dict[str, Any]) -> CheckResult:
        namespace, name = value(metric, "namespace"), value(metric, "metric_name")
        if is_unknown(namespace):
            return CheckResult.UNKNOWN
        if namespace is not None and not namespace.startswith("AWS/"):
            return CheckResult.PASSED
        dimensions = value(metric, "dimensions") or {}
        emitted = EMITTED.get((namespace, name))
        if emitted is None or not isinstance(dimensions, dict):
            return CheckResult.UNKNOWN
        if frozenset(dimensions) in emitted:
            return CheckResult.PASSED
        listed = " or ".join("{" + ", ".join(sorted(each)) + "}" for each in emitted)
        self.details.append(f"{namespace} {name} is emitted by {listed}")
        return CheckResult.FAILED


check = AlarmDimensions()
