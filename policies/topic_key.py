"""A notification topic is encrypted with a key whose policy can let the publishers use it.

CloudWatch may not use the key that AWS manages for SNS: it drops every notification of an alarm to
such a topic without an error. CKV_AWS_26 passes that key.
"""

from __future__ import annotations

from typing import Any

from _values import value
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class TopicKey(BaseResourceCheck):
    """Looks at kms_master_key_id of aws_sns_topic."""

    requirement = "MON-05"

    def __init__(self) -> None:
        super().__init__(
            name="A notification topic is encrypted with a key that the publishers may use",
            id="CKV2_MNXT_12",
            categories=[CheckCategories.ENCRYPTION],
            supported_resources=["aws_sns_topic"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """A key that is a reference passes: its policy is judged where it is deployed."""
        self.evaluated_keys = ["kms_master_key_id"]
        key = value(conf, "kms_master_key_id")
        return CheckResult.FAILED if not key or "alias/aws/" in str(key) else CheckResult.PASSED


check = TopicKey()
