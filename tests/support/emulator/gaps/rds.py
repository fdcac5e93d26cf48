"""Aurora clusters and instances as AWS describes them."""

from __future__ import annotations

import hashlib

from tests.support.emulator.registry import AwsError, Call, Document, declare

ZONES = declare(
    "rds",
    "zone spread",
    "Every instance is put into the first zone and the cluster's zones are always a, b and c, so "
    "MultiAZ is false.",
)
INSIGHTS = declare(
    "rds",
    "performance insights",
    "Performance Insights of clusters and instances, their key and their retention are lost.",
)
INSTANCES = declare(
    "rds",
    "instance read-back",
    "Instances of a cluster share one resource id, lack the enhanced-monitoring log stream and "
    "name a certificate authority that does not exist.",
)
VERSIONS = declare(
    "rds",
    "engine versions",
    "DescribeDBEngineVersions is missing and CreateDBCluster accepts any version.",
)
RETENTION = declare("rds", "retention", "CreateDBCluster accepts a backup retention of 0 days.")

_INSIGHTS_KEYS = (
    "PerformanceInsightsEnabled",
    "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod",
)
# The versions Aurora PostgreSQL still offers for new clusters (Aurora PostgreSQL release notes,
# "Release calendars"). 15.4 is no longer among them.
_VERSIONS = (
    "13.20", "13.21",
    "14.17", "14.18",
    "15.8", "15.10", "15.12", "15.13",
    "16.4", "16.6", "16.8", "16.9",
    "17.4", "17.5",
)  # fmt: skip
_ENGINE = "aurora-postgresql"
_DEFAULT_VERSION = "16.6"


@VERSIONS.fills("DescribeDBEngineVersions")
def describe_engine_versions(call: Call) -> Document:
    """The versions of Aurora PostgreSQL; other engines have none here."""
    asked = call.params
    versions: tuple[str, ...] = _VERSIONS if asked.get("Engine", _ENGINE) == _ENGINE else ()
    if asked.get("DefaultOnly"):
        versions = (_DEFAULT_VERSION,) if versions else ()
    return {
        "DBEngineVersions": [
            {
                "Engine": _ENGINE,
                "EngineVersion": version,
                "MajorEngineVersion": version.split(".")[0],
                "DBParameterGroupFamily": f"{_ENGINE}{version.split('.')[0]}",
                "DBEngineDescription": "Aurora PostgreSQL",
                "DBEngineVersionDescription": f"Aurora PostgreSQL (PostgreSQL {version})",
                "Status": "available",
                "SupportedEngineModes": ["provisioned"],
                "ExportableLogTypes": ["postgresql"],
                "SupportsLogExportsToCloudwatchLogs": True,
                "SupportsReadReplica": False,
                "SupportsGlobalDatabases": True,
                "ValidUpgradeTarget": [],
            }
            for version in versions
            if version.startswith(asked.get("EngineVersion", ""))
        ]
    }


@VERSIONS.fills("CreateDBCluster")
def check_version(call: Call) -> Document:
    """Refuse a version that can no longer be created."""
    version = call.params.get("EngineVersion")
    if call.params["Engine"] == _ENGINE and version and version not in _VERSIONS:
        raise AwsError(
            "InvalidParameterCombination", f"Cannot find version {version} for {_ENGINE}"
        )
    return call.proceed()


@RETENTION.fills("CreateDBCluster", "ModifyDBCluster")
def check_retention(call: Call) -> Document:
    """Refuse a retention outside 1 to 35 days, as AWS does for Aurora."""
    days = call.params.get("BackupRetentionPeriod")
    if days is not None and not 1 <= days <= 35:
        raise AwsError(
            "InvalidParameterValue",
            f"Invalid backup retention period: {days}. It must be between 1 and 35 days",
        )
    return call.proceed()


@ZONES.fills("CreateDBCluster")
def create_cluster(call: Call) -> Document:
    """Storage spans three zones: those asked for, else the subnet group's."""
    asked = dict(call.params)
    if not asked.get("AvailabilityZones") and asked.get("DBSubnetGroupName"):
        asked["AvailabilityZones"] = _subnet_zones(call, asked["DBSubnetGroupName"])[:3]
    return call.proceed(asked)


@ZONES.fills("CreateDBInstance")
def create_instance(call: Call) -> Document:
    """Put an instance into the zone of its subnet group that has the fewest of the cluster's."""
    asked = dict(call.params)
    cluster = asked.get("DBClusterIdentifier")
    if cluster and not asked.get("AvailabilityZone"):
        described = call.emulator("DescribeDBClusters", {"DBClusterIdentifier": cluster})
        zones = _subnet_zones(call, described["DBClusters"][0]["DBSubnetGroup"])
        filters = [{"Name": "db-cluster-id", "Values": [cluster]}]
        present = call.emulator("DescribeDBInstances", {"Filters": filters})["DBInstances"]
        taken = [instance["AvailabilityZone"] for instance in present]
        asked["AvailabilityZone"] = min(zones, key=taken.count)
    return call.proceed(asked)


def _subnet_zones(call: Call, group: str) -> list[str]:
    """The zones of a subnet group in alphabetical order; moto has no group called default."""
    if group == "default":
        return [f"{call.region}{letter}" for letter in "abc"]
    answer = call.emulator("DescribeDBSubnetGroups", {"DBSubnetGroupName": group})
    subnets = answer["DBSubnetGroups"][0]["Subnets"]
    return sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets})


@INSIGHTS.fills("CreateDBCluster", "ModifyDBCluster")
def keep_cluster_insights(call: Call) -> Document:
    """Remember the Performance Insights settings of a cluster."""
    answer = call.proceed()
    _keep_insights(call, "cluster", call.params["DBClusterIdentifier"])
    _add_cluster_insights(call, answer["DBCluster"])
    return answer


@INSIGHTS.fills("DescribeDBClusters")
def describe_clusters(call: Call) -> Document:
    """moto's clusters with their Performance Insights settings."""
    answer = call.proceed()
    for cluster in answer["DBClusters"]:
        _add_cluster_insights(call, cluster)
    return answer


@INSIGHTS.fills("CreateDBInstance", "ModifyDBInstance")
def keep_instance_insights(call: Call) -> Document:
    """Remember the Performance Insights settings of an instance."""
    asked = {key: value for key, value in call.params.items() if key != "EnablePerformanceInsights"}
    answer = call.proceed(asked)
    _keep_insights(call, "instance", call.params["DBInstanceIdentifier"])
    _complete(call, answer["DBInstance"])
    return answer


@INSTANCES.fills("DescribeDBInstances")
def describe_instances(call: Call) -> Document:
    """moto's instances with what it leaves out."""
    answer = call.proceed()
    for instance in answer["DBInstances"]:
        _complete(call, instance)
    return answer


def _keep_insights(call: Call, kind: str, identifier: str) -> None:
    asked = call.params
    kept = call.table(f"{kind}_insights").setdefault(
        identifier.lower(), {"PerformanceInsightsEnabled": False}
    )
    if asked.get("EnablePerformanceInsights") is not None:
        kept["PerformanceInsightsEnabled"] = asked["EnablePerformanceInsights"]
    kept.update({key: asked[key] for key in _INSIGHTS_KEYS if asked.get(key) is not None})
    if kept["PerformanceInsightsEnabled"]:
        kept.setdefault("PerformanceInsightsRetentionPeriod", 7)


def _insights(call: Call, kind: str, identifier: str) -> Document:
    kept: Document = call.table(f"{kind}_insights").get(identifier.lower(), {})
    return kept


def _add_cluster_insights(call: Call, cluster: Document) -> None:
    if not cluster.get("ScalingConfigurationInfo"):
        cluster.pop("ScalingConfigurationInfo", None)
    cluster.update(_insights(call, "cluster", cluster["DBClusterIdentifier"]))


def _complete(call: Call, instance: Document) -> None:
    """Add what moto leaves out of an instance's description."""
    name = instance["DBInstanceIdentifier"]
    instance.update(_insights(call, "instance", name))
    instance["DbiResourceId"] = resource_id(call, name)
    if instance.get("CACertificateIdentifier") == "rds-ca-default":
        instance["CACertificateIdentifier"] = "rds-ca-rsa2048-g1"
    if instance.get("MonitoringInterval"):
        stream = f"log-group:RDSOSMetrics:log-stream:{instance['DbiResourceId']}"
        instance["EnhancedMonitoringResourceArn"] = call.arn(stream, service="logs")


def resource_id(call: Call, name: str) -> str:
    """The id that an instance keeps under every name; a new one of an old name has another."""
    kept = call.table("resource_ids")
    own = _digest(f"{call.account_id}/{name}")
    again = _digest(f"{call.account_id}/{name}/again") if own in kept.values() else own
    return str(kept.get(name, again))


def _digest(text: str) -> str:
    return f"db-{hashlib.sha256(text.encode()).hexdigest().upper()[:26]}"
