"""What the load balancer emits in a minute, as CloudWatch has it from AWS.

Source: Elastic Load Balancing user guide, "CloudWatch metrics for your Application Load Balancer",
for what each metric counts and when it is reported; the sets of dimensions are those of
tests/support/metrics.yaml. A metric by AvailabilityZone is of the target's zone. The load balancer
of this module is a single node without a zone, so that what it answers itself has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.load.living.metrics import Datum

NAMESPACE = "AWS/ApplicationELB"
_CLASSES = (2, 3, 4, 5)
_COUNTED_ALONE = (500, 502, 503, 504)


@dataclass(frozen=True)
class ZoneMinute:
    """What the targets of a zone did. Response times are in seconds, codes by their first digit.

    `registered` and `healthy` are targets at the end of the minute, without those that drain;
    `unhealthy` is the most there were at once, so that a target which the service replaces within
    the minute is not missed. A target in its initial state is neither healthy nor unhealthy.
    """

    registered: int = 0
    healthy: int = 0
    unhealthy: int = 0
    response_times: tuple[float, ...] = ()
    codes: Mapping[int, int] = field(default_factory=dict)
    connection_errors: int = 0


@dataclass(frozen=True)
class BalancerMinute:
    """What happened since the last minute was taken.

    `requests` are those for which a target was chosen; `elb_codes` are the codes, in full, that
    the load balancer answered itself, 460 where the client was gone; `zones` is by the targets'
    zone.
    """

    requests: int
    elb_codes: Mapping[int, int]
    zones: Mapping[str, ZoneMinute]

    @property
    def response_times(self) -> tuple[float, ...]:
        """Of all targets, in seconds."""
        return tuple(seconds for zone in self.zones.values() for seconds in zone.response_times)

    @property
    def target_codes(self) -> Mapping[int, int]:
        """What all targets answered, by the first digit of the code."""
        return sum((Counter(zone.codes) for zone in self.zones.values()), Counter[int]())

    @property
    def healthy(self) -> Mapping[str, int]:
        """Healthy targets by zone."""
        return {name: zone.healthy for name, zone in self.zones.items()}

    @property
    def unhealthy(self) -> Mapping[str, int]:
        """Unhealthy targets by zone, the most at once."""
        return {name: zone.unhealthy for name, zone in self.zones.items()}


def data(
    minute: BalancerMinute, load_balancer: str, target_group: str, scale: float
) -> list[Datum]:
    """The minute's data; `load_balancer` and `target_group` are the ends of their ARNs.

    Each request stands for `scale` requests. The guide's reporting criteria: a target's response
    times, errors and what the load balancer answers only while there is one; hosts, requests and
    the targets' codes as long as a target is registered, with real zeros; RequestCountPerTarget
    always, over the healthy targets, over the registered ones where none is healthy.
    """
    balancer = {"LoadBalancer": load_balancer}
    both = balancer | {"TargetGroup": target_group}
    zones = minute.zones.values()
    registered = sum(zone.registered for zone in zones)
    healthy = sum(zone.healthy for zone in zones)
    emitted = list(_answered_itself(minute.elb_codes, balancer, scale))
    if registered or minute.requests:
        for dimensions in (balancer, both):
            emitted.append(_count("RequestCount", dimensions, minute.requests * scale))
    if registered:
        unhealthy = sum(zone.unhealthy for zone in zones)
        emitted += _hosts(healthy, unhealthy, both)
    emitted += _of_targets(tuple(zones), (balancer, both), scale)
    for name, zone in minute.zones.items():
        in_zone = {"AvailabilityZone": name}
        if zone.registered:
            emitted += _hosts(zone.healthy, zone.unhealthy, both | in_zone)
        emitted += _of_targets((zone,), (balancer | in_zone, both | in_zone), scale)
    each = minute.requests * scale / (healthy or registered or 1)
    for dimensions in ({"TargetGroup": target_group}, both):
        emitted.append(Datum(NAMESPACE, "RequestCountPerTarget", dimensions, (each,), "Count"))
    return emitted


def _answered_itself(
    codes: Mapping[int, int], balancer: Mapping[str, str], scale: float
) -> Iterator[Datum]:
    for first in (3, 4, 5):
        if number := sum(count for code, count in codes.items() if code // 100 == first):
            yield _count(f"HTTPCode_ELB_{first}XX_Count", balancer, number * scale)
    for code in _COUNTED_ALONE:
        if number := codes.get(code, 0):
            yield _count(f"HTTPCode_ELB_{code}_Count", balancer, number * scale)


def _hosts(healthy: int, unhealthy: int, dimensions: Mapping[str, str]) -> Iterator[Datum]:
    yield Datum(NAMESPACE, "HealthyHostCount", dimensions, (healthy,), "Count")
    yield Datum(NAMESPACE, "UnHealthyHostCount", dimensions, (unhealthy,), "Count")


def _of_targets(
    zones: tuple[ZoneMinute, ...], sets: tuple[Mapping[str, str], ...], scale: float
) -> Iterator[Datum]:
    times = tuple(seconds for zone in zones for seconds in zone.response_times)
    errors = sum(zone.connection_errors for zone in zones)
    codes = sum((Counter(zone.codes) for zone in zones), Counter[int]())
    for dimensions in sets:
        if times:
            yield Datum(NAMESPACE, "TargetResponseTime", dimensions, times, "Seconds", scale)
        if errors:
            yield _count("TargetConnectionErrorCount", dimensions, errors * scale)
        if codes or any(zone.registered for zone in zones):
            for first in _CLASSES:
                name = f"HTTPCode_Target_{first}XX_Count"
                yield _count(name, dimensions, codes[first] * scale)


def _count(name: str, dimensions: Mapping[str, str], number: float) -> Datum:
    """So many ones, as AWS emits counts ("Minimum, Maximum, and Average all return 1")."""
    if not number:
        return Datum(NAMESPACE, name, dimensions, (0.0,), "Count")
    return Datum(NAMESPACE, name, dimensions, (1.0,), "Count", number)
