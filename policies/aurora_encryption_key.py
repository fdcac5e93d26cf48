"""Aurora's storage is encrypted with a key of one's own.

Checkov's own checks ask for encryption and for any kms_key_id; they pass the key that AWS manages
for the service, whose policy nobody can change and whose snapshots no other account can restore.
"""

from __future__ import annotations

from typing import Any

from _values import value
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class AuroraEncryptionKey(BaseResourceCheck):
    """Looks at storage_encrypted and kms_key_id of aws_rds_cluster."""

    requirement = "DB-02"

    def __init__(self) -> None:
        super().__init__(
            name="Aurora's storage is encrypted with a key of one's own",
            id="CKV2_MNXT_1",
            categories=[CheckCategories.ENCRYPTION],
            supported_resources=["aws_rds_cluster"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """A key that is a reference passes: whose it is shows only in the plan."""
        self.evaluated_keys = ["storage_encrypted", "kms_key_id"]
        key = value(conf, "kms_key_id")
        if value(conf, "storage_encrypted") not in (True, "true"):
            return CheckResult.FAILED
        return CheckResult.FAILED if not key or "alias/aws/" in str(key) else CheckResult.PASSED


check = AuroraEncryptionKey()
