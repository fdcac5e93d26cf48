"""Probes of the gaps in S3."""

from __future__ import annotations

from tests.selftest.emulator.probes import probe
from tests.support.emulator import EmulatorSession


@probe("s3/request payment")
def request_payment(session: EmulatorSession) -> None:
    """The owner of a bucket pays until told otherwise."""
    s3 = session.client("s3")
    s3.create_bucket(Bucket="paid")
    assert s3.get_bucket_request_payment(Bucket="paid")["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket="paid", RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket="paid")["Payer"] == "Requester"
