"""Redis fails over to a second node in another zone.

CKV2_AWS_50, whose name promises several zones, looks at automatic_failover_enabled only; with both
nodes in one zone they fail together.
"""

from __future__ import annotations

from typing import Any

from _values import at_least, best, flag, known, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

MINIMUM_NODES = 2


class RedisFailover(BaseResourceCheck):
    """Looks at failover, zones and the number of nodes of replication groups."""

    requirement = "REDIS-02"

    def __init__(self) -> None:
        super().__init__(
            name="Redis fails over to a second node in another zone",
            id="CKV2_MNXT_17",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_elasticache_replication_group"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """A group counts all of its nodes, or for each shard those beside the first."""
        self.evaluated_keys = ["automatic_failover_enabled", "multi_az_enabled"]
        nodes = best(
            [
                at_least(known(self, conf, "num_cache_clusters"), MINIMUM_NODES),
                at_least(known(self, conf, "replicas_per_node_group"), MINIMUM_NODES - 1),
            ]
        )
        return worst([nodes, *(flag(known(self, conf, key)) for key in self.evaluated_keys)])


check = RedisFailover()
