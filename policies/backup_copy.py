"""A backup plan copies the backups to another region.

A backup in the region that failed is no backup. Checkov asks whether a cluster is in a plan
(CKV2_AWS_8) and whether vaults are encrypted (CKV_AWS_166), not where the copies are.
"""

from __future__ import annotations

import re
from typing import Any

from _values import blocks, is_unknown, regions, settled
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

ARN = re.compile(r"arn:aws[\w-]*:backup:([a-z0-9-]+):")
VAULT = re.compile(r"(?:\$\{)?(aws_backup_vault\.[\w-]+(?:\[[^]]*\])?)\.arn\}?")
UNKNOWN = "var.unknown"


class BackupCopy(BaseResourceCheck):
    """Looks at the copy_action of the rules of aws_backup_plan, and at the vaults' regions."""

    requirement = "DR-01"

    def __init__(self) -> None:
        super().__init__(
            name="A backup plan copies the backups to another region",
            id="CKV2_MNXT_34",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_backup_plan"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """One rule that copies is enough: the others may be for shorter terms."""
        self.evaluated_keys = ["rule"]
        home, vaults = regions(self, conf)
        places = [
            self._region(settled(copy, "destination_vault_arn"), vaults)
            for rule in blocks(conf, "rule")
            for copy in blocks(rule, "copy_action")
        ]
        elsewhere = [place for place in places if place != home]
        if any(not is_unknown(place) for place in elsewhere) and not is_unknown(home):
            return CheckResult.PASSED
        if elsewhere:
            return CheckResult.UNKNOWN
        self.details = [f"made in {home}, copied to {', '.join(places) or 'nowhere'}"]
        return CheckResult.FAILED

    def _region(self, destination: Any, vaults: dict[str, str]) -> str:
        text = str(destination)
        arn, vault = ARN.match(text), VAULT.fullmatch(text)
        if arn:
            return arn[1]
        return vaults.get(vault[1], UNKNOWN) if vault else UNKNOWN


check = BackupCopy()
