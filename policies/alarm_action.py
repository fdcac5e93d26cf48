"""An alarm does something when it fires.

CKV_AWS_319 looks at actions_enabled only and passes an alarm that has no action at all.
"""

from __future__ import annotations

from typing import Any

from _values import is_unknown, value
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class AlarmAction(BaseResourceCheck):
    """Looks at alarm_actions and actions_enabled of metric and composite alarms."""

    requirement = "MON-04"

    def __init__(self) -> None:
        super().__init__(
            name="An alarm does something when it fires",
            id="CKV2_MNXT_8",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """A list that is a reference as a whole may be empty: unknown."""
        self.evaluated_keys = ["alarm_actions", "actions_enabled"]
        if value(conf, "actions_enabled") in (False, "false"):
            return CheckResult.FAILED
        actions = conf.get("alarm_actions") or []
        actions = actions[0] if isinstance(actions, list) and actions else actions
        if is_unknown(actions):
            return CheckResult.UNKNOWN
        named = [action for action in actions or [] if action not in (None, "None", "")]
        return CheckResult.PASSED if named else CheckResult.FAILED


check = AlarmAction()
