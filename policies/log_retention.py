"""A log group keeps its events for at least thirty days and not for ever.

CKV_AWS_66 passes any retention, also 0, which means for ever; CKV_AWS_338 passes 0 and asks for a
year everywhere. The guide keeps develop's and staging's logs for thirty days.
"""

from __future__ import annotations

from typing import Any

from _values import is_unknown, known
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

MINIMUM_DAYS = 30


class LogRetention(BaseResourceCheck):
    """Looks at retention_in_days of aws_cloudwatch_log_group."""

    requirement = "MON-06"

    def __init__(self) -> None:
        super().__init__(
            name="A log group keeps its events for at least thirty days and not for ever",
            id="CKV2_MNXT_10",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_cloudwatch_log_group"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """0 and an absent argument both mean for ever."""
        self.evaluated_keys = ["retention_in_days"]
        days = known(self, conf, "retention_in_days")
        if is_unknown(days):
            return CheckResult.UNKNOWN
        self.details = [f"retention in days: {days}"]
        enough = str(days).isdecimal() and int(days) >= MINIMUM_DAYS
        return CheckResult.PASSED if enough else CheckResult.FAILED


check = LogRetention()
