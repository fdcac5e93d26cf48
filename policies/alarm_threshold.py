"""An alarm's threshold is in its metric's unit and can be crossed.

Half a second written as 500 is more than eight minutes: nobody is ever told. Checkov has no check
for it.
"""

from __future__ import annotations

from typing import Any

from _metrics import KNOWN, Metric
from _values import blocks, is_true, is_unknown, known, number, settled
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

RISING = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
FALLING = ("LessThanThreshold", "LessThanOrEqualToThreshold")


class AlarmThreshold(BaseResourceCheck):
    """Looks at threshold, comparison_operator and the metric of aws_cloudwatch_metric_alarm."""

    requirement = "MON-11"

    def __init__(self) -> None:
        super().__init__(
            name="An alarm's threshold is in its metric's unit and can be crossed",
            id="CKV2_MNXT_29",
            categories=[CheckCategories.LOGGING],
            supported_resources=["aws_cloudwatch_metric_alarm"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """One's own metrics are in one's own units; an expression's or a band's are unknown."""
        self.evaluated_keys = ["threshold", "comparison_operator", "metric_name"]
        metric = compared(conf)
        namespace, name = settled(metric, "namespace"), settled(metric, "metric_name")
        if namespace is None or is_unknown(namespace):
            return CheckResult.UNKNOWN
        if not namespace.startswith("AWS/"):
            return CheckResult.PASSED
        listed, threshold = KNOWN.get((namespace, name)), number(known(self, conf, "threshold"))
        operator = known(self, conf, "comparison_operator")
        if listed is None or threshold is None or operator not in RISING + FALLING:
            return CheckResult.UNKNOWN
        fault = outside(listed, threshold) or one_sided(listed, threshold, operator)
        self.details = [f"{threshold:g} for {name}: {fault}"] if fault else []
        return CheckResult.FAILED if fault else CheckResult.PASSED


def compared(alarm: dict[str, Any]) -> dict[str, Any]:
    """What the threshold is compared with; nothing where that is an expression."""
    queries = blocks(alarm, "metric_query")
    returned = [query for query in queries if is_true(settled(query, "return_data"))]
    return (
        next((m for query in returned for m in blocks(query, "metric")), {}) if queries else alarm
    )


def outside(metric: Metric, threshold: float) -> str:
    """What is wrong with the threshold's scale, if anything."""
    if metric.least <= threshold <= metric.most:
        return ""
    return f"in {metric.unit} it lies between {metric.least:g} and {metric.most:g}"


def one_sided(metric: Metric, threshold: float, operator: str) -> str:
    """Whether the metric, which is never below 0, is always or never beyond the threshold."""
    inclusive, top = "OrEqual" in operator, metric.highest
    if operator in RISING:
        always = inclusive and threshold <= 0
        never = not inclusive and threshold >= top
    else:
        always = inclusive and threshold >= top
        never = not inclusive and threshold <= 0
    return f"{operator} is {'always' if always else 'never'} true" if always or never else ""


check = AlarmThreshold()
