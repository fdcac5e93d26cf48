"""A target-tracking policy with the alarms that it owns, and the bounds that policies keep to.

Sources: as for `scaling.py`, which says what policies do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.support import alarms
from tests.support.alarms import Alarm

# The alarms that a policy owns. AWS documents neither; both are what it creates for metrics of a
# minute (aws/containers-roadmap issue 1208, aws/copilot-cli issue 4233: 3 of 3 and 15 of 15).
PERIOD_SECONDS = 60
HIGH_PERIODS = 3
LOW_PERIODS = 15
LOW_SHARE_OF_TARGET = 0.9


@dataclass(frozen=True)
class Capacity:
    """The smallest and the largest number of tasks. Raises ValueError when out of order."""

    minimum: int
    maximum: int

    def __post_init__(self) -> None:
        if not 0 <= self.minimum <= self.maximum:
            raise ValueError(f"no number of tasks is from {self.minimum} to {self.maximum}")

    def bound(self, tasks: int) -> int:
        """The nearest allowed number of tasks."""
        return min(max(tasks, self.minimum), self.maximum)


@dataclass(frozen=True)
class Policy:
    """A target-tracking policy on a metric that falls in proportion as tasks are added.

    `metric` names it (`ECSServiceAverageCPUUtilization`); `target` is in its unit, cooldowns are
    in seconds. `high` and `low` are the two alarms that the policy owns.
    """

    metric: str
    target: float
    scale_out_cooldown: float
    scale_in_cooldown: float
    high: Alarm
    low: Alarm
    disable_scale_in: bool = False

    @classmethod
    def tracking(
        cls,
        metric: str,
        target: float,
        scale_out_cooldown: float,
        scale_in_cooldown: float,
        disable_scale_in: bool = False,
    ) -> Policy:
        """The policy with the pair of alarms that AWS creates for it."""
        if not target > 0:
            raise ValueError(f"{metric}: a target of {target:g} cannot be tracked")
        high = Alarm(target, "GreaterThanThreshold", "Average", PERIOD_SECONDS,
                     HIGH_PERIODS, HIGH_PERIODS)  # fmt: skip
        low = Alarm(target * LOW_SHARE_OF_TARGET, "LessThanThreshold", "Average", PERIOD_SECONDS,
                    LOW_PERIODS, LOW_PERIODS)  # fmt: skip
        return cls(metric, target, scale_out_cooldown, scale_in_cooldown,
                   high, low, disable_scale_in)  # fmt: skip

    def asks_for(self, value: float, running: int) -> int:
        """How many tasks would bring `value` to the target: in proportion, and rounded up."""
        # A value that is the target but for the last bit asks for no task more.
        return math.ceil(round(running * value / self.target, 9))

    @property
    def remembered(self) -> int:
        """How many points its alarms look at."""
        return max(self.high.evaluation_range, self.low.evaluation_range)


def from_description(
    description: Mapping[str, Any], owned: Iterable[Mapping[str, Any]] = ()
) -> Policy:
    """The policy in one entry of `DescribeScalingPolicies`' ScalingPolicies.

    `owned` are its alarms as `DescribeAlarms` has them; without them it has the pair that AWS
    creates. Raises ValueError when it does not track one of AWS's own metrics.
    """
    configuration = description.get("TargetTrackingScalingPolicyConfiguration", {})
    if "PredefinedMetricSpecification" not in configuration:
        raise ValueError(f"policy {description.get('PolicyName')} tracks no predefined metric")
    policy = Policy.tracking(
        metric=str(configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]),
        target=float(configuration["TargetValue"]),
        # "If this value isn't specified, Application Auto Scaling uses a default": 300 s for ECS.
        scale_out_cooldown=float(configuration.get("ScaleOutCooldown", 300)),
        scale_in_cooldown=float(configuration.get("ScaleInCooldown", 300)),
        disable_scale_in=bool(configuration.get("DisableScaleIn", False)),
    )
    pair = [alarms.from_description(one) for one in owned]
    above = [one for one in pair if one.comparison_operator.startswith("Greater")]
    below = [one for one in pair if one.comparison_operator.startswith("Less")]
    return replace(policy, high=[*above, policy.high][0], low=[*below, policy.low][0])
