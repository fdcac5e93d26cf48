"""The target group asks a health endpoint and takes only success for health.

CKV_AWS_261 passes the front page, which answers while the application behind it does not, and a
matcher that takes errors for health.
"""

from __future__ import annotations

import re
from typing import Any

from _values import blocks, is_unknown, settled
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

SUCCESS = re.compile(r"2\d\d(-2\d\d)?(,2\d\d(-2\d\d)?)*")


class TargetHealth(BaseResourceCheck):
    """Looks at health_check of target groups that speak HTTP."""

    requirement = "ALB-04"

    def __init__(self) -> None:
        super().__init__(
            name="The target group asks a health endpoint and takes only success for health",
            id="CKV2_MNXT_30",
            categories=[CheckCategories.NETWORKING],
            supported_resources=["aws_lb_target_group", "aws_alb_target_group"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Functions need no check, and gRPC has codes of its own."""
        self.evaluated_keys = ["health_check"]
        protocol = settled(conf, "protocol")
        if is_unknown(protocol):
            return CheckResult.UNKNOWN
        if protocol not in ("HTTP", "HTTPS") or settled(conf, "protocol_version") == "GRPC":
            return CheckResult.PASSED
        asked = next(iter(blocks(conf, "health_check")), {})
        enabled, path, codes = (settled(asked, key) for key in ("enabled", "path", "matcher"))
        fine = [
            (enabled, enabled not in (False, "false")),
            (path, path not in (None, "/")),
            (codes, codes is None or bool(SUCCESS.fullmatch(str(codes).replace(" ", "")))),
        ]
        self.details = [f"health check of {path or '/'}, healthy by {codes or 200}"]
        if not all(holds or is_unknown(found) for found, holds in fine):
            return CheckResult.FAILED
        unknown = any(is_unknown(found) for found, _ in fine)
        return CheckResult.UNKNOWN if unknown else CheckResult.PASSED


check = TargetHealth()
