"""A Fargate task has a size that Fargate offers.

Memory comes in steps that depend on the CPU; any other pair passes validation and plan and is
refused when the task definition is registered. Checkov has no check for it.
"""

from __future__ import annotations

import re
from typing import Any

from _values import is_unknown, known
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# ECS developer guide, "Task CPU and memory": CPU units, and the MiB that go with them.
OFFERED: dict[int, set[int]] = {
    256: {512, 1024, 2048},
    512: set(range(1024, 4096 + 1, 1024)),
    1024: set(range(2048, 8192 + 1, 1024)),
    2048: set(range(4096, 16384 + 1, 1024)),
    4096: set(range(8192, 30720 + 1, 1024)),
    8192: set(range(16384, 61440 + 1, 4096)),
    16384: set(range(32768, 122880 + 1, 8192)),
}
# ECS takes both as numbers, and also as "2 vCPU" and "4 GB".
SIZE = re.compile(r"(\d*\.?\d+)\s*(vcpu|gb)?", re.IGNORECASE)


class FargateSize(BaseResourceCheck):
    """Looks at cpu and memory of aws_ecs_task_definition."""

    requirement = "ECS-01"

    def __init__(self) -> None:
        super().__init__(
            name="A Fargate task has a size that Fargate offers",
            id="CKV2_MNXT_27",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["aws_ecs_task_definition"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Larger than all sizes in the table is unknown: AWS may offer more by now."""
        self.evaluated_keys = ["cpu", "memory", "requires_compatibilities"]
        launch = known(self, conf, "requires_compatibilities")
        if launch is None or (isinstance(launch, list) and "FARGATE" not in launch):
            return CheckResult.PASSED
        sizes = [known(self, conf, "cpu"), known(self, conf, "memory")]
        if not isinstance(launch, list | str) or any(map(is_unknown, [launch, *sizes])):
            return CheckResult.UNKNOWN
        cpu, memory = map(units, sizes)
        if cpu is not None and cpu > max(OFFERED):
            return CheckResult.UNKNOWN
        self.details = [f"{sizes[0]} CPU units with {sizes[1]} MiB"]
        return CheckResult.PASSED if memory in OFFERED.get(cpu or 0, ()) else CheckResult.FAILED


def units(size: Any) -> float | None:
    """CPU units or MiB; None where the text is no size."""
    match = SIZE.fullmatch(str(size).strip())
    return float(match[1]) * (1024 if match[2] else 1) if match else None


check = FargateSize()
