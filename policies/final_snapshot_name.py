"""Each generation of an Aurora cluster leaves its final snapshot under a name of its own.

Snapshots outlive the cluster and their names are unique: a fixed name makes the second destroy
fail half-way. Checkov has no check for it.
"""

from __future__ import annotations

import re
from typing import Any

from _values import is_unknown, locals_of, value, written
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# What a new generation of the cluster makes anew: a resource made with it, or the time.
MADE_ANEW = re.compile(
    r"\b(terraform_data|null_resource|random_\w+|time_\w+)\.\w+|\b(timestamp|uuid)\("
)
ARGUMENT = re.compile(r"^\s*final_snapshot_identifier\s*=\s*(.+)$", re.MULTILINE)


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
        names = self._names(conf)
        if names and all(MADE_ANEW.search(name) for name in names):
            return CheckResult.PASSED
        skip = value(conf, "skip_final_snapshot")
        undecided = is_unknown(skip) or (skip is None and "skip_final_snapshot" in conf)
        if any(is_unknown(name) for name in names) or (undecided and not names):
            return CheckResult.UNKNOWN
        self.details = [f"name of the final snapshot: {', '.join(names) or 'none'}"]
        return CheckResult.FAILED

    def _names(self, conf: dict[str, Any]) -> list[str]:
        """The names that it can have. Checkov leaves a conditional as it is, or makes it None."""
        name = value(conf, "final_snapshot_identifier")
        if name is not None:
            return branches(str(name))
        argument = ARGUMENT.search(written(self, conf))
        known = {f"local.{local}": str(text) for local, text in locals_of(self, conf)}
        return [known.get(name, name) for name in branches(argument[1])] if argument else []


def branches(expression: str) -> list[str]:
    """The values that a conditional can have, or the expression itself; null is none."""
    _, conditional, choices = expression.partition("?")
    values = choices.split(":") if conditional else [expression]
    return [v.strip(' "') for v in values if v.strip() not in ("null", "None")]


check = FinalSnapshotName()
