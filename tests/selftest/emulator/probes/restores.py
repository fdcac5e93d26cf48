"""Probes of the gaps in what is restored, renamed and kept as a snapshot."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.selftest.emulator.probes import probe
from tests.selftest.emulator.probes.databases import TAGS, aurora, replication_group
from tests.support.emulator import EmulatorSession

_ENGINE = "aurora-postgresql"


def _cluster(session: EmulatorSession, name: str) -> dict[str, Any]:
    rds = session.client("rds")
    found: dict[str, Any] = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
    return found


@probe("rds/restores")
def restores(session: EmulatorSession) -> None:
    """What a restore does not name has AWS's defaults; only what exists can be restored."""
    rds = session.client("rds")
    aurora(session, "origin", "47")
    protected = {"DeletionProtection": True, "VpcSecurityGroupIds": ["sg-1"]}
    rds.modify_db_cluster(DBClusterIdentifier="origin", **protected)
    rds.add_tags_to_resource(ResourceName=_cluster(session, "origin")["DBClusterArn"], Tags=TAGS)
    made = rds.create_db_cluster_snapshot(
        DBClusterIdentifier="origin", DBClusterSnapshotIdentifier="origin-snapshot"
    )["DBClusterSnapshot"]
    snapshot = {"SnapshotIdentifier": made["DBClusterSnapshotArn"], "Engine": _ENGINE}
    rds.restore_db_cluster_from_snapshot(DBClusterIdentifier="copy", **snapshot)
    copy = _cluster(session, "copy")
    assert copy["DBSubnetGroup"] == "default"
    assert [group["VpcSecurityGroupId"] for group in copy["VpcSecurityGroups"]] != ["sg-1"]
    assert copy["DBClusterParameterGroup"] == "default.aurora-postgresql15"
    assert not copy["DeletionProtection"]
    assert copy["TagList"] == []
    ends = [one["Endpoint"].partition(".")[2] for one in (copy, _cluster(session, "origin"))]
    assert ends[0] == ends[1]
    with pytest.raises(ClientError, match="DBClusterAlreadyExistsFault"):
        rds.restore_db_cluster_from_snapshot(DBClusterIdentifier="copy", **snapshot)
    moment = {"SourceDBClusterIdentifier": "origin", "UseLatestRestorableTime": True}
    rds.restore_db_cluster_to_point_in_time(
        DBClusterIdentifier="earlier", DBSubnetGroupName="origin", **moment
    )
    earlier = _cluster(session, "earlier")
    assert earlier["DBSubnetGroup"] == "origin"
    assert earlier["DBClusterParameterGroup"] == "default.aurora-postgresql15"
    before = {**moment, "RestoreToTime": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)}
    del before["UseLatestRestorableTime"]
    with pytest.raises(ClientError, match="RestoreToTime must lie between"):
        rds.restore_db_cluster_to_point_in_time(DBClusterIdentifier="too-early", **before)


@probe("rds/renames")
def renames(session: EmulatorSession) -> None:
    """A renamed cluster keeps its instances, and an instance its resource id."""
    rds = session.client("rds")
    instances = aurora(session, "first", "48")
    rds.modify_db_instance(
        DBInstanceIdentifier="first-1", NewDBInstanceIdentifier="second-1", ApplyImmediately=True
    )
    rds.modify_db_cluster(
        DBClusterIdentifier="first", NewDBClusterIdentifier="second", ApplyImmediately=True
    )
    members = _cluster(session, "second")["DBClusterMembers"]
    assert {one["DBInstanceIdentifier"] for one in members} == {"second-1", "first-2"}
    assert _cluster(session, "second")["PerformanceInsightsEnabled"]
    found = rds.describe_db_instances(DBInstanceIdentifier="second-1")["DBInstances"][0]
    assert found["DBClusterIdentifier"] == "second"
    assert found["DbiResourceId"] == instances[0]["DbiResourceId"]
    assert found["PerformanceInsightsEnabled"]
    aurora(session, "third", "49")
    with pytest.raises(ClientError, match="DBClusterAlreadyExistsFault"):
        rds.modify_db_cluster(DBClusterIdentifier="third", NewDBClusterIdentifier="second")
    with pytest.raises(ClientError, match="DBInstanceAlreadyExists"):
        rds.modify_db_instance(DBInstanceIdentifier="third-1", NewDBInstanceIdentifier="second-1")


@probe("rds/adjoining windows")
def adjoining_windows(session: EmulatorSession) -> None:
    """Maintenance may begin when the backup ends, and not before."""
    aurora(session, "touching", "39")
    rds = session.client("rds")
    rds.modify_db_cluster(DBClusterIdentifier="touching", PreferredBackupWindow="03:00-04:00")
    place = {"DBInstanceIdentifier": "touching-1"}
    rds.modify_db_instance(**place, PreferredMaintenanceWindow="sun:04:00-sun:05:00")
    with pytest.raises(ClientError, match="must not overlap"):
        rds.modify_db_instance(**place, PreferredMaintenanceWindow="sun:03:30-sun:04:30")


@probe("rds/automated snapshots")
def automated_snapshots(session: EmulatorSession) -> None:
    """An automated snapshot goes with its cluster; the final one stays."""
    rds = session.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="leaving",
        Engine=_ENGINE,
        MasterUsername="probe",
        MasterUserPassword="a-password-of-some-length",
    )
    rds.delete_db_cluster(DBClusterIdentifier="leaving", FinalDBSnapshotIdentifier="last")
    found = rds.describe_db_cluster_snapshots(DBClusterIdentifier="leaving")
    assert [one["DBClusterSnapshotIdentifier"] for one in found["DBClusterSnapshots"]] == ["last"]


def _snapshots(session: EmulatorSession, **wanted: str) -> list[dict[str, Any]]:
    cache = session.client("elasticache")
    found: list[dict[str, Any]] = cache.describe_snapshots(**wanted)["Snapshots"]
    return found


def _create(session: EmulatorSession, name: str, snapshot: str) -> None:
    session.client("elasticache").create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="probe",
        Engine="redis",
        NumCacheClusters=2,
        CacheNodeType="cache.t4g.small",
        CacheSubnetGroupName="pictured",
        SnapshotName=snapshot,
    )


@probe("elasticache/snapshots")
def snapshots(session: EmulatorSession) -> None:
    """A snapshot tells its group's version and when it was taken; only what exists is restored."""
    replication_group(session, "pictured", "58")
    cache = session.client("elasticache")
    cache.create_snapshot(ReplicationGroupId="pictured", SnapshotName="picture")
    found = _snapshots(session, ReplicationGroupId="pictured", SnapshotSource="user")
    assert [one["SnapshotName"] for one in found] == ["picture"]
    assert found[0]["EngineVersion"] == "7.1.0"
    assert found[0]["NodeSnapshots"][0]["SnapshotCreateTime"]
    _create(session, "developed", "picture")
    cache.delete_snapshot(SnapshotName="picture")
    with pytest.raises(ClientError, match="SnapshotNotFoundFault"):
        _create(session, "undeveloped", "picture")


@probe("elasticache/snapshot copies")
def snapshot_copies(session: EmulatorSession) -> None:
    """A copy is a manual snapshot of the same group."""
    replication_group(session, "copied", "59")
    cache = session.client("elasticache")
    cache.create_snapshot(ReplicationGroupId="copied", SnapshotName="one")
    cache.copy_snapshot(SourceSnapshotName="one", TargetSnapshotName="two")
    found = _snapshots(session, SnapshotName="two")[0]
    assert (found["ReplicationGroupId"], found["SnapshotSource"]) == ("copied", "manual")
    with pytest.raises(ClientError, match="SnapshotAlreadyExistsFault"):
        cache.copy_snapshot(SourceSnapshotName="one", TargetSnapshotName="two")


@probe("elasticache/automatic and final snapshots")
def automatic_snapshots(session: EmulatorSession) -> None:
    """An automatic snapshot goes with its group; the final one stays."""
    replication_group(session, "ending", "40")
    cache = session.client("elasticache")
    found = _snapshots(session, ReplicationGroupId="ending", SnapshotSource="system")
    assert [one["SnapshotSource"] for one in found] == ["automated"]
    cache.delete_replication_group(ReplicationGroupId="ending", FinalSnapshotIdentifier="final")
    left = _snapshots(session, ReplicationGroupId="ending")
    assert [one["SnapshotName"] for one in left] == ["final"]
