"""Who pays for requests to a bucket."""

from __future__ import annotations

from tests.support.emulator.registry import Call, Document, declare

PAYER = declare(
    "s3",
    "request payment",
    "GetBucketRequestPayment answers with a list of objects, and PutBucketRequestPayment tries to "
    "create the bucket.",
)


@PAYER.fills("GetBucketRequestPayment")
def get(call: Call) -> Document:
    """The bucket's owner, unless told otherwise (Amazon S3 user guide, "Requester Pays")."""
    call.emulator("HeadBucket", {"Bucket": call.params["Bucket"]})
    return {"Payer": call.table("payers").get(call.params["Bucket"], "BucketOwner")}


@PAYER.fills("PutBucketRequestPayment")
def put(call: Call) -> Document:
    """Let the requester or the owner pay."""
    call.emulator("HeadBucket", {"Bucket": call.params["Bucket"]})
    configuration = call.params["RequestPaymentConfiguration"]
    call.table("payers")[call.params["Bucket"]] = configuration["Payer"]
    return {}
