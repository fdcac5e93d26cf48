"""Aurora's PostgreSQL log reaches CloudWatch.

CKV_AWS_324 passes any one log, such as iam-db-auth-error or instance, without the one that an
incident is reconstructed from.
"""

from __future__ import annotations

from typing import Any

from _values import is_reference, is_unknown, known
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class AuroraLog(BaseResourceCheck):
    """Looks at enabled_cloudwatch_logs_exports of aws_rds_cluster."""

    requirement = "DB-08"

    def __init__(self) -> None:
        super().__init__(
            name="Aurora's PostgreSQL log reaches CloudWatch",
            id="CKV2_MNXT_35",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_rds_cluster"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Other engines have other logs."""
        argument = "enabled_cloudwatch_logs_exports"
        self.evaluated_keys = [argument]
        engine, logs = known(self, conf, "engine"), known(self, conf, argument) or []
        if is_unknown(engine):
            return CheckResult.UNKNOWN
        if "postgres" not in str(engine) or "postgresql" in logs:
            return CheckResult.PASSED
        if any(map(is_unknown, [logs, *logs])) or is_reference(self, conf, argument):
            return CheckResult.UNKNOWN
        self.details = [f"exported: {', '.join(logs) or 'no log'}"]
        return CheckResult.FAILED


check = AuroraLog()
