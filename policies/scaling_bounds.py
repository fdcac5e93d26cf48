"""A service scales between bounds that leave it at least one task.

A floor of zero lets the service vanish, and a floor above the ceiling is refused by AWS only when
it is applied. Checkov has no check of scalable targets.
"""

from __future__ import annotations

from typing import Any

from _values import is_unknown, known, number
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

DIMENSION = "ecs:service:DesiredCount"


class ScalingBounds(BaseResourceCheck):
    """Looks at min_capacity and max_capacity of the scalable targets of ECS services."""

    requirement = "SCALE-01"

    def __init__(self) -> None:
        super().__init__(
            name="A service scales between bounds that leave it at least one task",
            id="CKV2_MNXT_24",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["aws_appautoscaling_target"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Targets of other kinds, such as tables, may well rest at zero."""
        self.evaluated_keys = ["min_capacity", "max_capacity"]
        dimension = known(self, conf, "scalable_dimension")
        if not is_unknown(dimension) and dimension != DIMENSION:
            return CheckResult.PASSED
        low, high = (number(known(self, conf, key)) for key in self.evaluated_keys)
        self.details = [f"between {low:g} and {high:g} tasks"] if None not in (low, high) else []
        if low is not None and (low < 1 or (high is not None and high < low)):
            return CheckResult.UNKNOWN if is_unknown(dimension) else CheckResult.FAILED
        return CheckResult.UNKNOWN if None in (low, high) else CheckResult.PASSED


check = ScalingBounds()
