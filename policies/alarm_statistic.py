"""An alarm uses a statistic that means something for its metric.

The average of a count of errors is always one, however many there are; the load balancer's host
counts have no percentiles. Checkov has no check for it.
"""

from __future__ import annotations

import re
from typing import Any

from _metrics import KNOWN
from _values import is_unknown, readings, settled, worst
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

# p99, tm90, TM(10%:90%) and the like: CloudWatch user guide, "Statistics definitions".
PERCENTILE = re.compile(r"(p|tm|tc|ts|wm)\d+(\.\d+)?|(pr|tm|tc|ts|wm)\(.*\)|iqm", re.IGNORECASE)


class AlarmStatistic(BaseResourceCheck):
    """Looks at the statistic of aws_cloudwatch_metric_alarm, or of each metric of its queries."""

    requirement = "MON-10"

    def __init__(self) -> None:
        super().__init__(
            name="An alarm uses a statistic that means something for its metric",
            id="CKV2_MNXT_28",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_cloudwatch_metric_alarm"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """One's own metrics are what one makes them."""
        self.evaluated_keys = ["statistic", "extended_statistic", "metric_query"]
        return worst(self._judge(metric) for metric in readings(conf))

    def _judge(self, metric: dict[str, Any]) -> CheckResult:
        namespace, name = settled(metric, "namespace"), settled(metric, "metric_name")
        given = (settled(metric, key) for key in ("statistic", "extended_statistic", "stat"))
        statistic = next((one for one in given if one is not None), None)
        kind = "percentile" if PERCENTILE.fullmatch(str(statistic)) else statistic
        if any(map(is_unknown, (namespace, kind))):
            return CheckResult.UNKNOWN
        if not str(namespace).startswith("AWS/"):
            return CheckResult.PASSED
        known = KNOWN.get((namespace, name))
        if known is None or statistic is None:
            return CheckResult.UNKNOWN
        if kind in known.statistics:
            return CheckResult.PASSED
        meant = ", ".join(sorted(known.statistics))
        self.details.append(f"{statistic} of {name}: only {meant} means something")
        return CheckResult.FAILED


check = AlarmStatistic()
