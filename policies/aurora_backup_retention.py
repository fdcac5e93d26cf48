"""Aurora keeps its backups for at least seven days.

The retention is how far back a restore to a point in time can go. CKV_AWS_133 passes a single day,
and no retention at all, which is a single day too.
"""

from __future__ import annotations

from typing import Any

from _values import at_least, known
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

MINIMUM_DAYS = 7


class AuroraBackupRetention(BaseResourceCheck):
    """Looks at backup_retention_period of aws_rds_cluster."""

    requirement = "DB-04"

    def __init__(self) -> None:
        super().__init__(
            name="Aurora keeps its backups for at least seven days",
            id="CKV2_MNXT_15",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_rds_cluster"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Nothing said is one day."""
        self.evaluated_keys = ["backup_retention_period"]
        days = known(self, conf, "backup_retention_period")
        self.details = [f"retention in days: {days or 1}"]
        return at_least(days, MINIMUM_DAYS)


check = AuroraBackupRetention()
