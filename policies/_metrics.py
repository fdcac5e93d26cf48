"""What AWS publishes to CloudWatch, as far as alarms on it can be judged.

Sources: aws-cdk-lib's canned metrics for the sets of dimensions; each service's own page on its
CloudWatch metrics for statistics, units and scales. Nothing of Checkov is needed here: a test
compares the table with tests/support/metrics.yaml.
"""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

Sets = tuple[frozenset[str], ...]


class Metric(NamedTuple):
    """A metric: the sets of dimensions it comes by, the statistics that mean something for it.

    `least` and `most` are the lowest and highest thresholds that make sense, in `unit`.
    "percentile" stands for every statistic of the distribution, trimmed means and the like as well.
    """

    dimensions: Sets
    statistics: frozenset[str]
    unit: str
    least: float
    most: float

    @property
    def highest(self) -> float:
        """What the metric itself can reach; the lowest is 0 for all of them."""
        return 100 if self.unit == "Percent" else inf


def sets(*names: str) -> Sets:
    """Each name is one set, its dimensions joined by +."""
    return tuple(frozenset(name.split("+")) - {""} for name in names)


ZONE = "+AvailabilityZone"
BALANCER = sets("LoadBalancer", f"LoadBalancer{ZONE}")
BY_TARGET = sets("LoadBalancer", "LoadBalancer+TargetGroup")
HOSTS = sets("LoadBalancer+TargetGroup", f"LoadBalancer+TargetGroup{ZONE}")
DATABASE = sets("DBInstanceIdentifier", "DBClusterIdentifier", "DBClusterIdentifier+Role")
# Never ReplicationGroupId: ElastiCache emits by member.
CACHE = sets("CacheClusterId", "CacheClusterId+CacheNodeId", "")
# ClusterName alone is emitted for tasks on EC2 only.
SERVICE = sets("ClusterName+ServiceName")
EDGE = sets("DistributionId+Region")

SUM = frozenset({"Sum"})
LEVEL = frozenset({"Average", "Minimum", "Maximum"})
SPREAD = LEVEL | {"percentile"}
TALLY = SPREAD | SUM


def _family(namespace: str, names: str, *metric: Any) -> dict[tuple[str, str], Metric]:
    return {(namespace, name): Metric(*metric) for name in names.split()}


KNOWN: dict[tuple[str, str], Metric] = {
    **_family(
        "AWS/ApplicationELB",
        "TargetResponseTime",
        *(BY_TARGET + BALANCER[1:] + HOSTS[1:], SPREAD, "Seconds", 0.001, 60),
    ),
    **_family(
        "AWS/ApplicationELB",
        "RequestCountPerTarget",
        *(sets("TargetGroup", "LoadBalancer+TargetGroup"), SUM, "Count", 0, 1e6),
    ),
    **_family("AWS/ApplicationELB", "RequestCount", BY_TARGET, SUM, "Count", 0, 1e9),
    **_family(
        "AWS/ApplicationELB",
        "HTTPCode_ELB_3XX_Count HTTPCode_ELB_4XX_Count HTTPCode_ELB_5XX_Count"
        " RejectedConnectionCount",
        *(BALANCER, SUM, "Count", 0, 1e6),
    ),
    **_family(
        "AWS/ApplicationELB",
        "HTTPCode_ELB_500_Count HTTPCode_ELB_502_Count HTTPCode_ELB_503_Count"
        " HTTPCode_ELB_504_Count",
        *(BALANCER[:1], SUM, "Count", 0, 1e6),
    ),
    **_family(
        "AWS/ApplicationELB",
        "HTTPCode_Target_2XX_Count HTTPCode_Target_3XX_Count HTTPCode_Target_4XX_Count"
        " HTTPCode_Target_5XX_Count TargetConnectionErrorCount",
        *(BY_TARGET + BALANCER[1:] + HOSTS[1:], SUM, "Count", 0, 1e6),
    ),
    **_family(
        "AWS/ApplicationELB", "HealthyHostCount UnHealthyHostCount", HOSTS, LEVEL, "Count", 0, 1000
    ),
    **_family("AWS/RDS", "CPUUtilization", DATABASE, SPREAD, "Percent", 1, 100),
    **_family("AWS/RDS", "DatabaseConnections", DATABASE, TALLY, "Count", 0, 16000),
    **_family("AWS/RDS", "FreeableMemory", DATABASE, SPREAD, "Bytes", 1e7, 1e12),
    **_family("AWS/RDS", "ReadLatency WriteLatency", DATABASE, SPREAD, "Seconds", 0.0001, 10),
    **_family("AWS/RDS", "AuroraReplicaLag", DATABASE, SPREAD, "Milliseconds", 1, 3.6e6),
    **_family(
        "AWS/ElastiCache",
        "CacheHitRate CPUUtilization EngineCPUUtilization DatabaseMemoryUsagePercentage",
        *(CACHE, SPREAD, "Percent", 1, 100),
    ),
    **_family("AWS/ElastiCache", "CurrConnections Evictions", CACHE, TALLY, "Count", 0, 1e6),
    **_family("AWS/ECS", "CPUUtilization MemoryUtilization", SERVICE, SPREAD, "Percent", 1, 100),
    **_family(
        "AWS/CloudFront",
        "4xxErrorRate 5xxErrorRate TotalErrorRate",
        *(EDGE, frozenset({"Average"}), "Percent", 0, 100),
    ),
    **_family("AWS/CloudFront", "Requests", EDGE, SUM, "None", 0, 1e9),
}
