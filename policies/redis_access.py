"""Redis takes no connection in clear and none without a token or a user.

CKV_AWS_31 looks for the arguments' names: it passes a token that is null, a transit encryption that
is a variable, and the mode "preferred", in which the group still takes connections in clear.
"""

from __future__ import annotations

from typing import Any

from _values import UNDECIDED, is_true, is_unknown, known, named_by, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class RedisAccess(BaseResourceCheck):
    """Looks at transit encryption, auth_token and user_group_ids of replication groups."""

    requirement = "REDIS-03"

    def __init__(self) -> None:
        super().__init__(
            name="Redis takes no connection in clear and none without a token or a user",
            id="CKV2_MNXT_20",
            categories=[CheckCategories.ENCRYPTION],
            supported_resources=["aws_elasticache_replication_group"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """A token that is a reference passes, unless its variable is null when nothing is said."""
        self.evaluated_keys = ["transit_encryption_enabled", "transit_encryption_mode"]
        encrypted, mode = (known(self, conf, key) for key in self.evaluated_keys)
        asked = known(self, conf, "auth_token") or known(self, conf, "user_group_ids")
        return worst(
            [
                self._judge(encrypted, is_true(encrypted), "connections are taken in clear"),
                self._judge(mode, mode in (None, "required"), "clear connections are still taken"),
                self._judge(None, bool(asked), "nobody is asked who it is"),
                CheckResult.UNKNOWN if self._may_be_null(conf, asked) else CheckResult.PASSED,
            ]
        )

    def _may_be_null(self, conf: dict[str, Any], asked: Any) -> bool:
        """Also a conditional that Checkov could not decide, one of whose ends is null."""
        optional = [f"var.{n['block_name_']}" for n in named_by(self, conf) if "default" in n]
        return asked in (UNDECIDED, *optional) or "None" in str(asked)

    def _judge(self, found: Any, holds: bool, fault: str) -> CheckResult:
        if is_unknown(found):
            return CheckResult.UNKNOWN
        self.details += [] if holds else [fault]
        return CheckResult.PASSED if holds else CheckResult.FAILED


check = RedisAccess()
