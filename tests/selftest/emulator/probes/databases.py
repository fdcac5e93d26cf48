"""Probes of the gaps in ElastiCache and RDS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.selftest.emulator.probes import probe
from tests.selftest.emulator.probes.network import ZONES, security_group, subnets
from tests.support.emulator import EmulatorSession

TAGS = [{"Key": "Environment", "Value": "staging"}]


@probe("elasticache/parameter groups")
def parameter_groups(session: EmulatorSession) -> None:
    """A parameter that is set reads back as set by the user."""
    cache = session.client("elasticache")
    group = {"CacheParameterGroupName": "parameters"}
    cache.create_cache_parameter_group(
        **group, CacheParameterGroupFamily="redis7", Description="probe"
    )
    pairs = [{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}]
    cache.modify_cache_parameter_group(**group, ParameterNameValues=pairs)
    described = cache.describe_cache_parameter_groups(**group)["CacheParameterGroups"]
    assert described[0]["CacheParameterGroupFamily"] == "redis7"
    parameters = cache.describe_cache_parameters(**group, Source="user")["Parameters"]
    assert [p["ParameterValue"] for p in parameters] == ["allkeys-lru"]
    cache.reset_cache_parameter_group(**group, ResetAllParameters=True)
    assert cache.describe_cache_parameters(**group, Source="user")["Parameters"] == []
    cache.delete_cache_parameter_group(**group)
    with pytest.raises(ClientError, match="CacheParameterGroupNotFound"):
        cache.describe_cache_parameter_groups(**group)


@probe("elasticache/parameter group tags")
def parameter_group_tags(session: EmulatorSession) -> None:
    """Tags given at creation read back, and can be changed."""
    cache = session.client("elasticache")
    made = cache.create_cache_parameter_group(
        CacheParameterGroupName="tagged",
        CacheParameterGroupFamily="redis7",
        Description="probe",
        Tags=TAGS,
    )
    arn = made["CacheParameterGroup"]["ARN"]
    assert cache.list_tags_for_resource(ResourceName=arn)["TagList"] == TAGS
    added = {"Key": "Tier", "Value": "gold"}
    cache.add_tags_to_resource(ResourceName=arn, Tags=[added])
    cache.remove_tags_from_resource(ResourceName=arn, TagKeys=["Environment"])
    assert cache.list_tags_for_resource(ResourceName=arn)["TagList"] == [added]


def replication_group(session: EmulatorSession, name: str, block: str) -> str:
    """A group of two encrypted nodes; the id of its security group."""
    cache = session.client("elasticache")
    places = subnets(session, block)
    guard = security_group(session, name, places[0])
    cache.create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="probe", SubnetIds=places
    )
    cache.create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="probe",
        Engine="redis",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=2,
        CacheSubnetGroupName=name,
        SecurityGroupIds=[guard],
        AtRestEncryptionEnabled=True,
        TransitEncryptionEnabled=True,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        AuthToken="a-token-of-some-length",
        SnapshotRetentionLimit=5,
    )
    return guard


def _groups(session: EmulatorSession, name: str) -> list[dict[str, Any]]:
    cache = session.client("elasticache")
    found: list[dict[str, Any]] = cache.describe_replication_groups(ReplicationGroupId=name)[
        "ReplicationGroups"
    ]
    return found


@probe("elasticache/replication group read-back")
def replication_groups(session: EmulatorSession) -> None:
    """Settings and members read back; a change sticks; a deleted group is gone."""
    cache = session.client("elasticache")
    replication_group(session, "whole", "51")
    group = _groups(session, "whole")[0]
    assert group["MemberClusters"] == ["whole-001", "whole-002"]
    assert group["AtRestEncryptionEnabled"]
    assert group["AuthTokenEnabled"]
    cache.modify_replication_group(
        ReplicationGroupId="whole", SnapshotWindow="02:00-03:00", ApplyImmediately=True
    )
    assert _groups(session, "whole")[0]["SnapshotWindow"] == "02:00-03:00"
    cache.delete_replication_group(ReplicationGroupId="whole")
    with pytest.raises(ClientError, match="ReplicationGroupNotFound"):
        _groups(session, "whole")


@probe("elasticache/member clusters")
def member_clusters(session: EmulatorSession) -> None:
    """Each member is a cluster with a zone of its own, the group's security group and a node."""
    guard = replication_group(session, "members", "52")
    cache = session.client("elasticache")
    members = [
        cache.describe_cache_clusters(CacheClusterId=name, ShowCacheNodeInfo=True)["CacheClusters"][
            0
        ]
        for name in ("members-001", "members-002")
    ]
    assert len({member["PreferredAvailabilityZone"] for member in members}) == 2
    assert [member["SecurityGroups"][0]["SecurityGroupId"] for member in members] == [guard] * 2
    assert all(member["CacheNodes"][0]["Endpoint"]["Port"] == 6379 for member in members)
    cache.create_cache_cluster(
        CacheClusterId="alone", Engine="redis", CacheNodeType="cache.t4g.small", NumCacheNodes=1
    )
    cache.delete_cache_cluster(CacheClusterId="alone")
    with pytest.raises(ClientError, match="CacheClusterNotFound"):
        cache.describe_cache_clusters(CacheClusterId="alone")


@probe("elasticache/subnet group zones")
def subnet_group_zones(session: EmulatorSession) -> None:
    """A subnet group tells the zone of each subnet."""
    cache = session.client("elasticache")
    group = {"CacheSubnetGroupName": "zones"}
    cache.create_cache_subnet_group(
        **group, CacheSubnetGroupDescription="probe", SubnetIds=subnets(session, "53")
    )
    found = cache.describe_cache_subnet_groups(**group)["CacheSubnetGroups"][0]["Subnets"]
    assert sorted(subnet["SubnetAvailabilityZone"]["Name"] for subnet in found) == list(ZONES)
    changed = cache.modify_cache_subnet_group(**group, CacheSubnetGroupDescription="changed")
    found = changed["CacheSubnetGroup"]["Subnets"]
    assert sorted(subnet["SubnetAvailabilityZone"]["Name"] for subnet in found) == list(ZONES)


@probe("elasticache/subnet group changes")
def subnet_group_changes(session: EmulatorSession) -> None:
    """A subnet group can be changed, and deleted once nothing uses it."""
    cache = session.client("elasticache")
    replication_group(session, "leaving", "57")
    group = {"CacheSubnetGroupName": "leaving"}
    cache.modify_cache_subnet_group(**group, CacheSubnetGroupDescription="changed")
    found = cache.describe_cache_subnet_groups(**group)["CacheSubnetGroups"][0]
    assert found["CacheSubnetGroupDescription"] == "changed"
    assert len(found["Subnets"]) == len(ZONES)
    with pytest.raises(ClientError, match="CacheSubnetGroupInUse"):
        cache.delete_cache_subnet_group(**group)
    cache.delete_replication_group(ReplicationGroupId="leaving")
    cache.delete_cache_subnet_group(**group)
    with pytest.raises(ClientError, match="CacheSubnetGroupNotFound"):
        cache.describe_cache_subnet_groups(**group)


def aurora(session: EmulatorSession, name: str, block: str) -> list[dict[str, Any]]:
    """A cluster of two instances with Performance Insights and monitoring; the instances."""
    rds = session.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="probe", SubnetIds=subnets(session, block)
    )
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        EngineVersion="15.12",
        MasterUsername="probe",
        MasterUserPassword="a-password-of-some-length",
        DBSubnetGroupName=name,
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=7,
    )
    for number in (1, 2):
        rds.create_db_instance(
            DBInstanceIdentifier=f"{name}-{number}",
            DBClusterIdentifier=name,
            DBInstanceClass="db.t4g.medium",
            Engine="aurora-postgresql",
            EnablePerformanceInsights=True,
            MonitoringInterval=60,
            MonitoringRoleArn="arn:aws:iam::222233334444:role/monitoring",
        )
    filters = [{"Name": "db-cluster-id", "Values": [name]}]
    found: list[dict[str, Any]] = rds.describe_db_instances(Filters=filters)["DBInstances"]
    return found


@probe("rds/zone spread")
def zone_spread(session: EmulatorSession) -> None:
    """Instances are put into different zones, so the cluster spans several."""
    instances = aurora(session, "spread", "54")
    assert len({instance["AvailabilityZone"] for instance in instances}) == 2
    cluster = session.client("rds").describe_db_clusters(DBClusterIdentifier="spread")
    assert cluster["DBClusters"][0]["MultiAZ"]


@probe("rds/performance insights")
def performance_insights(session: EmulatorSession) -> None:
    """Performance Insights reads back on instances and cluster."""
    instances = aurora(session, "insights", "55")
    assert [one["PerformanceInsightsRetentionPeriod"] for one in instances] == [7, 7]
    rds = session.client("rds")
    longer = {"EnablePerformanceInsights": True, "PerformanceInsightsRetentionPeriod": 31}
    rds.modify_db_cluster(DBClusterIdentifier="insights", **longer)
    rds.modify_db_instance(DBInstanceIdentifier="insights-1", **longer)
    cluster = rds.describe_db_clusters(DBClusterIdentifier="insights")["DBClusters"][0]
    assert cluster["PerformanceInsightsEnabled"]
    assert cluster["PerformanceInsightsRetentionPeriod"] == 31
    found = rds.describe_db_instances(DBInstanceIdentifier="insights-1")["DBInstances"][0]
    assert found["PerformanceInsightsRetentionPeriod"] == 31


@probe("rds/instance read-back")
def instance_read_back(session: EmulatorSession) -> None:
    """Instances have ids of their own and a log stream of enhanced monitoring each."""
    instances = aurora(session, "instances", "56")
    assert len({instance["DbiResourceId"] for instance in instances}) == 2
    streams = {instance["EnhancedMonitoringResourceArn"] for instance in instances}
    assert len(streams) == 2


@probe("rds/engine versions")
def engine_versions(session: EmulatorSession) -> None:
    """15.12 is offered; 15.4 is not, and cannot be created."""
    rds = session.client("rds")
    found = rds.describe_db_engine_versions(Engine="aurora-postgresql")["DBEngineVersions"]
    versions = [version["EngineVersion"] for version in found]
    assert "15.12" in versions
    assert "15.4" not in versions
    with pytest.raises(ClientError, match=r"Cannot find version 15\.4"):
        rds.create_db_cluster(
            DBClusterIdentifier="old",
            Engine="aurora-postgresql",
            EngineVersion="15.4",
            MasterUsername="probe",
            MasterUserPassword="a-password-of-some-length",
        )


@probe("rds/retention")
def retention(session: EmulatorSession) -> None:
    """Aurora cannot do without backups."""
    rds = session.client("rds")
    aurora(session, "careful", "46")
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        rds.modify_db_cluster(DBClusterIdentifier="careful", BackupRetentionPeriod=0)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        rds.create_db_cluster(
            DBClusterIdentifier="forgetful",
            Engine="aurora-postgresql",
            MasterUsername="probe",
            MasterUserPassword="a-password-of-some-length",
            BackupRetentionPeriod=0,
        )
