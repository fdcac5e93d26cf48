"""ElastiCache snapshots of replication groups: taken, copied, restored and deleted."""

from __future__ import annotations

import datetime

from tests.support.emulator.registry import AwsError, Call, Document, declare

SNAPSHOTS = declare(
    "elasticache",
    "snapshots",
    "A snapshot tells neither when it was taken nor its group's version and parameter group; a "
    "group can be created from a snapshot that does not exist.",
)
COPIES = declare("elasticache", "snapshot copies", "CopySnapshot is missing.")
AUTOMATIC = declare(
    "elasticache",
    "automatic and final snapshots",
    "A group with a retention never has an automatic snapshot, and no final one is taken.",
)
_SOURCES = {"system": "automated", "user": "manual"}
# What a snapshot repeats of its group and of what the group's members share.
_OF_GROUP = ("CacheNodeType", "Engine", "AutomaticFailover", "AutoMinorVersionUpgrade",
             "SnapshotRetentionLimit", "SnapshotWindow", "KmsKeyId")  # fmt: skip
_OF_MEMBERS = ("EngineVersion", "Port", "CacheParameterGroupName", "CacheSubnetGroupName",
               "PreferredMaintenanceWindow")  # fmt: skip


@SNAPSHOTS.fills("CreateSnapshot")
def create(call: Call) -> Document:
    """A manual snapshot of a group, complete at once; moto takes those of single clusters."""
    group = call.params.get("ReplicationGroupId")
    if group is None:
        return call.proceed()
    if group not in call.table("groups"):
        raise AwsError("ReplicationGroupNotFoundFault", f"{group} not found", status=404)
    return {"Snapshot": _take(call, group, call.params["SnapshotName"], "manual")}


@SNAPSHOTS.fills("DescribeSnapshots")
def describe(call: Call) -> Document:
    """The snapshots of groups; moto knows those of single clusters."""
    asked, kept = call.params, call.table("snapshots")
    if asked.get("CacheClusterId") or asked.get("SnapshotName", "") not in {"", *kept}:
        return call.proceed()
    source = str(asked.get("SnapshotSource", ""))
    wanted = {
        "SnapshotName": asked.get("SnapshotName"),
        "ReplicationGroupId": asked.get("ReplicationGroupId"),
        "SnapshotSource": _SOURCES.get(source, source),
    }
    named = {key: value for key, value in wanted.items() if value}
    return {"Snapshots": [one for one in kept.values() if named.items() <= one.items()]}


@SNAPSHOTS.fills("DeleteSnapshot")
def delete(call: Call) -> Document:
    """Remove a snapshot at once."""
    name = call.params["SnapshotName"]
    if name not in call.table("snapshots"):
        return call.proceed()
    return {"Snapshot": {**call.table("snapshots").pop(name), "SnapshotStatus": "deleting"}}


@SNAPSHOTS.fills("CreateReplicationGroup")
def restore(call: Call) -> Document:
    """Create a group only from a snapshot that is there."""
    name = call.params.get("SnapshotName")
    if name is not None:
        _known(call, name)
    return call.proceed()


@COPIES.fills("CopySnapshot")
def copy(call: Call) -> Document:
    """A manual copy, complete at once; its group's end does not end it."""
    source = _known(call, call.params["SourceSnapshotName"])
    name = call.params["TargetSnapshotName"]
    return {"Snapshot": _keep(call, {**source, "SnapshotName": name, "SnapshotSource": "manual"})}


@AUTOMATIC.fills("CreateReplicationGroup")
def take_first(call: Call) -> Document:
    """The first automatic snapshot is there at once, as moto's first of a database is."""
    answer = call.proceed()
    group = answer["ReplicationGroup"]
    if group.get("SnapshotRetentionLimit"):
        moment = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d-%H-%M")
        name = f"automatic.{group['SnapshottingClusterId']}-{moment}"
        _take(call, group["ReplicationGroupId"], name, "automated")
    return answer


@AUTOMATIC.fills("DeleteReplicationGroup")
def delete_group(call: Call) -> Document:
    """Take the final snapshot that is asked for; automatic ones go with their group."""
    group, final = call.params["ReplicationGroupId"], call.params.get("FinalSnapshotIdentifier")
    if final is not None and group in call.table("groups"):
        _take(call, group, final, "manual")
    answer = call.proceed()
    kept = call.table("snapshots")
    for name, one in list(kept.items()):
        if (one["ReplicationGroupId"], one["SnapshotSource"]) == (group, "automated"):
            del kept[name]
    return answer


def _take(call: Call, group: str, name: str, source: str) -> Document:
    record = call.table("groups")[group]
    described, common = record["group"], record["common"]
    return _keep(
        call,
        {
            **{key: described[key] for key in _OF_GROUP if key in described},
            **{key: common[key] for key in _OF_MEMBERS if key in common},
            "SnapshotName": name,
            "SnapshotSource": source,
            "ReplicationGroupId": group,
            "ReplicationGroupDescription": described["Description"],
            "NumNodeGroups": 1,
            "NodeSnapshots": [
                {
                    "CacheClusterId": described["MemberClusters"][-1],
                    "CacheNodeId": "0001",
                    "NodeGroupId": "0001",
                    "SnapshotCreateTime": datetime.datetime.now(datetime.UTC),
                }
            ],
        },
    )


def _keep(call: Call, snapshot: Document) -> Document:
    """Keep a snapshot under its name; the answer says that it is being made."""
    name = snapshot["SnapshotName"]
    if name in call.table("snapshots"):
        raise AwsError("SnapshotAlreadyExistsFault", f"{name} already exists")
    made = {"SnapshotStatus": "available", "ARN": call.arn(f"snapshot:{name}")}
    call.table("snapshots")[name] = {**snapshot, **made}
    return {**snapshot, **made, "SnapshotStatus": "creating"}


def _known(call: Call, name: str) -> Document:
    snapshot: Document | None = call.table("snapshots").get(name)
    if snapshot is None:
        raise AwsError("SnapshotNotFoundFault", f"Snapshot {name} not found", status=404)
    return snapshot
