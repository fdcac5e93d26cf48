"""Autoscaling owns the number of tasks, not Terraform as well.

Unless it ignores changes of desired_count, the next apply takes the tasks away that autoscaling has
added under load. Checkov has no check for it.
"""

from __future__ import annotations

from typing import Any

from _values import ignores, users_of, value
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class CountOwner(BaseResourceCheck):
    """Looks at the lifecycle of each ECS service that a scalable target names."""

    requirement = "ECS-05"

    def __init__(self) -> None:
        super().__init__(
            name="Autoscaling owns the number of tasks, not Terraform as well",
            id="CKV2_MNXT_25",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["aws_ecs_service"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Without desired_count Terraform writes 0, which is no better."""
        self.evaluated_keys = ["lifecycle", "desired_count"]
        if value(conf, "scheduling_strategy") == "DAEMON" or ignores(conf, "desired_count"):
            return CheckResult.PASSED
        kinds = {user.get("resource_type") for user in users_of(self, conf)}
        scaled = "aws_appautoscaling_target" in kinds
        self.details = ["lifecycle.ignore_changes lacks desired_count"] if scaled else []
        return CheckResult.FAILED if scaled else CheckResult.PASSED


check = CountOwner()
