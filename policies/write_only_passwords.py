"""Passwords and secret values are written by write-only arguments, out of plan and state.

Checkov looks for literal passwords; one that comes from a variable or a random_password stands in
the state all the same.
"""

from __future__ import annotations

from typing import Any

from _values import value
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

ARGUMENTS = {
    "aws_db_instance": "password",
    "aws_rds_cluster": "master_password",
    "aws_secretsmanager_secret_version": "secret_string",
}


class WriteOnlyPasswords(BaseResourceCheck):
    """Looks for the arguments that have a write-only form."""

    requirement = "SEC-01"

    def __init__(self) -> None:
        super().__init__(
            name="Passwords and secret values are written by write-only arguments",
            id="CKV2_MNXT_13",
            categories=[CheckCategories.SECRETS],
            supported_resources=list(ARGUMENTS),
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """The value itself is never repeated."""
        argument = ARGUMENTS[self.entity_type]
        self.evaluated_keys = [argument]
        if value(conf, argument) is None:
            return CheckResult.PASSED
        self.details = [f"{argument} is kept in the state; use {argument}_wo"]
        return CheckResult.FAILED


check = WriteOnlyPasswords()
