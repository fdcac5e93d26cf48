"""Which services AWS Backup backs up in a region, a setting of the whole account."""

from __future__ import annotations

from tests.support.emulator.registry import Call, Document, Table, declare

SETTINGS = declare("backup", "region settings", "No operation on the region's settings exists.")

_OPT_IN = "ResourceTypeOptInPreference"
_MANAGEMENT = "ResourceTypeManagementPreference"
# Aurora is left out, so that a stack which needs it has to ask.
_NEW_ACCOUNT: Document = {
    _OPT_IN: {"Aurora": False, "DynamoDB": True, "EBS": True, "EFS": True, "RDS": True},
    _MANAGEMENT: {"DynamoDB": False, "EFS": True},
}


@SETTINGS.fills("DescribeRegionSettings")
def describe(call: Call) -> Document:
    """Every service with the account's choice."""
    chosen = call.table("region settings")
    return {name: {**_NEW_ACCOUNT[name], **chosen.get(name, {})} for name in _NEW_ACCOUNT}


@SETTINGS.fills("UpdateRegionSettings")
def update(call: Call) -> None:
    """Choose for the services named; the others keep what they had."""
    chosen: Table = call.table("region settings")
    for name in _NEW_ACCOUNT:
        chosen[name] = {**chosen.get(name, {}), **(call.params.get(name) or {})}
