"""A budget tells somebody before the money is gone.

A budget without a notification, or with one that nobody receives, stops nothing and says nothing.
Checkov has no check of budgets.
"""

from __future__ import annotations

from typing import Any

from _values import blocks, is_reference, is_unknown, settled
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

SUBSCRIBERS = ("subscriber_email_addresses", "subscriber_sns_topic_arns")


class BudgetNotice(BaseResourceCheck):
    """Looks at the notifications of aws_budgets_budget."""

    requirement = "COST-01"

    def __init__(self) -> None:
        super().__init__(
            name="A budget tells somebody before the money is gone",
            id="CKV2_MNXT_33",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["aws_budgets_budget"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Whoever is named by a list that is a reference as a whole may be nobody: unknown."""
        self.evaluated_keys = ["notification"]
        told = [settled(n, key) for n in blocks(conf, "notification") for key in SUBSCRIBERS]
        if any(isinstance(found, list) and any(found) for found in told):
            return CheckResult.PASSED
        if any(map(is_unknown, told)) or any(is_reference(self, conf, key) for key in SUBSCRIBERS):
            return CheckResult.UNKNOWN
        self.details = ["no notification with a subscriber"]
        return CheckResult.FAILED


check = BudgetNotice()
