"""Application Auto Scaling of a living region: policies and schedules move the desired count.

What is to be done each minute is decided by `tests.support.scaling`, from the policies, bounds and
schedules as they are deployed; here it is done and told as AWS does.

Application Auto Scaling user guide, "View the scaling activity for a scalable target", for the
sentences of activities.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.load.living.clock import MINUTE, Clock
from tests.load.service import region
from tests.load.service.region import Region
from tests.support import scaling
from tests.support.outcomes import Violation
from tests.support.scaling import Activity, Direction, Minute, Scaling, Status
from tests.support.scaling_policy import Capacity
from tests.support.schedules import Bounds
from tests.support.target import Target
from tests.support.windows import DAY_MINUTES, WEEK_MINUTES

LOG = logging.getLogger(__name__)
_NAMESPACE = "ecs"
_DIMENSION = "ecs:service:DesiredCount"
# The first of January 1970 was a Thursday.
_FIRST_MONDAY = 4 * DAY_MINUTES


def minute_of_week(moment: float) -> int:
    """Minutes since Monday 00:00 UTC."""
    return int(moment // MINUTE - _FIRST_MONDAY) % WEEK_MINUTES


@dataclass(frozen=True)
class Service:
    """The ECS service in a minute: its counts, and whether a deployment is under way."""

    desired: int
    running: int
    deploying: bool

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Service:
        """From an entry of DescribeServices."""
        deployments = description["deployments"]
        states = [one.get("rolloutState", "COMPLETED") for one in deployments]
        return cls(
            desired=int(description["desiredCount"]),
            running=int(description["runningCount"]),
            deploying=len(deployments) > 1 or "IN_PROGRESS" in states,
        )


class Autoscaling:
    """The scalable target of an environment's service. `target` has the emulator's session."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._resource = f"service/{target.prefix}/{target.prefix}-app"
        self._region: Region | None = None
        self._alarms: dict[str, tuple[str, str, str]] = {}
        self._status: Status | None = None
        self._open: dict[str, Any] | None = None
        self._wanted = 0

    def refresh(self) -> None:
        """Read policies, bounds and schedules as they are now.

        Raises Violation if there are none to begin with; if they are gone later, nothing scales.
        """
        try:
            self._region = region.deployed(self._target)
        except Violation as lacking:
            if self._region is None:
                raise
            LOG.warning("%s: expected %s: %s", lacking.where, lacking.expected, lacking.actual)
            self._region = replace(self._region, scaling=Scaling(()), actions=())
        described = self._target.pages(
            "application-autoscaling", "describe_scaling_policies", "ScalingPolicies",
            ServiceNamespace=_NAMESPACE, ResourceId=self._resource,
        )  # fmt: skip
        self._alarms = {_tracked(one): _named(one) for one in described}

    def service(self) -> Service:
        """The service as ECS describes it."""
        name = f"{self._target.prefix}-app"
        answer = self._target.client("ecs").describe_services(
            cluster=self._target.prefix, services=[name]
        )
        return Service.of(answer["services"][0])

    def step(
        self, end: float, newest: Callable[[str], float | None], service: Service
    ) -> tuple[Activity, ...]:
        """Decide at the end of a minute, and do it; what was done.

        `newest` gives what the alarm of a name sees in the latest minute.
        """
        assert self._region is not None
        self._fulfil(service)
        deployed = self._region
        before = self._status or Status(service.desired, deployed.capacity)
        # Who sets other bounds moves a count outside of them, as a schedule does.
        moved = deployed.capacity if deployed.capacity != before.capacity else None
        for action in _fired(deployed, end):
            moved = Capacity(action.minimum, action.maximum)
            self._set_bounds(action, moved)
            self._region = replace(deployed, capacity=moved)
        values = {metric: newest(high) for metric, (_, high, _) in self._alarms.items()}
        now = Minute(values, service.running, service.deploying, moved)
        # Somebody else may have moved the desired count.
        status = replace(before, desired=service.desired, capacity=self._region.capacity)
        self._status, done = scaling.step(self._region.scaling, status, now)
        for activity in done:
            self._set_desired(activity, service, self._status.capacity)
        return done

    def _set_bounds(self, action: Bounds, capacity: Capacity) -> None:
        self._target.client("application-autoscaling").register_scalable_target(
            **self._place(), MinCapacity=capacity.minimum, MaxCapacity=capacity.maximum
        )
        what = f"min capacity to {capacity.minimum} and max capacity to {capacity.maximum}"
        name = action.where.rpartition("scheduledActionName/")[2].partition(":")[0]
        now = self._clock.now()
        self._tell(
            Description=f"Setting {what}",
            Cause=f"scheduled action name {name} was triggered",
            StartTime=now,
            EndTime=now,
            StatusCode="Successful",
            StatusMessage=f"Successfully set {what}",
        )

    def _set_desired(self, activity: Activity, service: Service, capacity: Capacity) -> None:
        """Ask ECS for the count; the activity is open until so many tasks run."""
        self._target.client("ecs").update_service(
            cluster=self._target.prefix,
            service=f"{self._target.prefix}-app",
            desiredCount=activity.after,
        )
        if self._open is not None:
            self._close("Overridden", "A later activity has set another count.")
        self._open = self._tell(
            Description=f"Setting desired count to {activity.after}.",
            Cause=self._cause(activity, capacity),
            StartTime=self._clock.now(),
            StatusCode="InProgress",
            StatusMessage=f"Successfully set desired count to {activity.after}. "
            "Waiting for change to be fulfilled by ecs.",
        )
        self._wanted = activity.after
        self._fulfil(service)

    def _cause(self, activity: Activity, capacity: Capacity) -> str:
        if activity.cause == "schedule":
            if activity.direction is Direction.OUT:
                return f"minimum capacity was set to {capacity.minimum}"
            return f"maximum capacity was set to {capacity.maximum}"
        policy, high, low = self._alarms[activity.cause]
        alarm = high if activity.direction is Direction.OUT else low
        return f"monitor alarm {alarm} in state ALARM triggered policy {policy}"

    def _fulfil(self, service: Service) -> None:
        if self._open is not None and service.running == self._wanted:
            self._close(
                "Successful",
                f"Successfully set desired count to {self._wanted}. "
                "Change successfully fulfilled by ecs.",
            )

    def _close(self, code: str, message: str) -> None:
        ended = {"EndTime": self._clock.now(), "StatusCode": code, "StatusMessage": message}
        self._tell(**{**(self._open or {}), **ended})
        self._open = None

    def _tell(self, **activity: Any) -> dict[str, Any]:
        told = {"ActivityId": str(uuid.uuid4()), **self._place(), **activity}
        self._target.session.tell("activities", [told])
        return told

    def _place(self) -> dict[str, str]:
        return {
            "ServiceNamespace": _NAMESPACE,
            "ResourceId": self._resource,
            "ScalableDimension": _DIMENSION,
        }


def _fired(deployed: Region, end: float) -> list[Bounds]:
    """The scheduled actions of the minute that begins at `end`."""
    if deployed.scaling.suspended.scheduled:
        return []
    minute = minute_of_week(end)
    return [one for one in deployed.actions if minute in one.schedule.minutes]


def _tracked(policy: Mapping[str, Any]) -> str:
    """The metric that a policy tracks."""
    configuration = policy.get("TargetTrackingScalingPolicyConfiguration", {})
    specification = configuration.get("PredefinedMetricSpecification", {})
    return str(specification.get("PredefinedMetricType"))


def _named(policy: Mapping[str, Any]) -> tuple[str, str, str]:
    """The names of a policy and of its alarms for scaling out and in."""
    names = [str(one["AlarmName"]) for one in policy.get("Alarms", [])]
    high = [name for name in names if "-AlarmHigh-" in name]
    low = [name for name in names if "-AlarmLow-" in name]
    return str(policy["PolicyName"]), [*high, ""][0], [*low, ""][0]
