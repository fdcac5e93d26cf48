"""Aurora clusters that are restored or renamed."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from tests.support.emulator.gaps import rds
from tests.support.emulator.registry import AwsError, Call, Document, declare

RESTORES = declare(
    "rds",
    "restores",
    "A restored cluster takes over its source's network, parameter group, protection, log exports "
    "and tags, or the parameter group of another engine, and has an endpoint like no other's; it "
    "replaces a cluster of its name; any moment can be restored; no snapshot is found by its ARN.",
)
RENAMES = declare(
    "rds",
    "renames",
    "A renamed cluster leaves its instances behind and may take the name of another.",
)
AUTOMATED = declare("rds", "automated snapshots", "A deleted cluster leaves its automated ones.")
WINDOWS = declare(
    "rds",
    "adjoining windows",
    "Every change of an instance whose maintenance begins when its backup ends is refused.",
)
_ARN_PARTS = 6


@RESTORES.fills("RestoreDBClusterFromSnapshot")
def restore_snapshot(call: Call) -> Document:
    """Restore a snapshot, named by its identifier or its ARN."""
    _refuse_taken(call, call.params["DBClusterIdentifier"])
    wanted = call.params["SnapshotIdentifier"]
    name = wanted.split(":", _ARN_PARTS)[-1] if wanted.startswith("arn:") else wanted
    call.emulator("DescribeDBClusterSnapshots", {"DBClusterSnapshotIdentifier": name})
    call.proceed({**call.params, "SnapshotIdentifier": name})
    from moto.rds.models import rds_backends

    snapshots = rds_backends[call.account_id][call.region].cluster_snapshots
    return _restored(call, snapshots[name].cluster)


@RESTORES.fills("RestoreDBClusterToPointInTime")
def restore_moment(call: Call) -> Document:
    """Restore a moment since the source's first backup, or its latest one."""
    asked = call.params
    _refuse_taken(call, asked["DBClusterIdentifier"])
    place = {"DBClusterIdentifier": asked["SourceDBClusterIdentifier"]}
    source = call.emulator("DescribeDBClusters", place)["DBClusters"][0]
    moment = asked.get("RestoreToTime")
    if not moment and not asked.get("UseLatestRestorableTime"):
        raise AwsError(
            "InvalidParameterCombination", "RestoreToTime or UseLatestRestorableTime is required"
        )
    earliest, latest = source["EarliestRestorableTime"], source["LatestRestorableTime"]
    if moment and not earliest.timestamp() <= moment.timestamp() <= latest.timestamp():
        raise AwsError(
            "InvalidParameterValue", f"RestoreToTime must lie between {earliest} and {latest}"
        )
    call.proceed()
    return _restored(call, _clusters(call)[asked["SourceDBClusterIdentifier"]])


@AUTOMATED.fills("DeleteDBCluster")
def delete_cluster(call: Call) -> Document:
    """Automated snapshots go with their cluster, unless the request keeps them."""
    answer = call.proceed()
    if call.params.get("DeleteAutomatedBackups", True):
        from moto.rds.models import rds_backends

        kept = rds_backends[call.account_id][call.region].cluster_snapshots
        for name, snapshot in list(kept.items()):
            of_cluster = snapshot.db_cluster_identifier == call.params["DBClusterIdentifier"]
            if of_cluster and snapshot.snapshot_type == "automated":
                del kept[name]
    return answer


def _restored(call: Call, source: Any) -> Document:
    """The cluster as AWS restores it: what the request does not name has AWS's default.

    The defaults are those of the API reference, RestoreDBClusterFromSnapshot and
    RestoreDBClusterToPointInTime.
    """
    asked, cluster = call.params, _clusters(call)[call.params["DBClusterIdentifier"]]
    subnets = asked.get("DBSubnetGroupName", "default")
    major = cluster.engine_version.split(".")[0]
    cluster.db_subnet_group_name = subnets
    cluster.vpc_security_group_ids = asked.get("VpcSecurityGroupIds") or _default_group(
        call, subnets
    )
    cluster.parameter_group = asked.get(
        "DBClusterParameterGroupName", f"default.{cluster.engine}{major}"
    )
    cluster.deletion_protection = asked.get("DeletionProtection", False)
    cluster.copy_tags_to_snapshot = asked.get("CopyTagsToSnapshot", False)
    cluster.iam_auth = asked.get("EnableIAMDatabaseAuthentication", False)
    cluster.enabled_cloudwatch_logs_exports = list(asked.get("EnableCloudwatchLogsExports", []))
    cluster.tags = list(asked.get("Tags", []))
    # Endpoints differ by the cluster's name only: the rest belongs to account and region.
    cluster.url_identifier = source.url_identifier
    call.table("cluster_insights").pop(cluster.db_cluster_identifier, None)
    place = {"DBClusterIdentifier": cluster.db_cluster_identifier}
    return {"DBCluster": call.emulator("DescribeDBClusters", place)["DBClusters"][0]}


def _default_group(call: Call, subnets: str) -> list[str]:
    """The default security group of the subnet group's VPC, or of the default VPC."""
    filters = [{"Name": "is-default", "Values": ["true"]}]
    if subnets == "default":
        vpcs = call.emulator("DescribeVpcs", {"Filters": filters}, service="ec2")["Vpcs"]
        vpc = vpcs[0]["VpcId"]
    else:
        found = call.emulator("DescribeDBSubnetGroups", {"DBSubnetGroupName": subnets})
        vpc = found["DBSubnetGroups"][0]["VpcId"]
    filters = [
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    groups = call.emulator("DescribeSecurityGroups", {"Filters": filters}, service="ec2")
    return [group["GroupId"] for group in groups["SecurityGroups"]]


@RENAMES.fills("ModifyDBCluster")
def rename_cluster(call: Call) -> Document:
    """Give a cluster another name; its instances stay with it."""
    old, new = call.params["DBClusterIdentifier"], call.params.get("NewDBClusterIdentifier")
    if new is None:
        return call.proceed()
    _refuse_taken(call, new)
    call.proceed()
    from moto.rds.models import rds_backends

    for instance in rds_backends[call.account_id][call.region].databases.values():
        if instance.db_cluster_identifier == old:
            instance.db_cluster_identifier = new
    _move(call.table("cluster_insights"), old, new)
    found = call.emulator("DescribeDBClusters", {"DBClusterIdentifier": new})
    return {"DBCluster": found["DBClusters"][0]}


@RENAMES.fills("ModifyDBInstance")
def rename_instance(call: Call) -> Document:
    """Give an instance another name; its resource id stays."""
    old, new = call.params["DBInstanceIdentifier"], call.params.get("NewDBInstanceIdentifier")
    if new is None:
        return call.proceed()
    from moto.rds.models import rds_backends

    if new in rds_backends[call.account_id][call.region].databases:
        raise AwsError("DBInstanceAlreadyExists", "DB instance already exists")
    resource = rds.resource_id(call, old)
    call.proceed()
    call.table("resource_ids").pop(old, None)
    call.table("resource_ids")[new] = resource
    _move(call.table("instance_insights"), old, new)
    found = call.emulator("DescribeDBInstances", {"DBInstanceIdentifier": new})
    return {"DBInstance": found["DBInstances"][0]}


@WINDOWS.fills("ModifyDBInstance")
def allow_adjoining_windows(call: Call) -> Document:
    """Windows that only touch do not overlap."""
    from moto.rds import utils

    overlap = utils.get_overlap_between_two_date_ranges
    vars(utils)[overlap.__name__] = lambda *ends: overlap(*ends) or -1
    try:
        return call.proceed()
    finally:
        vars(utils)[overlap.__name__] = overlap


def _move(table: dict[str, Any], old: str, new: str) -> None:
    if old in table:
        table[new] = table.pop(old)


def _clusters(call: Call) -> MutableMapping[str, Any]:
    from moto.rds.models import rds_backends

    return rds_backends[call.account_id][call.region].clusters


def _refuse_taken(call: Call, name: str) -> None:
    if name in _clusters(call):
        raise AwsError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
