"""An alarm watches a metric by dimensions that AWS emits it by.

On any other set the alarm waits for data for ever and stays in INSUFFICIENT_DATA. Checkov has no
check for it. A metric of AWS that is not listed is unknown, not wrong; one's own metrics are what
one makes them.
"""

from __future__ import annotations

from typing import Any

from _metrics import KNOWN
from _values import is_unknown, readings, value, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class AlarmDimensions(BaseResourceCheck):
    """Looks at the metric of aws_cloudwatch_metric_alarm, or at each metric of its queries."""

    requirement = "MON-03"

    def __init__(self) -> None:
        super().__init__(
            name="An alarm watches a metric by dimensions that AWS emits it by",
            id="CKV2_MNXT_7",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_cloudwatch_metric_alarm"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """The worst of the metrics decides."""
        self.evaluated_keys = ["namespace", "metric_name", "dimensions"]
        return worst(self._judge(metric) for metric in readings(conf))

    def _judge(self, metric: dict[str, Any]) -> CheckResult:
        namespace, name = value(metric, "namespace"), value(metric, "metric_name")
        if is_unknown(namespace):
            return CheckResult.UNKNOWN
        if namespace is not None and not namespace.startswith("AWS/"):
            return CheckResult.PASSED
        dimensions = value(metric, "dimensions") or {}
        known = KNOWN.get((namespace, name))
        if known is None or not isinstance(dimensions, dict):
            return CheckResult.UNKNOWN
        if frozenset(dimensions) in known.dimensions:
            return CheckResult.PASSED
        listed = " or ".join("{" + ", ".join(sorted(each)) + "}" for each in known.dimensions)
        self.details.append(f"{namespace} {name} is emitted by {listed}")
        return CheckResult.FAILED


check = AlarmDimensions()
