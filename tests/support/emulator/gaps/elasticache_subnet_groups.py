"""ElastiCache subnet groups: their zones, changes and deletion."""

from __future__ import annotations

from tests.support.emulator.registry import AwsError, Call, Document, declare

ZONES = declare(
    "elasticache",
    "subnet group zones",
    "The subnets of a cache subnet group read back without their availability zones.",
)
CHANGES = declare(
    "elasticache",
    "subnet group changes",
    "ModifyCacheSubnetGroup and DeleteCacheSubnetGroup are missing.",
)


@ZONES.fills("CreateCacheSubnetGroup", "ModifyCacheSubnetGroup", "DescribeCacheSubnetGroups")
def with_zones(call: Call) -> Document:
    """moto's subnet groups with each subnet's zone."""
    answer = call.proceed()
    groups = [answer["CacheSubnetGroup"]] if "CacheSubnetGroup" in answer else []
    groups += answer.get("CacheSubnetGroups", [])
    subnets = [subnet for group in groups for subnet in group["Subnets"]]
    wanted = [subnet["SubnetIdentifier"] for subnet in subnets]
    found = call.emulator("DescribeSubnets", {"SubnetIds": wanted}, service="ec2")["Subnets"]
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in found}
    for subnet in subnets:
        subnet["SubnetAvailabilityZone"] = {"Name": zones[subnet["SubnetIdentifier"]]}
    return answer


@CHANGES.fills("ModifyCacheSubnetGroup")
def modify(call: Call) -> Document:
    """Give a group another description or other subnets."""
    from moto.elasticache.models import CacheSubnetGroup, elasticache_backends

    name = call.params["CacheSubnetGroupName"]
    place = {"CacheSubnetGroupName": name}
    before = call.emulator("DescribeCacheSubnetGroups", place)["CacheSubnetGroups"][0]
    present = [subnet["SubnetIdentifier"] for subnet in before["Subnets"]]
    description = before["CacheSubnetGroupDescription"]
    backend = elasticache_backends[call.account_id][call.region]
    backend.cache_subnet_groups[name] = CacheSubnetGroup(
        account_id=call.account_id,
        region_name=call.region,
        cache_subnet_group_name=name,
        cache_subnet_group_description=call.params.get("CacheSubnetGroupDescription", description),
        subnet_ids=call.params.get("SubnetIds", present),
        tags=None,
    )
    after = call.emulator("DescribeCacheSubnetGroups", place)["CacheSubnetGroups"][0]
    return {"CacheSubnetGroup": after}


@CHANGES.fills("DeleteCacheSubnetGroup")
def delete(call: Call) -> Document:
    """Remove a group; AWS refuses while a cluster uses it."""
    from moto.elasticache.models import elasticache_backends

    name = call.params["CacheSubnetGroupName"]
    call.emulator("DescribeCacheSubnetGroups", {"CacheSubnetGroupName": name})
    clusters = call.emulator("DescribeCacheClusters", {})["CacheClusters"]
    if any(cluster.get("CacheSubnetGroupName") == name for cluster in clusters):
        raise AwsError(
            "CacheSubnetGroupInUse",
            f"Cache subnet group {name} is currently in use by a cache cluster",
        )
    del elasticache_backends[call.account_id][call.region].cache_subnet_groups[name]
    return {}
