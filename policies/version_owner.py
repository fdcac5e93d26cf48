"""A version that AWS raises in the maintenance window is not planned back.

RDS refuses the older version, and a replication group would be replaced to get it. Checkov asks for
automatic minor upgrades (CKV_AWS_226, CKV_AWS_322) and not for a plan that bears them.
"""

from __future__ import annotations

import re
from typing import Any

from _values import ignores, is_unknown, known, users_of
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# A version that leaves the minor one to AWS, such as 15, 8.0 (MySQL) or 6.x (Redis).
MAJOR_ONLY = {
    "aws_elasticache_replication_group": re.compile(r"\d+\.x"),
    "aws_rds_cluster": re.compile(r"\d+|\d\.\d"),
    "aws_rds_cluster_instance": re.compile(r"\d+|\d\.\d"),
}


class VersionOwner(BaseResourceCheck):
    """Looks at engine_version, auto_minor_version_upgrade and the lifecycle."""

    requirement = "DB-09"

    def __init__(self) -> None:
        super().__init__(
            name="A version that AWS raises in the maintenance window is not planned back",
            id="CKV2_MNXT_26",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=list(MAJOR_ONLY),
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Where nothing is raised, nothing is planned back."""
        self.evaluated_keys = ["engine_version", "lifecycle"]
        version = known(self, conf, "engine_version")
        if version is None or ignores(conf, "engine_version") or self._stays(conf):
            return CheckResult.PASSED
        if is_unknown(version):
            return CheckResult.UNKNOWN
        if MAJOR_ONLY[self.entity_type].fullmatch(str(version)):
            return CheckResult.PASSED
        self.details = [f"engine_version {version}; lifecycle.ignore_changes lacks it"]
        return CheckResult.FAILED

    def _stays(self, conf: dict[str, Any]) -> bool:
        """Whether AWS raises nothing: a cluster is raised together with its instances."""
        if self.entity_type != "aws_rds_cluster":
            return known(self, conf, "auto_minor_version_upgrade") in (False, "false")
        instances = [
            user.get("auto_minor_version_upgrade")
            for user in users_of(self, conf)
            if user.get("resource_type") == "aws_rds_cluster_instance"
        ]
        return bool(instances) and all(raised in (False, "false") for raised in instances)


check = VersionOwner()
