"""CloudFront cache policies of the account's own."""

from __future__ import annotations

import datetime
import uuid

from tests.support.emulator.registry import AwsError, Call, Document, declare

POLICIES = declare("cloudfront", "cache policies", "No operation on cache policies exists.")


@POLICIES.fills("CreateCachePolicy")
def create(call: Call) -> Document:
    """A new policy; its name must be new as well."""
    config, table = call.params["CachePolicyConfig"], call.table("cache policies")
    if any(one["CachePolicyConfig"]["Name"] == config["Name"] for one in table.values()):
        raise AwsError("CachePolicyAlreadyExists", f"{config['Name']} exists", status=409)
    policy_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"cache-policy/{config['Name']}/{len(table)}"))
    table[policy_id] = {
        "Id": policy_id,
        "LastModifiedTime": datetime.datetime.now(datetime.UTC),
        "CachePolicyConfig": config,
    }
    return {"Location": f"/2020-05-31/cache-policy/{policy_id}", **_answer(call, policy_id)}


@POLICIES.fills("GetCachePolicy")
def get(call: Call) -> Document:
    """A policy."""
    return _answer(call, call.params["Id"])


@POLICIES.fills("UpdateCachePolicy")
def update(call: Call) -> Document:
    """Another configuration under the same id."""
    policy = _found(call, call.params["Id"])
    policy["CachePolicyConfig"] = call.params["CachePolicyConfig"]
    policy["LastModifiedTime"] = datetime.datetime.now(datetime.UTC)
    return _answer(call, call.params["Id"])


@POLICIES.fills("DeleteCachePolicy")
def delete(call: Call) -> None:
    """The policy is gone."""
    _found(call, call.params["Id"])
    del call.table("cache policies")[call.params["Id"]]


def _found(call: Call, policy_id: str) -> Document:
    policy: Document | None = call.table("cache policies").get(policy_id)
    if policy is None:
        raise AwsError("NoSuchCachePolicy", f"there is no cache policy {policy_id}", status=404)
    return policy


def _answer(call: Call, policy_id: str) -> Document:
    policy = _found(call, policy_id)
    return {"CachePolicy": policy, "ETag": f"E{policy['LastModifiedTime']:%Y%m%d%H%M%S%f}"}
