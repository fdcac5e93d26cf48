"""No role is given one of the wide policies that AWS keeps.

They reach everything of a service or of the account, and AWS widens them further. CKV_AWS_274 knows
AdministratorAccess and CKV2_AWS_56 IAMFullAccess; both pass PowerUserAccess, ReadOnlyAccess, which
reads all data, and every other FullAccess.
"""

from __future__ import annotations

import re
from typing import Any

from _values import data_sources, is_unknown, settled, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

WIDE = re.compile(
    r"(.*:policy/(?:[\w-]+/)*)?(AdministratorAccess[\w-]*|PowerUserAccess|ReadOnlyAccess"
    r"|\w*FullAccess(_?[vV]\d+)?|(System|Network|Database)Administrator)"
)
OWN = re.compile(r"(\$\{)?aws_iam_policy\.")


class ManagedPolicies(BaseResourceCheck):
    """Looks at attachments of policies, and at managed_policy_arns of roles."""

    requirement = "IAM-08"

    def __init__(self) -> None:
        super().__init__(
            name="No role is given one of the wide policies that AWS keeps",
            id="CKV2_MNXT_32",
            categories=[CheckCategories.IAM],
            supported_resources=[
                "aws_iam_group_policy_attachment",
                "aws_iam_policy_attachment",
                "aws_iam_role",
                "aws_iam_role_policy_attachment",
                "aws_iam_user_policy_attachment",
            ],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """One's own policies are judged by what they grant, elsewhere."""
        self.evaluated_keys = ["policy_arn", "managed_policy_arns"]
        given = [settled(conf, key) for key in self.evaluated_keys]
        arns = [arn for one in given if one for arn in (one if isinstance(one, list) else [one])]
        return worst(self._judge(conf, str(arn)) for arn in arns)

    def _judge(self, conf: dict[str, Any], arn: str) -> CheckResult:
        if OWN.match(arn):
            return CheckResult.PASSED
        found = data_sources(self, conf, arn)
        names = [str(settled(data, "name") or settled(data, "arn")) for data in found] or [arn]
        if wide := [name for name in names if WIDE.fullmatch(name)]:
            self.details.append(f"attached: {', '.join(wide)}")
            return CheckResult.FAILED
        return CheckResult.UNKNOWN if any(map(is_unknown, names)) else CheckResult.PASSED


check = ManagedPolicies()
