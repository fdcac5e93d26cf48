"""ElastiCache parameter groups and their tags."""

from __future__ import annotations

from tests.support.emulator import tags
from tests.support.emulator.registry import AwsError, Call, Document, declare

PARAMETER_GROUPS = declare(
    "elasticache",
    "parameter groups",
    "moto has no operation on cache parameter groups.",
)
PARAMETER_GROUP_TAGS = declare(
    "elasticache",
    "parameter group tags",
    "ListTagsForResource refuses the ARN of a parameter group.",
)
_MARK = ":parametergroup:"


@PARAMETER_GROUPS.fills("CreateCacheParameterGroup")
def create(call: Call) -> Document:
    """A new group without parameters of its own."""
    name = call.params["CacheParameterGroupName"].lower()
    if name in call.table("parameter_groups"):
        raise AwsError("CacheParameterGroupAlreadyExists", f"{name} already exists")
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": call.params["CacheParameterGroupFamily"],
        "Description": call.params["Description"],
        "IsGlobal": False,
        "ARN": call.arn(f"parametergroup:{name}"),
    }
    call.table("parameter_groups")[name] = group
    call.table("parameters")[name] = {}
    tags.of(call, group["ARN"]).update(tags.from_list(call.params.get("Tags")))
    return {"CacheParameterGroup": group}


@PARAMETER_GROUPS.fills("DescribeCacheParameterGroups")
def describe(call: Call) -> Document:
    """The groups made here; the default groups of AWS are not listed."""
    name = call.params.get("CacheParameterGroupName")
    if name is None:
        return {"CacheParameterGroups": list(call.table("parameter_groups").values())}
    return {"CacheParameterGroups": [_group(call, name)]}


@PARAMETER_GROUPS.fills("DescribeCacheParameters")
def describe_parameters(call: Call) -> Document:
    """The parameters that were set. Those left at the engine's default are not listed."""
    group = _group(call, call.params["CacheParameterGroupName"])
    values = call.table("parameters")[group["CacheParameterGroupName"]]
    if call.params.get("Source") not in (None, "user"):
        return {"Parameters": []}
    return {
        "Parameters": [
            {
                "ParameterName": name,
                "ParameterValue": value,
                "Source": "user",
                "IsModifiable": True,
                "ChangeType": "immediate",
            }
            for name, value in sorted(values.items())
        ]
    }


@PARAMETER_GROUPS.fills("ModifyCacheParameterGroup")
def modify(call: Call) -> Document:
    """Set parameters; the emulator does not know which ones the engine has."""
    group = _group(call, call.params["CacheParameterGroupName"])
    values = call.table("parameters")[group["CacheParameterGroupName"]]
    for pair in call.params.get("ParameterNameValues", []):
        values[pair["ParameterName"]] = pair["ParameterValue"]
    return {"CacheParameterGroupName": group["CacheParameterGroupName"]}


@PARAMETER_GROUPS.fills("ResetCacheParameterGroup")
def reset(call: Call) -> Document:
    """Return some or all parameters to the engine's default."""
    group = _group(call, call.params["CacheParameterGroupName"])
    values = call.table("parameters")[group["CacheParameterGroupName"]]
    if call.params.get("ResetAllParameters"):
        values.clear()
    for pair in call.params.get("ParameterNameValues", []):
        values.pop(pair["ParameterName"], None)
    return {"CacheParameterGroupName": group["CacheParameterGroupName"]}


@PARAMETER_GROUPS.fills("DeleteCacheParameterGroup")
def delete(call: Call) -> Document:
    """Remove a group; whether a cluster still uses it is not checked."""
    group = _group(call, call.params["CacheParameterGroupName"])
    del call.table("parameter_groups")[group["CacheParameterGroupName"]]
    return {}


@PARAMETER_GROUP_TAGS.fills("ListTagsForResource")
def list_tags(call: Call) -> Document:
    """Tags of parameter groups; moto keeps those of everything else."""
    resource = call.params["ResourceName"]
    if _MARK not in resource:
        return call.proceed()
    _group(call, resource.split(":")[-1])
    return {"TagList": tags.to_list(tags.of(call, resource))}


@PARAMETER_GROUP_TAGS.fills("AddTagsToResource", "RemoveTagsFromResource")
def change_tags(call: Call) -> Document:
    """Add or remove tags of parameter groups."""
    resource = call.params["ResourceName"]
    if _MARK not in resource:
        return call.proceed()
    kept = tags.of(call, resource)
    kept.update(tags.from_list(call.params.get("Tags")))
    for key in call.params.get("TagKeys", []):
        kept.pop(key, None)
    return {"TagList": tags.to_list(kept)}


def _group(call: Call, name: str) -> Document:
    group: Document | None = call.table("parameter_groups").get(name.lower())
    if group is None:
        raise AwsError(
            "CacheParameterGroupNotFound", f"CacheParameterGroup not found: {name}", status=404
        )
    return group
