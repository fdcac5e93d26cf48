"""What the load balancer on loopback models of AWS's, and a clear refusal of the rest."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.outcomes import SuiteError

# By attribute: the values with which it makes no difference here. Attributes that are not listed
# change neither where a request goes nor how long it takes, or are read where they matter. That
# routing.http.drop_invalid_header_fields.enabled drops such header fields is not modelled.
_NO_DIFFERENCE = {
    "stickiness.enabled": ("false",),
    "slow_start.duration_seconds": ("0",),
    "load_balancing.algorithm.anomaly_mitigation": ("off",),
    "load_balancing.cross_zone.enabled": ("true", "use_load_balancer_configuration"),
    "routing.http.preserve_host_header.enabled": ("false", "true"),
    "routing.http.xff_client_port.enabled": ("false",),
    "routing.http.xff_header_processing.mode": ("append",),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": ("false",),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": ("1",),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": ("off",),
}


def only(where: str, what: str, value: object, *modelled: object) -> None:
    """Raise SuiteError unless the value is one of those that are modelled."""
    if value not in modelled:
        allowed = " or ".join(map(str, modelled))
        raise SuiteError(f"{where}: {what} {value} is not modelled, only {allowed}")


def known_attributes(where: str, attributes: Mapping[str, str]) -> None:
    """Raise SuiteError naming an attribute that would make a difference and is not modelled."""
    for name, modelled in _NO_DIFFERENCE.items():
        only(where, name, attributes.get(name, modelled[0]), *modelled)
