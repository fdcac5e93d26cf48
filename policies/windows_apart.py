"""Backups are taken while nothing is maintained.

AWS refuses a backup window that meets the maintenance window, or breaks the backup off. Checkov has
no check for it. A window that is not given is AWS's choice: unknown.
"""

from __future__ import annotations

from typing import Any

from _values import is_unknown, known
from _windows import daily, overlap, weekly
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# Where each type says when it is maintained and when it is backed up.
ARGUMENTS = {
    "aws_db_instance": ("maintenance_window", "backup_window"),
    "aws_elasticache_cluster": ("maintenance_window", "snapshot_window"),
    "aws_elasticache_replication_group": ("maintenance_window", "snapshot_window"),
    "aws_rds_cluster": ("preferred_maintenance_window", "preferred_backup_window"),
}


class WindowsApart(BaseResourceCheck):
    """Looks at both windows of databases and caches."""

    requirement = "WIN-01"

    def __init__(self) -> None:
        super().__init__(
            name="Backups are taken while nothing is maintained",
            id="CKV2_MNXT_22",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=list(ARGUMENTS),
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """One that AWS could not read fails: it would stop the apply."""
        self.evaluated_keys = list(ARGUMENTS[self.entity_type])
        texts = [known(self, conf, argument) for argument in self.evaluated_keys]
        if any(text is None or is_unknown(text) for text in texts):
            return CheckResult.UNKNOWN
        maintenance, backup = weekly(texts[0]), daily(texts[1])
        self.details = [f"maintained {texts[0]}, backed up {texts[1]}"]
        if maintenance is None or backup is None or overlap(maintenance, backup):
            return CheckResult.FAILED
        return CheckResult.PASSED


check = WindowsApart()
