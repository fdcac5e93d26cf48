"""S3 requests on part of a bucket (`?metrics`) that moto takes for requests on the bucket itself.

It would list the bucket's objects for a GET, create the bucket for a PUT and delete it for a
DELETE. Such a request is refused instead.
"""

from __future__ import annotations

from tests.support.emulator import wire
from tests.support.emulator.wire import Target

_DELETABLE = {
    "cors",
    "encryption",
    "lifecycle",
    "ownershipControls",
    "policy",
    "publicAccessBlock",
    "replication",
    "tagging",
    "website",
}
_WRITABLE = _DELETABLE | {
    "accelerate",
    "acl",
    "inventory",
    "logging",
    "notification",
    "object-lock",
    "versioning",
}
_READABLE = _WRITABLE | {"list-type=2", "location", "policyStatus", "uploads", "versions"}
# What moto's S3 tells apart, by method (moto/s3/responses.py, `_bucket_response_…`).
_KNOWN = {"GET": _READABLE, "PUT": _WRITABLE, "DELETE": _DELETABLE, "POST": {"delete"}}


def mistaken(target: Target) -> bool:
    """Whether moto would take the request for another."""
    if target.service != "s3" or target.operation is None:
        return False
    http = wire.operation_model(target).http
    path, _, part = http["requestUri"].partition("?")
    return path == "/{Bucket}" and bool(part) and part not in _KNOWN.get(http["method"], set())
