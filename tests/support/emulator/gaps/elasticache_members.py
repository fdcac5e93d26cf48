"""The member clusters of ElastiCache's replication groups."""

from __future__ import annotations

from typing import Any

from tests.support.emulator.gaps.elasticache import SHARED
from tests.support.emulator.registry import Call, Document, declare

MEMBERS = declare(
    "elasticache",
    "member clusters",
    "DescribeCacheClusters(<group>-001) is a 404; members have no zone, security groups, parameter "
    "group or endpoint.",
)


@MEMBERS.fills("DescribeCacheClusters")
def describe_members(call: Call) -> Document:
    """moto's list, each member replaced by the full description."""
    answer = call.proceed()
    members = {
        member: _member(call, record, index)
        for record in call.table("groups").values()
        for index, member in enumerate(record["group"]["MemberClusters"])
    }
    answer["CacheClusters"] = [
        members.get(cluster["CacheClusterId"], cluster) for cluster in answer["CacheClusters"]
    ]
    if not call.params.get("ShowCacheNodeInfo"):
        for cluster in answer["CacheClusters"]:
            cluster.pop("CacheNodes", None)
    return answer


@MEMBERS.fills("DeleteCacheCluster")
def delete_member(call: Call) -> Document:
    """moto only marks a cluster as deleting; here it is gone, so that a name can be used again."""
    answer = call.proceed()
    from moto.elasticache.models import elasticache_backends

    clusters = elasticache_backends[call.account_id][call.region].cache_clusters
    clusters.pop(call.params["CacheClusterId"], None)
    return answer


def _member(call: Call, record: Document, index: int) -> Document:
    """A member cluster as DescribeCacheClusters shows it."""
    group, common = record["group"], record["common"]
    seat = group["NodeGroups"][0]["NodeGroupMembers"][index]
    snapshots = group.get("SnapshottingClusterId") == seat["CacheClusterId"]
    cluster: dict[str, Any] = {key: group[key] for key in SHARED if key in group}
    cluster.update(
        {
            "CacheClusterId": seat["CacheClusterId"],
            "CacheClusterStatus": "available",
            "ReplicationGroupId": group["ReplicationGroupId"],
            "NumCacheNodes": 1,
            "EngineVersion": common["EngineVersion"],
            "PreferredAvailabilityZone": seat["PreferredAvailabilityZone"],
            "CacheClusterCreateTime": group["ReplicationGroupCreateTime"],
            "PreferredMaintenanceWindow": common["PreferredMaintenanceWindow"],
            "PendingModifiedValues": {},
            "CacheSecurityGroups": [],
            "CacheParameterGroup": {
                "CacheParameterGroupName": common["CacheParameterGroupName"],
                "ParameterApplyStatus": "in-sync",
                "CacheNodeIdsToReboot": [],
            },
            "CacheSubnetGroupName": common["CacheSubnetGroupName"],
            "SecurityGroups": [
                {"SecurityGroupId": group_id, "Status": "active"}
                for group_id in common["SecurityGroupIds"]
            ],
            "SnapshotRetentionLimit": group["SnapshotRetentionLimit"] if snapshots else 0,
            "AuthTokenEnabled": group["AuthTokenEnabled"],
            "ARN": call.arn(f"cluster:{seat['CacheClusterId']}"),
            "ReplicationGroupLogDeliveryEnabled": bool(group["LogDeliveryConfigurations"]),
            "LogDeliveryConfigurations": group["LogDeliveryConfigurations"],
            "CacheNodes": [
                {
                    "CacheNodeId": "0001",
                    "CacheNodeStatus": "available",
                    "CacheNodeCreateTime": group["ReplicationGroupCreateTime"],
                    "Endpoint": seat["ReadEndpoint"],
                    "ParameterGroupStatus": "in-sync",
                    "CustomerAvailabilityZone": seat["PreferredAvailabilityZone"],
                }
            ],
        }
    )
    if "NotificationTopicArn" in common:
        cluster["NotificationConfiguration"] = {
            "TopicArn": common["NotificationTopicArn"],
            "TopicStatus": "active",
        }
    return cluster
