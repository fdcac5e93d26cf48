"""ACM certificates are issued when their validation records exist."""

from __future__ import annotations

from typing import Any

from tests.support.emulator.registry import Call, Document, declare

VALIDATION = declare(
    "acm",
    "DNS validation",
    "A certificate is issued after a minute, whether or not its validation records exist.",
)


@VALIDATION.fills("DescribeCertificate")
def describe(call: Call) -> Document:
    """moto's certificate (told to issue at once), pending while a validation record is missing."""
    answer = call.proceed()
    certificate = answer["Certificate"]
    options = certificate.get("DomainValidationOptions", [])
    if certificate["Type"] != "AMAZON_ISSUED" or certificate["Status"] not in (
        "ISSUED",
        "PENDING_VALIDATION",
    ):
        return answer
    arn, issued = certificate["CertificateArn"], call.table("issued")
    records = set() if arn in issued else _records(call)
    for option in options:
        wanted = option.get("ResourceRecord")
        proven = arn in issued or wanted is None or _record(wanted) in records
        option["ValidationStatus"] = "SUCCESS" if proven else "PENDING_VALIDATION"
    if all(option["ValidationStatus"] == "SUCCESS" for option in options):
        issued[arn] = True
    certificate["Status"] = "ISSUED" if arn in issued else "PENDING_VALIDATION"
    return answer


def _record(described: Document) -> tuple[str, str]:
    """Name and value of a CNAME record as ACM describes it, comparable with Route 53's."""
    return described["Name"].rstrip(".").lower(), described["Value"].rstrip(".").lower()


def _records(call: Call) -> set[tuple[str, str]]:
    """The CNAME records in the account's hosted zones."""

    def ask(operation: str, params: Document) -> Any:
        return call.emulator(operation, params, service="route53", region="us-east-1")

    return {
        _record({"Name": record["Name"], "Value": entry["Value"]})
        for zone in ask("ListHostedZones", {})["HostedZones"]
        for record in ask("ListResourceRecordSets", {"HostedZoneId": zone["Id"].split("/")[-1]})[
            "ResourceRecordSets"
        ]
        if record["Type"] == "CNAME"
        for entry in record.get("ResourceRecords", [])
    }
