"""Probes of the gaps in CloudFront and ACM."""

from __future__ import annotations

from typing import Any

import pytest

from tests.selftest.emulator.probes import probe
from tests.support.emulator import EmulatorSession

_TAG = {"Key": "Owner", "Value": "ops"}
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


def distribution(reference: str) -> dict[str, Any]:
    """The smallest configuration: one bucket behind an origin access control."""
    return {
        "CallerReference": reference,
        "Comment": "probe",
        "Enabled": True,
        "WebACLId": "arn:aws:wafv2:us-east-1:222233334444:global/webacl/probe/1",
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "assets",
                    "DomainName": "assets.s3.us-east-1.amazonaws.com",
                    "OriginAccessControlId": "EPROBE",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "assets",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": _CACHING_DISABLED,
        },
    }


@probe("cloudfront/distribution read-back")
def distribution_read_back(session: EmulatorSession) -> None:
    """Origin access control and policies read back, and no legacy cache settings with them."""
    cloudfront = session.client("cloudfront")
    made = cloudfront.create_distribution(DistributionConfig=distribution("plain"))["Distribution"]
    found = cloudfront.get_distribution(Id=made["Id"])["Distribution"]["DistributionConfig"]
    assert found["Origins"]["Items"][0]["OriginAccessControlId"] == "EPROBE"
    behaviour = found["DefaultCacheBehavior"]
    assert behaviour["CachePolicyId"] == _CACHING_DISABLED
    assert "ForwardedValues" not in behaviour
    assert "MinTTL" not in behaviour


@probe("cloudfront/distribution changes")
def distribution_changes(session: EmulatorSession) -> None:
    """A change reads back in every description, and so does what was not changed."""
    cloudfront = session.client("cloudfront")
    tagged = {"DistributionConfig": distribution("tagged"), "Tags": {"Items": [_TAG]}}
    made = cloudfront.create_distribution_with_tags(DistributionConfigWithTags=tagged)
    place = {"Id": made["Distribution"]["Id"]}
    read = cloudfront.get_distribution_config(**place)
    changed = {**read["DistributionConfig"], "HttpVersion": "http2and3", "Comment": "changed"}
    cloudfront.update_distribution(**place, IfMatch=read["ETag"], DistributionConfig=changed)
    found = cloudfront.get_distribution_config(**place)["DistributionConfig"]
    listed = cloudfront.list_distributions()["DistributionList"]["Items"]
    summary = next(one for one in listed if one["Id"] == place["Id"])
    assert found["Origins"]["Items"][0]["OriginAccessControlId"] == "EPROBE"
    assert found["HttpVersion"] == "http2and3"
    assert summary["Comment"] == "changed"
    assert cloudfront.list_tags_for_resource(Resource=summary["ARN"])["Tags"]["Items"] == [_TAG]


@probe("cloudfront/cache policies")
def cache_policies(session: EmulatorSession) -> None:
    """A policy reads back, changes under its id and can be deleted; its name is taken till then."""
    cloudfront = session.client("cloudfront")
    config = {"Name": "probe", "MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 60}
    made = cloudfront.create_cache_policy(CachePolicyConfig=config)
    place = {"Id": made["CachePolicy"]["Id"]}
    with pytest.raises(cloudfront.exceptions.CachePolicyAlreadyExists):
        cloudfront.create_cache_policy(CachePolicyConfig=config)
    read = cloudfront.get_cache_policy(**place)
    assert read["CachePolicy"]["CachePolicyConfig"] == config
    changed = {**config, "MaxTTL": 120}
    cloudfront.update_cache_policy(**place, IfMatch=read["ETag"], CachePolicyConfig=changed)
    read = cloudfront.get_cache_policy(**place)
    assert read["CachePolicy"]["CachePolicyConfig"] == changed
    cloudfront.delete_cache_policy(**place, IfMatch=read["ETag"])
    with pytest.raises(cloudfront.exceptions.NoSuchCachePolicy):
        cloudfront.get_cache_policy(**place)


@probe("acm/DNS validation")
def dns_validation(session: EmulatorSession) -> None:
    """A certificate is pending until its record exists, and issued then."""
    acm, route53 = session.client("acm"), session.client("route53")
    arn = acm.request_certificate(DomainName="probe.example", ValidationMethod="DNS")[
        "CertificateArn"
    ]
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert certificate["Status"] == "PENDING_VALIDATION"
    record = certificate["DomainValidationOptions"][0]["ResourceRecord"]
    zone = route53.create_hosted_zone(Name="probe.example", CallerReference="probe")

    def status_with(value: str) -> str:
        entry = {
            "Name": record["Name"],
            "Type": record["Type"],
            "TTL": 300,
            "ResourceRecords": [{"Value": value}],
        }
        route53.change_resource_record_sets(
            HostedZoneId=zone["HostedZone"]["Id"],
            ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": entry}]},
        )
        described = acm.describe_certificate(CertificateArn=arn)
        return str(described["Certificate"]["Status"])

    assert status_with("wrong.example") == "PENDING_VALIDATION"
    assert status_with(record["Value"]) == "ISSUED"
