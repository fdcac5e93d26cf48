"""Each generation of an Aurora cluster leaves its final snapshot under a name of its own.

Snapshots outlive the cluster and their names are unique: a fixed name makes the second destroy
fail half-way. Checkov has no check for it.
"""

from __future__ import annotations

import re
from typing import Any

from _values import is_unknown, value
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# What a new generation of the cluster makes anew: a resource made with it, or the time.
MADE_ANEW = re.compile(
    r"\b(terraform_data|null_resource|random_\w+|time_\w+)\.\w+|\b(timestamp|uuid)\("
)


class FinalSnapshotName(BaseResourceCheck):
    """Looks at skip_final_snapshot and final_snapshot_identifier of aws_rds_cluster."""

    requirement = "DB-07"

    def __init__(self) -> None:
        super().__init__(
            name="The final snapshot has a name that no earlier cluster has used",
            id="CKV2_MNXT_3",
            categories=[CheckCategories.BACKUP_AND_RECOVERY],
            supported_resources=["aws_rds_cluster"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Without a final snapshot there is no name to collide."""
        self.evaluated_keys = ["skip_final_snapshot", "final_snapshot_identifier"]
        if value(conf, "skip_final_snapshot") in (True, "true"):
            return CheckResult.PASSED
        name = value(conf, "final_snapshot_identifier")
        if MADE_ANEW.search(str(name)):
            return CheckResult.PASSED
        if str(name).startswith(("local.", "module.")) or (
            name is None and is_undecided(conf, "skip_final_snapshot")
        ):
            return CheckResult.UNKNOWN
        self.details = [f"name of the final snapshot: {name}"]
        return CheckResult.FAILED


def is_undecided(conf: dict[str, Any], argument: str) -> bool:
    """Whether the argument is set to something that Checkov could not evaluate."""
    return argument in conf and (value(conf, argument) is None or is_unknown(value(conf, argument)))


check = FinalSnapshotName()
