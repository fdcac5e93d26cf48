"""ElastiCache replication groups as AWS describes them, with member clusters."""

from __future__ import annotations

import copy
import datetime
import hashlib

from tests.support.emulator.registry import Call, Document, declare

REPLICATION_GROUPS = declare(
    "elasticache",
    "replication group read-back",
    "The member list is one short, encryption at rest reads back as false, log deliveries and the "
    "other settings are lost, changes are ignored and a deleted group stays.",
)

# What CreateReplicationGroup and ModifyReplicationGroup set and both descriptions repeat.
SHARED = (
    "CacheNodeType",
    "AutoMinorVersionUpgrade",
    "SnapshotRetentionLimit",
    "SnapshotWindow",
    "TransitEncryptionEnabled",
    "TransitEncryptionMode",
    "AtRestEncryptionEnabled",
    "NetworkType",
    "IpDiscovery",
    "Engine",
)
_FLAGS = (("AutomaticFailoverEnabled", "AutomaticFailover"), ("MultiAZEnabled", "MultiAZ"))
# What the members have in common and the group does not repeat.
_COMMON = (
    "PreferredMaintenanceWindow",
    "CacheParameterGroupName",
    "NotificationTopicArn",
    "SecurityGroupIds",
)
# ElastiCache reports the patch release that a minor version resolves to.
_PATCH_RELEASES = {"7.0": "7.0.7", "7.1": "7.1.0", "6.2": "6.2.6"}


@REPLICATION_GROUPS.fills("CreateReplicationGroup")
def create(call: Call) -> Document:
    """Create the group in moto (for snapshots and tags) and describe it here with its members."""
    # moto would try to look up the security groups' names.
    call.proceed()
    asked = call.params
    name = asked["ReplicationGroupId"]
    group: Document = {
        "ReplicationGroupId": name,
        "Description": asked["ReplicationGroupDescription"],
        "Status": "available",
        "PendingModifiedValues": {},
        "GlobalReplicationGroupInfo": {},
        "ReplicationGroupCreateTime": datetime.datetime.now(datetime.UTC),
        "ARN": call.arn(f"replicationgroup:{name}"),
        "ClusterEnabled": False,
        "ClusterMode": "disabled",
        "DataTiering": "disabled",
        "Engine": "redis",
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
        "AutoMinorVersionUpgrade": True,
        "SnapshotRetentionLimit": 0,
        "SnapshotWindow": "05:00-06:00",
        "TransitEncryptionEnabled": False,
        "AtRestEncryptionEnabled": False,
        "AutomaticFailover": "disabled",
        "MultiAZ": "disabled",
        "AuthTokenEnabled": False,
        "LogDeliveryConfigurations": [],
        "UserGroupIds": asked.get("UserGroupIds", []),
    }
    if asked.get("KmsKeyId"):
        group["KmsKeyId"] = asked["KmsKeyId"]
    if asked.get("TransitEncryptionEnabled"):
        group["TransitEncryptionMode"] = "required"
    common: Document = {
        "CacheSubnetGroupName": asked.get("CacheSubnetGroupName", "default"),
        "CacheParameterGroupName": "default.redis7",
        "EngineVersion": "7.1.0",
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
        "Port": asked.get("Port", 6379),
        "SecurityGroupIds": [],
    }
    record: Document = {"group": group, "common": common}
    _set(record, asked)
    count = asked.get("NumCacheClusters") or 1
    zones = asked.get("PreferredCacheClusterAZs") or _zones(call, common["CacheSubnetGroupName"])
    record["zones"] = [zones[n % len(zones)] for n in range(count)]
    _place(record)
    call.table("groups")[name] = record
    for member in group["MemberClusters"]:
        call.emulator(
            "CreateCacheCluster",
            {
                "CacheClusterId": member,
                "ReplicationGroupId": name,
                "Engine": "redis",
                "CacheNodeType": group.get("CacheNodeType"),
                "CacheSubnetGroupName": common["CacheSubnetGroupName"],
                "NumCacheNodes": 1,
            },
        )
    return {"ReplicationGroup": {**group, "Status": "creating"}}


@REPLICATION_GROUPS.fills("DescribeReplicationGroups")
def describe(call: Call) -> Document:
    """moto's list, each entry replaced by the full description."""
    answer = call.proceed()
    records = call.table("groups")
    answer["ReplicationGroups"] = [
        copy.deepcopy(records[group["ReplicationGroupId"]]["group"])
        if group["ReplicationGroupId"] in records
        else group
        for group in answer["ReplicationGroups"]
    ]
    return answer


@REPLICATION_GROUPS.fills("ModifyReplicationGroup")
def modify(call: Call) -> Document:
    """Every change takes effect at once."""
    call.proceed()
    record = call.table("groups")[call.params["ReplicationGroupId"]]
    _set(record, call.params)
    _place(record)
    return {"ReplicationGroup": record["group"]}


@REPLICATION_GROUPS.fills("DeleteReplicationGroup")
def delete(call: Call) -> Document:
    """Remove the group and its members at once."""
    answer = call.proceed()
    record = call.table("groups").pop(call.params["ReplicationGroupId"])
    for member in record["group"]["MemberClusters"]:
        call.emulator("DeleteCacheCluster", {"CacheClusterId": member})
    _forget_in_moto(call, call.params["ReplicationGroupId"])
    return answer


def _set(record: Document, asked: Document) -> None:
    """Apply the settings a request names to the group and to what its members share."""
    group, common = record["group"], record["common"]
    group.update({key: asked[key] for key in SHARED if asked.get(key) is not None})
    if "ReplicationGroupDescription" in asked:
        group["Description"] = asked["ReplicationGroupDescription"]
    for flag, field in _FLAGS:
        if asked.get(flag) is not None:
            group[field] = "enabled" if asked[flag] else "disabled"
    _set_token(group, asked)
    for wanted in asked.get("LogDeliveryConfigurations", []):
        _deliver_log(group, wanted)
    common.update({key: asked[key] for key in _COMMON if asked.get(key)})
    if asked.get("EngineVersion"):
        version = asked["EngineVersion"]
        common["EngineVersion"] = _PATCH_RELEASES.get(version, version)


def _set_token(group: Document, asked: Document) -> None:
    if asked.get("AuthToken"):
        group["AuthTokenEnabled"] = True
        group["AuthTokenLastModifiedDate"] = datetime.datetime.now(datetime.UTC)
    if asked.get("AuthTokenUpdateStrategy") == "DELETE":
        group["AuthTokenEnabled"] = False


def _deliver_log(group: Document, wanted: Document) -> None:
    """Put a delivery in the place of the one of its type, or end it."""
    kept = [
        one for one in group["LogDeliveryConfigurations"] if one["LogType"] != wanted["LogType"]
    ]
    if wanted.get("Enabled", True):
        kept.append({**wanted, "Status": "active"})
    group["LogDeliveryConfigurations"] = kept


def _place(record: Document) -> None:
    """Name the members and their endpoints; the first is the primary."""
    group, port = record["group"], record["common"]["Port"]
    name = group["ReplicationGroupId"]
    domain = f"{name}.{_suffix(group['ARN'])}.use1.cache.amazonaws.com"
    primary, reader = f"master.{domain}", f"replica.{domain}"
    if not group["TransitEncryptionEnabled"]:
        domain = f"{_suffix(group['ARN'])}.ng.0001.use1.cache.amazonaws.com"
        primary, reader = f"{name}.{domain}", f"{name}-ro.{domain}"
    group["MemberClusters"] = [f"{name}-{n:03d}" for n in range(1, len(record["zones"]) + 1)]
    if group["SnapshotRetentionLimit"]:
        group["SnapshottingClusterId"] = group["MemberClusters"][-1]
    group["NodeGroups"] = [
        {
            "NodeGroupId": "0001",
            "Status": "available",
            "PrimaryEndpoint": {"Address": primary, "Port": port},
            "ReaderEndpoint": {"Address": reader, "Port": port},
            "NodeGroupMembers": [
                {
                    "CacheClusterId": member,
                    "CacheNodeId": "0001",
                    "ReadEndpoint": {"Address": f"{member}.{domain}", "Port": port},
                    "PreferredAvailabilityZone": zone,
                    "CurrentRole": "primary" if index == 0 else "replica",
                }
                for index, (member, zone) in enumerate(
                    zip(group["MemberClusters"], record["zones"], strict=True)
                )
            ],
        }
    ]


def _zones(call: Call, subnet_group: str) -> list[str]:
    """The zones of a subnet group, in alphabetical order."""
    answer = call.emulator("DescribeCacheSubnetGroups", {"CacheSubnetGroupName": subnet_group})
    subnets = answer["CacheSubnetGroups"][0]["Subnets"]
    return sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets})


def _suffix(arn: str) -> str:
    """The six characters AWS puts into endpoint names; here a function of the ARN."""
    return hashlib.sha256(arn.encode()).hexdigest()[:6]


def _forget_in_moto(call: Call, name: str) -> None:
    from moto.elasticache.models import elasticache_backends

    elasticache_backends[call.account_id][call.region].replication_groups.pop(name, None)
