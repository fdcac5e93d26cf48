"""CloudFront distributions read back as they were written."""

from __future__ import annotations

import copy
from typing import Any

from tests.support.emulator.registry import Call, Document, declare

CONFIG = declare(
    "cloudfront",
    "distribution read-back",
    "Origins lose their access control, behaviours that use policies read back with forwarded "
    "values and TTLs, the viewer certificate and other settings change.",
)
CHANGES = declare(
    "cloudfront",
    "distribution changes",
    "GetDistributionConfig and a changed or tagged distribution lose the same settings.",
)

_NONE: Document = {"Quantity": 0}
_BEHAVIOUR_DEFAULTS: Document = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": _NONE,
    "FunctionAssociations": _NONE,
    "FieldLevelEncryptionId": "",
    "GrpcConfig": {"Enabled": False},
}
_ORIGIN_DEFAULTS: Document = {
    "OriginPath": "",
    "CustomHeaders": _NONE,
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
_CONFIG_DEFAULTS: Document = {
    "Aliases": _NONE,
    "DefaultRootObject": "",
    "OriginGroups": _NONE,
    "CacheBehaviors": _NONE,
    "CustomErrorResponses": _NONE,
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": True,
        "MinimumProtocolVersion": "TLSv1",
        "SSLSupportMethod": "vip",
        "CertificateSource": "cloudfront",
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}


def complete(config: Document) -> Document:
    """A distribution's configuration with the defaults that AWS fills in."""
    whole = {**copy.deepcopy(_CONFIG_DEFAULTS), **copy.deepcopy(config)}
    whole["Origins"]["Items"] = [_origin(one) for one in whole["Origins"]["Items"]]
    behaviours = [whole["DefaultCacheBehavior"], *whole["CacheBehaviors"].get("Items", [])]
    for behaviour in behaviours:
        for key, value in _BEHAVIOUR_DEFAULTS.items():
            behaviour.setdefault(key, copy.deepcopy(value))
    return whole


def _origin(origin: Document) -> Document:
    whole = {**copy.deepcopy(_ORIGIN_DEFAULTS), **origin}
    if "CustomOriginConfig" in whole:
        custom: dict[str, Any] = whole["CustomOriginConfig"]
        custom.setdefault("OriginReadTimeout", 30)
        custom.setdefault("OriginKeepaliveTimeout", 5)
    else:
        whole.setdefault("S3OriginConfig", {"OriginAccessIdentity": ""})
    return whole


@CONFIG.fills("CreateDistribution")
def create(call: Call) -> Document:
    """Create in moto and remember the configuration."""
    return _remember(call, call.proceed(), call.params["DistributionConfig"])


@CHANGES.fills("CreateDistributionWithTags")
def create_with_tags(call: Call) -> Document:
    """Create in moto and remember the configuration."""
    config = call.params["DistributionConfigWithTags"]["DistributionConfig"]
    return _remember(call, call.proceed(), config)


@CHANGES.fills("UpdateDistribution")
def update(call: Call) -> Document:
    """Update in moto and remember the configuration."""
    return _remember(call, call.proceed(), call.params["DistributionConfig"])


@CONFIG.fills("GetDistribution")
def get(call: Call) -> Document:
    """moto's distribution with the configuration as written."""
    answer = call.proceed()
    _overlay(call, answer["Distribution"])
    return answer


@CHANGES.fills("GetDistributionConfig")
def get_config(call: Call) -> Document:
    """The configuration as written."""
    answer = call.proceed()
    answer["DistributionConfig"] = call.table("configs")[call.params["Id"]]
    return answer


@CHANGES.fills("ListDistributions")
def list_distributions(call: Call) -> Document:
    """moto's list with the settings as written."""
    answer = call.proceed()
    for summary in answer["DistributionList"].get("Items") or []:
        config = call.table("configs").get(summary["Id"], {})
        summary.update({key: value for key, value in config.items() if key in summary})
    return answer


def _remember(call: Call, answer: Document, config: Document) -> Document:
    call.table("configs")[answer["Distribution"]["Id"]] = complete(config)
    _overlay(call, answer["Distribution"])
    return answer


def _overlay(call: Call, distribution: Document) -> None:
    distribution["DistributionConfig"] = call.table("configs")[distribution["Id"]]
