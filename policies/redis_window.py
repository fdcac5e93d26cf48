"""Redis is maintained on Sunday between 05:00 and 07:00 UTC, when the database is done.

A group without a window of its own is given a random one; Checkov has no check for it.
"""

from __future__ import annotations

from typing import Any

from _values import is_unknown, known
from _windows import inside, weekly
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# Day, from and to; UTC.
SCHEDULE = ("sun", "05:00", "07:00")


class RedisWindow(BaseResourceCheck):
    """Looks at maintenance_window of replication groups."""

    requirement = "REDIS-05"

    def __init__(self) -> None:
        super().__init__(
            name="Redis's maintenance stays inside the schedule",
            id="CKV2_MNXT_21",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_elasticache_replication_group"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """No window at all is a random one."""
        self.evaluated_keys = ["maintenance_window"]
        window = known(self, conf, "maintenance_window")
        if is_unknown(window):
            return CheckResult.UNKNOWN
        self.details = [f"maintenance window: {window}"]
        return CheckResult.PASSED if inside(weekly(window), SCHEDULE) else CheckResult.FAILED


check = RedisWindow()
