"""A failed rolling deployment goes back by itself and never has fewer tasks than before.

Checkov has no check for it. Deployments by CodeDeploy or an external controller roll back by their
own means.
"""

from __future__ import annotations

from typing import Any

from _values import at_least, blocks, flag, is_unknown, known, settled, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# Also what ECS takes when nothing is said.
MINIMUM_HEALTHY_PERCENT = 100


class DeploymentRollback(BaseResourceCheck):
    """Looks at the circuit breaker and the minimum healthy percentage of ECS services."""

    requirement = "ECS-06"

    def __init__(self) -> None:
        super().__init__(
            name="A failed deployment goes back by itself and never has fewer tasks than before",
            id="CKV2_MNXT_5",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["aws_ecs_service"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """The circuit breaker stops a deployment only if both of its flags are set."""
        self.evaluated_keys = ["deployment_circuit_breaker", "deployment_minimum_healthy_percent"]
        controllers = [settled(block, "type") for block in blocks(conf, "deployment_controller")]
        if any(is_unknown(controller) for controller in controllers):
            return CheckResult.UNKNOWN
        if {"CODE_DEPLOY", "EXTERNAL"} & set(controllers):
            return CheckResult.PASSED
        breaker = next(iter(blocks(conf, "deployment_circuit_breaker")), {})
        healthy = known(self, conf, "deployment_minimum_healthy_percent")
        return worst(
            [
                *(flag(settled(breaker, key)) for key in ("enable", "rollback")),
                at_least(100 if healthy is None else healthy, MINIMUM_HEALTHY_PERCENT),
            ]
        )


check = DeploymentRollback()
