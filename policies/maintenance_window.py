"""Aurora is maintained on Sunday between 03:00 and 05:00 UTC, cluster and instances alike.

An instance without a window of its own is given a random one; Checkov has no check for it.
"""

from __future__ import annotations

from typing import Any

from _values import is_unknown, known
from _windows import inside, weekly
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# Day, from and to; UTC.
SCHEDULE = ("sun", "03:00", "05:00")


class MaintenanceWindow(BaseResourceCheck):
    """Looks at preferred_maintenance_window of Aurora's cluster and instances."""

    requirement = "DB-05"

    def __init__(self) -> None:
        super().__init__(
            name="Aurora's maintenance stays inside the schedule, cluster and instances alike",
            id="CKV2_MNXT_2",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_rds_cluster", "aws_rds_cluster_instance"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """No window at all is a random one."""
        self.evaluated_keys = ["preferred_maintenance_window"]
        window = known(self, conf, "preferred_maintenance_window")
        if is_unknown(window):
            return CheckResult.UNKNOWN
        self.details = [f"maintenance window: {window}"]
        return CheckResult.PASSED if inside(weekly(window), SCHEDULE) else CheckResult.FAILED


check = MaintenanceWindow()
