"""A notification topic is encrypted with a key that its publishers may use, or with none.

CloudWatch may not use the key that AWS manages for SNS: it drops every notification of an alarm to
such a topic without an error. ElastiCache may use no key at all and marks an encrypted topic
inactive. CKV_AWS_26 passes the first and objects to the second.
"""

from __future__ import annotations

from typing import Any

from _values import users_of, value
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

WITHOUT_KEY = {"aws_elasticache_cluster", "aws_elasticache_replication_group"}


class TopicKey(BaseResourceCheck):
    """Looks at kms_master_key_id of aws_sns_topic and at who names the topic."""

    requirement = "MON-05"

    def __init__(self) -> None:
        super().__init__(
            name="A notification topic is encrypted with a key that its publishers may use",
            id="CKV2_MNXT_12",
            categories=[CheckCategories.ENCRYPTION],
            supported_resources=["aws_sns_topic"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """A key that is a reference passes: its policy is judged where it is deployed."""
        self.evaluated_keys = ["kms_master_key_id"]
        key = value(conf, "kms_master_key_id")
        if WITHOUT_KEY & {user.get("resource_type") for user in users_of(self, conf)}:
            self.details = ["ElastiCache publishes to it and cannot use a key"] if key else []
            return CheckResult.FAILED if key else CheckResult.PASSED
        return CheckResult.FAILED if not key or "alias/aws/" in str(key) else CheckResult.PASSED


check = TopicKey()
