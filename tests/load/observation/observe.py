"""The service's side of a run, read by boto3: the same questions to AWS and to an emulator.

Read only. Times are POSIX seconds of the region's clock, which on AWS is everybody's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.load.observation import events, hearing
from tests.load.observation.observed import MINUTE, Activity, Minute, Observed
from tests.support import deployed_alarms
from tests.support.alarms import State
from tests.support.deployed import aws_errors, read_alarm
from tests.support.outcomes import Violation
from tests.support.subscriber import Subscriber
from tests.support.target import Target

# What is asked here and nowhere in the deployed tier, for the auditor's policy.
ASKED: Final = (
    ("application-autoscaling", "DescribeScalingActivities"),
    ("cloudwatch", "DescribeAlarmHistory"),
    ("cloudwatch", "GetMetricData"),
)
# What CloudWatch takes at most until it has a load balancer's minute, and how often to look.
_SETTLE_SECONDS = 300.0
_LOOK_SECONDS = 10.0
_ELB = "AWS/ApplicationELB"

Series = Mapping[float, float]


@dataclass(frozen=True)
class Begun:
    """The service before a run: its deployments, those of them under way, its desired count.

    `state` is the alarm's, `activities` are the scaling activities that there had been,
    `subscriber` hears the alarm where the target is an emulator.
    """

    deployments: frozenset[str]
    under_way: tuple[str, ...]
    desired: int
    state: State
    activities: frozenset[str] = frozenset()
    subscriber: Subscriber | None = None


@dataclass(frozen=True)
class _Metric:
    """A metric by its statistic, as an alarm's description or a query names it."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str

    def query(self, identifier: str) -> dict[str, Any]:
        named = [{"Name": key, "Value": value} for key, value in sorted(self.dimensions.items())]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": named}
        return {
            "Id": identifier,
            "MetricStat": {"Metric": metric, "Period": MINUTE, "Stat": self.statistic},
        }


def begin(target: Target) -> Begun:
    """What must be known before the first request, to tell later what the run itself changed."""
    alarm = read_alarm(target.session, target.environment)
    with aws_errors():
        service = _service(target)
        activities = frozenset(one["ActivityId"] for one in events.described(target))
    deployments = service["deployments"]
    return Begun(
        frozenset(one["id"] for one in deployments),
        tuple(_under_way(deployments)),
        service["desiredCount"],
        State(alarm.description["StateValue"]),
        activities,
        hearing.listen(target, alarm.description.get("AlarmActions", [])),
    )


def read(target: Target, start: float, end: float, begun: Begun | None = None) -> Observed:
    """What happened from `start` to `end`, both whole minutes of the region.

    `begun` is what `begin` told; without it a deployment is the run's by its date, an alarm that
    did not change was as it is now, and nobody has listened. Raises Violation where a part is not
    there, Invalid where it may not be read.
    """
    alarm = read_alarm(target.session, target.environment)
    name = str(alarm.description["AlarmName"])
    with aws_errors():
        policies = _policies(target)
        service = _service(target)
        metrics = {**_metrics(alarm.description), **policies.metrics}
        series = _series(target, metrics, start, end)
        known = None if begun is None else (begun.desired, begun.activities)
        activities = events.activities(target, policies.names, (start, end), known)
        changes, actions = events.history(target, name, (start, end))
        subscribers = _subscribers(target, alarm.description.get("AlarmActions", []))
    subscriber = begun.subscriber if begun else None
    state = begun.state if begun else State(alarm.description["StateValue"])
    first = activities[0].before if activities else int(service["desiredCount"])
    minutes = [
        _minute(series, policies.metrics, start + n * MINUTE, _desired(first, activities, n))
        for n in range(int(end - start) // MINUTE)
    ]
    return Observed(
        minutes=tuple(minutes),
        state=changes[0].before if changes else state,
        changes=changes,
        actions=actions,
        activities=activities,
        deployments=tuple(_deployments(service, begun, start, end)),
        subscribers=subscribers,
        messages=hearing.heard(subscriber, name) if subscriber else None,
    )


def settle(
    target: Target,
    end: float,
    sleep: Callable[[float], None] = time.sleep,
    bound: float = _SETTLE_SECONDS,
) -> bool:
    """Wait until CloudWatch has the requests of the run's last minute, `bound` seconds at most.

    An emulator has them at once. Returns whether they are there.
    """
    alarm = read_alarm(target.session, target.environment)
    wanted = {"requests": _metrics(alarm.description)["requests"]}
    waited = 0.0
    while True:
        with aws_errors():
            there = bool(_series(target, wanted, end - MINUTE, end)["requests"])
        if there or target.emulated or waited >= bound:
            return there
        sleep(_LOOK_SECONDS)
        waited += _LOOK_SECONDS


@dataclass(frozen=True)
class _Policies:
    """Each policy's metric by the name of what it tracks; what it tracks by the policy's name."""

    metrics: Mapping[str, _Metric]
    names: Mapping[str, str]


def _policies(target: Target) -> _Policies:
    described = target.pages(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies",
        ServiceNamespace="ecs", ResourceId=events.resource(target),
    )  # fmt: skip
    alarms = {
        one["AlarmName"]: one
        for one in target.pages("cloudwatch", "describe_alarms", "MetricAlarms")
    }
    metrics, names = dict[str, _Metric](), dict[str, str]()
    for policy in described:
        tracking = policy.get("TargetTrackingScalingPolicyConfiguration", {})
        tracked = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
        owned = [alarms[one["AlarmName"]] for one in policy["Alarms"] if one["AlarmName"] in alarms]
        if tracked and owned:
            metrics[tracked] = _watched(owned[0])
            names[policy["PolicyName"]] = tracked
    return _Policies(metrics, names)


def _watched(alarm: Mapping[str, Any]) -> _Metric:
    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions", [])}
    statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    return _Metric(alarm["Namespace"], alarm["MetricName"], dimensions, statistic)


def _metrics(alarm: Mapping[str, Any]) -> dict[str, _Metric]:
    """The alarm's own metric, and what the load balancer that it watches counts beside it."""
    watched = _watched(alarm)
    both = {key: watched.dimensions.get(key, "") for key in ("LoadBalancer", "TargetGroup")}
    balancer = {"LoadBalancer": both["LoadBalancer"]}
    if not all(both.values()):
        raise Violation(
            where=alarm["AlarmArn"],
            expected="an alarm on the dimensions LoadBalancer and TargetGroup",
            actual=", ".join(watched.dimensions) or "none",
        )
    return {
        "response": watched,
        "requests": _Metric(_ELB, "RequestCount", both, "Sum"),
        "failed_by_targets": _Metric(_ELB, "HTTPCode_Target_5XX_Count", both, "Sum"),
        "failed_by_balancer": _Metric(_ELB, "HTTPCode_ELB_5XX_Count", balancer, "Sum"),
        "running": _Metric(_ELB, "HealthyHostCount", both, "Average"),
    }


def _series(
    target: Target, metrics: Mapping[str, _Metric], start: float, end: float
) -> dict[str, Series]:
    """Each metric's values by the POSIX time at which their minute begins."""
    names = list(metrics)
    answers = target.pages(
        "cloudwatch", "get_metric_data", "MetricDataResults",
        MetricDataQueries=[metrics[name].query(f"m{n}") for n, name in enumerate(names)],
        StartTime=events.moment(start), EndTime=events.moment(end), ScanBy="TimestampAscending",
    )  # fmt: skip
    series: dict[str, dict[float, float]] = {name: {} for name in names}
    for answer in answers:
        values = zip(answer["Timestamps"], answer["Values"], strict=True)
        series[names[int(answer["Id"][1:])]].update({at.timestamp(): one for at, one in values})
    return dict(series)


def _minute(
    series: Mapping[str, Series], policies: Iterable[str], begin: float, desired: int
) -> Minute:
    failed = [series[f"failed_by_{who}"].get(begin, 0.0) for who in ("targets", "balancer")]
    return Minute(
        response_seconds=series["response"].get(begin),
        requests=series["requests"].get(begin),
        failed=sum(failed),
        running=series["running"].get(begin),
        desired=desired,
        values={name: series[name].get(begin) for name in policies},
    )


def _desired(first: int, activities: Sequence[Activity], minute: int) -> int:
    """The count asked for when the minute is over, what it caused itself counted in."""
    until = (minute + 1) * MINUTE + MINUTE / 2
    made = [one.after for one in activities if one.at < until and one.succeeded]
    return made[-1] if made else first


def _subscribers(target: Target, actions: Sequence[str]) -> tuple[str, ...]:
    """Who hears the topics besides the run's own queue."""
    topics = [deployed_alarms.topic(target, arn) for arn in hearing.topics(actions)]
    found = {one for topic in topics for one in topic.subscribers}
    return tuple(sorted(one for one in found if one.split(":")[-1] != hearing.QUEUE))


def _service(target: Target) -> Mapping[str, Any]:
    found: list[Mapping[str, Any]] = target.client("ecs").describe_services(
        cluster=target.prefix, services=[f"{target.prefix}-app"]
    )["services"]
    if not found:
        raise Violation(where=f"{target.prefix}-app", expected="a service", actual="there is none")
    return found[0]


def _under_way(deployments: Iterable[Mapping[str, Any]]) -> list[str]:
    return [one["id"] for one in deployments if one.get("rolloutState") == "IN_PROGRESS"]


def _deployments(
    service: Mapping[str, Any], begun: Begun | None, start: float, end: float
) -> list[str]:
    """Those that were under way at the begin or are at the end, and those that came meanwhile."""
    now = service["deployments"]
    if begun is None:
        dated = [one for one in now if start <= one["createdAt"].timestamp() < end]
        new = {one["id"] for one in dated}
    else:
        new = {one["id"] for one in now} - begun.deployments
    before = begun.under_way if begun else ()
    return sorted({*before, *_under_way(now), *new})
