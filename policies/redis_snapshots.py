"""Redis keeps at least five daily snapshots.

CKV_AWS_134 looks at aws_elasticache_cluster only, never at a replication group, and passes a single
snapshot.
"""

from __future__ import annotations

from typing import Any

from _values import at_least, known
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

MINIMUM_DAYS = 5


class RedisSnapshots(BaseResourceCheck):
    """Looks at snapshot_retention_limit of replication groups."""

    requirement = "REDIS-04"

    def __init__(self) -> None:
        super().__init__(
            name="Redis keeps at least five daily snapshots",
            id="CKV2_MNXT_16",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_elasticache_replication_group"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Nothing said is none."""
        self.evaluated_keys = ["snapshot_retention_limit"]
        days = known(self, conf, "snapshot_retention_limit")
        self.details = [f"snapshots: {days or 0}"]
        return at_least(days, MINIMUM_DAYS)


check = RedisSnapshots()
