"""Sizes: capacities, targets, cooldowns, CPU and memory, timeouts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutants.operators.registry import (
    Change,
    is_number,
    of_type,
    operator,
    replaced,
    scaled,
)
from tests.mutants.places import Stack

CAPACITIES = ("min_capacity", "max_capacity", "desired_count", "num_cache_clusters")
TARGETS = ("target_value", "scale_in_cooldown", "scale_out_cooldown")
SIZES = ("cpu", "memory", "memory_size", "weight", "size")
DEPLOYMENT = (
    "deployment_minimum_healthy_percent",
    "deployment_maximum_percent",
    "health_check_grace_period_seconds",
    "deregistration_delay",
)
BOUNDS = re.compile(r"var\.\w*(min|max|desired|off_peak)\w*_count")
OTHERS = ("var.app_min_count", "var.app_max_count", "var.app_off_peak_min_count")


@operator("change-capacity", "configuration data")
def change_capacity(stack: Stack) -> Iterator[Change]:
    """A bound, or a number of nodes or tasks, is another."""
    for place in stack.settings:
        if place.kind != "resource" or place.name not in CAPACITIES:
            continue
        yield from replaced(stack, place, "1" if place.name.startswith("max") else "0", "least")
        if BOUNDS.fullmatch(place.text):
            for other in (o for o in OTHERS if o in _variables(stack)):
                yield from replaced(stack, place, other, other.removeprefix("var."))


@operator("change-target", "configuration data")
def change_target(stack: Stack) -> Iterator[Change]:
    """A target or a cooldown is ten times, or a tenth of, what it was."""
    for place in of_type(stack, "aws_appautoscaling"):
        if place.name in TARGETS and is_number(place.text):
            yield from replaced(stack, place, scaled(place.text, 10), "x10")
            yield from replaced(stack, place, scaled(place.text, 0.1), "tenth")


@operator("change-size", "configuration data")
def change_size(stack: Stack) -> Iterator[Change]:
    """CPU, memory or a weight is half of what it was."""
    for place in stack.settings:
        if place.kind in ("resource", "locals") and place.name in SIZES and is_number(place.text):
            yield from replaced(stack, place, scaled(place.text, 0.5))


@operator("change-deployment", "configuration data")
def change_deployment(stack: Stack) -> Iterator[Change]:
    """A rolling update has fewer tasks, or waits less, than it should."""
    for place in stack.settings:
        if place.kind == "resource" and place.name in DEPLOYMENT and is_number(place.text):
            yield from replaced(stack, place, scaled(place.text, 0.5), "half")
            yield from replaced(stack, place, "0", "zero")


@operator("priority", "configuration data", common=False)
def priority(stack: Stack) -> Iterator[Change]:
    """What comes first comes last."""
    for place in stack.settings:
        if place.name in ("promotion_tier", "priority") and is_number(place.text):
            yield from replaced(stack, place, "15")


def _variables(stack: Stack) -> set[str]:
    return {f"var.{b.labels[0]}" for b in stack.blocks if b.outermost and b.kind == "variable"}
