"""Aurora, Redis and the backups of the database."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.cost.counting import KB_PER_GB, MILLION, Month, blocks, chosen, unpriced
from tests.support.cost.estimate import Quantity
from tests.support.cost.load import HOUR_SECONDS, daily_hour
from tests.support.outcomes import Invalid
from tests.support.planned_resource import Resource

ENGINE = "aurora-postgresql"
# Days of Performance Insights that are free (Amazon RDS pricing).
FREE_INSIGHTS_DAYS = 7


def aurora_cluster(month: Month, cluster: Resource) -> Iterator[Quantity]:
    """Storage and I/O of the volume, and the continuous backup beyond the volume's size."""
    if (engine := cluster.value("engine")) != ENGINE:
        raise unpriced(cluster, f"engine {engine}")
    month.prices.require_support(engine, str(cluster.value("engine_version")), cluster.where)
    if (storage := chosen(cluster, "storage_type", "aurora")) not in ("", "aurora"):
        raise unpriced(cluster, f"storage type {storage}")
    if (mode := chosen(cluster, "database_insights_mode", "standard")) != "standard":
        raise unpriced(cluster, f"{mode} Database Insights")
    assumed, assumptions = month.assumed, month.assumptions
    ios = month.load.requests * assumed(assumptions.database_ios_per_request) / MILLION
    idle = assumed(assumptions.database_idle_io_millions)
    size = assumed(assumptions.database_gb)
    backup = assumed(assumptions.backup_gb_beyond_volume)
    yield month.quantity(cluster, "aurora.storage_gb", size)
    yield month.quantity(cluster, "aurora.io_million", ios + idle)
    yield month.quantity(cluster, "aurora.backup_gb", backup)


def aurora_instance(month: Month, instance: Resource) -> Iterator[Quantity]:
    """Hours by class, and the log lines of enhanced monitoring."""
    if (engine := instance.value("engine")) != ENGINE:
        raise unpriced(instance, f"engine {engine}")
    days = chosen(instance, "performance_insights_retention_period", FREE_INSIGHTS_DAYS)
    if days != FREE_INSIGHTS_DAYS:
        raise unpriced(instance, f"keeping Performance Insights for {days} days")
    yield month.quantity(
        instance, f"aurora.instance.{instance.value('instance_class')}", month.hours
    )
    interval = chosen(instance, "monitoring_interval", 0)
    if interval:
        records = month.hours * HOUR_SECONDS / interval
        size = records * month.assumed(month.assumptions.monitoring_record_kb) / KB_PER_GB
        yield month.quantity(instance, "logs.standard.ingested_gb", size)


def redis(month: Month, group: Resource) -> Iterator[Quantity]:
    """Hours of each node by type, and every snapshot kept but the free one."""
    engine, version = group.value("engine"), str(group.value("engine_version"))
    month.prices.require_support(engine, version, group.where)
    if group.sets("num_node_groups") or group.sets("global_replication_group_id"):
        raise unpriced(group, "a cluster of shards or of regions")
    nodes = chosen(group, "num_cache_clusters", 1)
    item = f"{engine}.node.{group.value('node_type')}"
    yield month.quantity(group, item, nodes * month.hours)
    # One snapshot of each group is free (Amazon ElastiCache pricing, "Backup storage").
    kept = max(0, chosen(group, "snapshot_retention_limit", 0) - 1)
    size = month.assumed(month.assumptions.cache_snapshot_gb)
    yield month.quantity(group, "elasticache.snapshot_gb", kept * size)


def backup_plan(month: Month, plan: Resource) -> Iterator[Quantity]:
    """Snapshots of the Aurora cluster that outlive its own backups, and their copies.

    A snapshot is charged by the size of the whole volume, but not while it is younger than the
    cluster's retention period; copies are always full (Amazon Aurora user guide, "Understanding
    Amazon Aurora backup storage usage" and "Copying a DB cluster snapshot").
    """
    volume = month.assumed(month.assumptions.database_gb)
    free_days = _retention_of_what_is_backed_up(month, plan)
    for rule in plan.nested("rule"):
        daily_hour(rule.value("schedule"), plan.where)
        days = _days_kept(rule)
        yield month.quantity(plan, "aurora.backup_gb", max(0, days - free_days) * volume)
        for copy in rule.nested("copy_action"):
            region = _region_of_vault(month, copy)
            yield month.quantity(plan, "aurora.backup_gb", _days_kept(copy) * volume, region)
            if region != month.plan.region_of(plan):
                yield month.quantity(plan, f"transfer.to_{region}_gb", month.days * volume)


def _retention_of_what_is_backed_up(month: Month, plan: Resource) -> int:
    """Days that the backed-up cluster keeps its own backups; Invalid if it is no Aurora cluster."""
    selections = month.plan.all("aws_backup_selection")
    own = [one for one in selections if plan.block in one.references("plan_id")]
    chosen_arns = [arn for one in own for arn in one.symbolic("resources") or []]
    clusters = [
        cluster
        for cluster in month.plan.all("aws_rds_cluster")
        if any(cluster.address in one.points_to("resources") for one in own)
        or any(arn.endswith(f":{cluster.symbolic('cluster_identifier')}") for arn in chosen_arns)
    ]
    by_tag = any(blocks(one, "selection_tag") for one in own)
    if by_tag or len(clusters) != 1 or len(chosen_arns) != 1:
        raise Invalid(f"{plan.where}: the estimate prices backups of one Aurora cluster, no other")
    return int(clusters[0].value("backup_retention_period"))


def _days_kept(rule: Resource) -> int:
    days = [one.value("delete_after") for one in rule.nested("lifecycle")]
    if len(days) != 1 or not days[0]:
        raise Invalid(f"{rule.where}: {rule.within}lifecycle: backups kept for ever have no price")
    return int(days[0])


def _region_of_vault(month: Month, copy: Resource) -> str:
    written = str(copy.symbolic("destination_vault_arn"))
    if written.startswith("arn:"):
        return written.split(":")[3]
    vaults = copy.references("destination_vault_arn")
    if len(vaults) != 1:
        raise Invalid(f"{copy.where}: {copy.within}destination_vault_arn: not a vault of the plan")
    return month.plan.region_of(month.plan.at(vaults.pop()))
