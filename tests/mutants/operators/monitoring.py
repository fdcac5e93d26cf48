"""Alarms, what they look at, and who hears of them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.mutants.mutant import Edit
from tests.mutants.operators.registry import (
    Change,
    cut,
    is_number,
    of_type,
    operator,
    replaced,
    scaled,
)
from tests.mutants.places import Setting, Stack

ALARM = "aws_cloudwatch_metric_alarm"
STATISTICS = ("Average", "Maximum", "Minimum", "Sum", "SampleCount")
OPPOSITE = {
    "GreaterThanThreshold": "LessThanThreshold",
    "GreaterThanOrEqualToThreshold": "LessThanOrEqualToThreshold",
    "LessThanThreshold": "GreaterThanThreshold",
    "LessThanOrEqualToThreshold": "GreaterThanOrEqualToThreshold",
    "GREATER_THAN": "LESS_THAN",
}
NEIGHBOURS = {
    "TargetResponseTime": "RequestCount",
    "CPUUtilization": "FreeableMemory",
    "CacheHitRate": "CacheHits",
    "UnHealthyHostCount": "HealthyHostCount",
    "HTTPCode_Target_5XX_Count": "HTTPCode_ELB_5XX_Count",
    "ECSServiceAverageCPUUtilization": "ECSServiceAverageMemoryUtilization",
    "ECSServiceAverageMemoryUtilization": "ECSServiceAverageCPUUtilization",
    "ALBRequestCountPerTarget": "ECSServiceAverageCPUUtilization",
}


def alarms(stack: Stack, *names: str) -> list[Setting]:
    """The settings of alarms with one of these names."""
    return [s for s in of_type(stack, ALARM) if s.path in names]


def dimensions(stack: Stack) -> dict[str, list[Setting]]:
    """Each alarm's dimensions, by its address."""
    found: dict[str, list[Setting]] = {}
    for place in of_type(stack, ALARM):
        if place.within[-1:] == ("dimensions",):
            found.setdefault(place.address, []).append(place)
    return found


@operator("rename-dimension", "configuration data")
def rename_dimension(stack: Stack) -> Iterator[Change]:
    """A dimension has a name that AWS does not emit."""
    for places in dimensions(stack).values():
        for place in places:
            edit = Edit(
                stack.relative(place.document),
                place.whole[0],
                place.whole[0] + len(place.name),
                "Name",
            )
            yield Change(place, (edit,), f"{place.path} → Name")


@operator("drop-dimension", "configuration data")
def drop_dimension(stack: Stack) -> Iterator[Change]:
    """A dimension is missing."""
    for places in dimensions(stack).values():
        for place in places:
            yield from cut(stack, place)


@operator("swap-dimensions", "configuration data")
def swap_dimensions(stack: Stack) -> Iterator[Change]:
    """Two dimensions have each other's value; a single one has a value that is nobody's."""
    for places in dimensions(stack).values():
        if len(places) == 1:
            yield from replaced(stack, places[0], '"nobody"')
        else:
            one, other = places[:2]
            back = Edit(stack.relative(other.document), other.start, other.end, one.text)
            yield from replaced(stack, one, other.text, "", back)


@operator("scale-threshold", "configuration data")
def scale_threshold(stack: Stack) -> Iterator[Change]:
    """A threshold is in another unit, or ten times or a tenth of what it was."""
    for place in of_type(stack, ALARM, "aws_budgets", "aws_ce_anomaly"):
        values = place.name == "values" and "threshold_expression" in place.within
        bare = place.text.strip("[]") if values else place.text
        if (place.name == "threshold" or values) and is_number(bare):
            for factor, variant in ((1000, "x1000"), (0.1, "tenth")):
                number = scaled(bare, factor) if float(bare.strip('"')) else str(factor)
                yield from replaced(stack, place, f"[{number}]" if values else number, variant)
        elif place.name == "threshold" and "?" in place.text:
            yield from replaced(stack, place, "1000", "x1000")


@operator("drop-alarm-action", "configuration data")
def drop_action(stack: Stack) -> Iterator[Change]:
    """An alarm tells nobody, or not that it is over."""
    for place in alarms(stack, "alarm_actions", "ok_actions"):
        yield from cut(stack, place)


@operator("disable-alarm", "configuration data")
def disable_alarm(stack: Stack) -> Iterator[Change]:
    """An alarm changes its state and acts on none."""
    for place in alarms(stack, "alarm_name"):
        at = place.whole[0]
        edit = Edit(stack.relative(place.document), at, at, "actions_enabled     = false\n  ")
        yield Change(place, (edit,), "actions_enabled = false")


@operator("swap-statistic", "configuration data")
def swap_statistic(stack: Stack) -> Iterator[Change]:
    """Another statistic is looked at."""
    for place in alarms(stack, "statistic"):
        for other in STATISTICS:
            yield from replaced(stack, place, f'"{other}"', other)


@operator("swap-comparison", "configuration data")
def swap_comparison(stack: Stack) -> Iterator[Change]:
    """An alarm goes off on the wrong side of its threshold."""
    for place in of_type(stack, ALARM, "aws_budgets"):
        if place.name == "comparison_operator" and place.value in OPPOSITE:
            yield from replaced(stack, place, f'"{OPPOSITE[place.value]}"')


@operator("swap-metric", "configuration data")
def swap_metric(stack: Stack) -> Iterator[Change]:
    """Another metric is looked at."""
    for place in of_type(stack, ALARM, "aws_appautoscaling"):
        if isinstance(place.value, str) and place.value in NEIGHBOURS:
            yield from replaced(stack, place, f'"{NEIGHBOURS[place.value]}"')
        elif place.name == "namespace" and place.type == ALARM:
            yield from replaced(stack, place, '"AWS/EC2"')


@operator("alarm-period", "configuration data")
def alarm_period(stack: Stack) -> Iterator[Change]:
    """An alarm looks longer, or more often, before it goes off."""
    for place in alarms(stack, "period", "evaluation_periods"):
        if is_number(place.text):
            yield from replaced(stack, place, scaled(place.text, 10), "x10")
            if place.name == "period":
                yield from replaced(stack, place, "45", "45s")


@operator("missing-data", "configuration data")
def missing_data(stack: Stack) -> Iterator[Change]:
    """What no data means is the other way round, or not said."""
    for place in alarms(stack, "treat_missing_data"):
        yield from replaced(stack, place, '"breaching"', "breaching")
        yield from cut(stack, place)


@operator("log-pattern", "configuration data")
def log_pattern(stack: Stack) -> Iterator[Change]:
    """A filter of a log matches nothing."""
    for place in stack.settings:
        if place.kind == "locals" and place.pair and place.text.startswith('"{ $.'):
            yield from replaced(stack, place, '"{ $.eventName = \\"Nothing\\" }"')


@operator("drop-subscription", "configuration data")
def drop_subscription(stack: Stack) -> Iterator[Change]:
    """A topic has no subscriber, or a budget tells nobody."""
    for block in stack.blocks:
        topic = block.outermost and block.type == "aws_sns_topic_subscription"
        notice = not block.outermost and block.name in ("notification", "subscriber")
        if block.kind == "resource" and (topic or notice):
            yield from cut(stack, block)


@operator("wrong-subscriber", "configuration data")
def wrong_subscriber(stack: Stack) -> Iterator[Change]:
    """A subscriber is somebody else, or is told in another way."""
    for place in of_type(stack, "aws_sns_topic_subscription"):
        if place.name == "endpoint":
            yield from replaced(stack, place, '"nobody@example.com"')
        if place.name == "protocol":
            yield from replaced(stack, place, '"sms"')
