"""What the load balancer emits is what AWS publishes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.load.living.balancer_metrics import BalancerMinute, ZoneMinute, data
from tests.load.living.metrics import Datum
from tests.support import metrics

_BALANCER, _GROUP = "app/mantisnxt-staging-alb/0123456789abcdef", "targetgroup/app/0123456789abcdef"
_LB = {"LoadBalancer": _BALANCER}
_TG = {"TargetGroup": _GROUP}
_A = {"AvailabilityZone": "a"}
_BUSY = BalancerMinute(
    requests=5,
    elb_codes={301: 1, 460: 1, 502: 1, 503: 2, 504: 3},
    zones={
        "a": ZoneMinute(2, 1, 1, (0.1, 0.2), {2: 1, 5: 1}),
        "b": ZoneMinute(1, 1, 0, (0.3,), {4: 1}, 2),
    },
)
_QUIET = BalancerMinute(0, {}, {"a": ZoneMinute(2, 2, 0)})
_EMPTY = BalancerMinute(0, {}, {})
_KNOWN = metrics.load()


def _emitted(minute: BalancerMinute, scale: float = 20) -> list[Datum]:
    return data(minute, _BALANCER, _GROUP, scale)


def _sum(minute: BalancerMinute, name: str, dimensions: Mapping[str, str]) -> float | None:
    """The metric's Sum; None when there is no such datum. Unpacking fails when there are two."""
    found = [one for one in _emitted(minute) if (one.name, one.dimensions) == (name, dimensions)]
    if not found:
        return None
    (datum,) = found
    return sum(datum.values) * datum.times


@pytest.mark.parametrize(
    "datum",
    _emitted(_BUSY),
    ids=lambda datum: "-".join([datum.name, *sorted(datum.dimensions)]),
)
def test_every_datum_is_one_of_aws_s(datum: Datum) -> None:
    known = _KNOWN.find(datum.namespace, datum.name)
    assert datum.dimensions.keys() in known.dimensions
    assert datum.unit == known.unit
    assert min(datum.values) >= 0
    assert datum.times > 0


def test_nothing_is_emitted_twice() -> None:
    keys = [datum.key for datum in _emitted(_BUSY)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("name", "dimensions", "total"),
    [
        pytest.param("RequestCount", _LB, 100, id="requests"),
        pytest.param("RequestCount", _LB | _TG, 100, id="requests_of_the_group"),
        # Two healthy targets.
        pytest.param("RequestCountPerTarget", _TG, 50, id="requests_per_target"),
        pytest.param("RequestCountPerTarget", _LB | _TG, 50, id="requests_per_target_of_both"),
        pytest.param("HTTPCode_Target_2XX_Count", _LB | _TG, 20, id="2xx"),
        pytest.param("HTTPCode_Target_3XX_Count", _LB | _TG, 0, id="3xx"),
        pytest.param("HTTPCode_Target_4XX_Count", _LB, 20, id="4xx"),
        pytest.param("HTTPCode_Target_4XX_Count", _LB | _A, 0, id="4xx_in_a_zone"),
        pytest.param("HTTPCode_Target_5XX_Count", _LB | _TG | _A, 20, id="5xx_in_a_zone"),
        pytest.param("HTTPCode_ELB_3XX_Count", _LB, 20, id="own_3xx"),
        pytest.param("HTTPCode_ELB_4XX_Count", _LB, 20, id="own_4xx"),
        pytest.param("HTTPCode_ELB_5XX_Count", _LB, 120, id="own_5xx"),
        pytest.param("HTTPCode_ELB_502_Count", _LB, 20, id="own_502"),
        pytest.param("HTTPCode_ELB_503_Count", _LB, 40, id="own_503"),
        pytest.param("HTTPCode_ELB_504_Count", _LB, 60, id="own_504"),
        pytest.param("HTTPCode_ELB_500_Count", _LB, None, id="no_own_500"),
        pytest.param("TargetConnectionErrorCount", _LB | _TG, 40, id="connection_errors"),
        pytest.param("TargetConnectionErrorCount", _LB | _A, None, id="none_in_a_zone"),
        pytest.param("HealthyHostCount", _LB | _TG, 2, id="healthy"),
        pytest.param("UnHealthyHostCount", _LB | _TG, 1, id="unhealthy"),
        pytest.param("UnHealthyHostCount", _LB | _TG | _A, 1, id="unhealthy_in_a_zone"),
        pytest.param("TargetResponseTime", _LB, pytest.approx(12), id="response_times"),
    ],
)
def test_each_request_stands_for_as_many_as_the_scale(
    name: str, dimensions: Mapping[str, str], total: float | None
) -> None:
    assert _sum(_BUSY, name, dimensions) == total


def test_response_times_are_whole_and_seen_as_often_as_the_scale() -> None:
    (datum,) = [
        one
        for one in _emitted(_BUSY)
        if (one.name, one.dimensions) == ("TargetResponseTime", _LB | _TG)
    ]
    assert (datum.values, datum.times) == ((0.1, 0.2, 0.3), 20)


@pytest.mark.parametrize(
    ("minute", "names"),
    [
        pytest.param(_QUIET, {
            "RequestCount": 0, "RequestCountPerTarget": 0, "HealthyHostCount": 2,
            "UnHealthyHostCount": 0, "HTTPCode_Target_2XX_Count": 0,
            "HTTPCode_Target_3XX_Count": 0, "HTTPCode_Target_4XX_Count": 0,
            "HTTPCode_Target_5XX_Count": 0}, id="without_requests"),
        pytest.param(_EMPTY, {"RequestCountPerTarget": 0}, id="without_targets"),
    ],
)  # fmt: skip
def test_a_quiet_minute_has_real_zeros_and_no_response_time(
    minute: BalancerMinute, names: dict[str, float]
) -> None:
    emitted = {datum.name: datum.values[0] * datum.times for datum in _emitted(minute)}
    assert emitted == names


def test_requests_are_shared_over_all_registered_targets_when_none_is_healthy() -> None:
    minute = BalancerMinute(4, {}, {"a": ZoneMinute(2, 0, 2)})
    assert _sum(minute, "RequestCountPerTarget", _TG) == 40
