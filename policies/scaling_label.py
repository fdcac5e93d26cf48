"""Requests are counted where the load balancer and the target group really meet.

The label of ALBRequestCountPerTarget is the load balancer's ARN suffix, a slash and the target
group's. Any other form counts no request, or is refused half-way through the apply. Checkov has no
check of scaling policies.
"""

from __future__ import annotations

import re
from typing import Any

from _values import blocks, is_unknown, settled, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

LABEL = re.compile(r"app/[\w-]+/\w+/targetgroup/[\w-]+/\w+")
# A reference to one of the two, and the attribute that it takes.
REFERENCE = re.compile(r"\$\{(?:data\.)?aws_a?lb(_target_group)?\.[\w-]+(?:\[[^]]*\])?\.(\w+)\}")


class ScalingLabel(BaseResourceCheck):
    """Looks at the resource_label of target-tracking policies that count requests."""

    requirement = "SCALE-07"

    def __init__(self) -> None:
        super().__init__(
            name="Requests are counted by the load balancer's and the target group's ARN suffixes",
            id="CKV2_MNXT_23",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["aws_appautoscaling_policy", "aws_autoscaling_policy"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Policies on other metrics take no label."""
        kinds = ("target_tracking_scaling_policy_configuration", "target_tracking_configuration")
        metrics = [
            metric
            for kind in kinds
            for configuration in blocks(conf, kind)
            for metric in blocks(configuration, "predefined_metric_specification")
        ]
        self.evaluated_keys = list(kinds)
        return worst(self._judge(metric) for metric in metrics)

    def _judge(self, metric: dict[str, Any]) -> CheckResult:
        kind, label = settled(metric, "predefined_metric_type"), settled(metric, "resource_label")
        if is_unknown(kind):
            return CheckResult.UNKNOWN
        if kind != "ALBRequestCountPerTarget":
            return CheckResult.PASSED
        written = REFERENCE.sub(_suffix, str(label))
        if LABEL.fullmatch(written):
            return CheckResult.PASSED
        if is_unknown(written):
            return CheckResult.UNKNOWN
        self.details.append(f"label: {label}")
        return CheckResult.FAILED


def _suffix(reference: re.Match[str]) -> str:
    """What an ARN suffix looks like; any other attribute does not look like one."""
    group, attribute = reference.groups()
    if attribute != "arn_suffix":
        return attribute
    return "targetgroup/name/0" if group else "app/name/0"


check = ScalingLabel()
